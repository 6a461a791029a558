import {
  Button,
  createTheme,
  defaultVariantColorsResolver,
  Modal,
  PasswordInput,
  TextInput,
  type VariantColorsResolver,
} from '@mantine/core';

const resolveVariant: VariantColorsResolver = (input) => {
  const { color, variant } = input;
  if (variant === 'filled' && color !== 'red') {
    return { background: 'var(--accent)', hover: 'var(--accent-hover)', color: 'var(--on-accent)', border: '1px solid transparent' };
  }
  if (variant === 'filled') {
    return { background: 'var(--alert)', hover: 'var(--alert-hover)', color: 'var(--on-alert)', border: '1px solid transparent' };
  }
  if (variant === 'subtle') {
    const ink = color === 'red' ? 'var(--alert)' : 'var(--accent)';
    const hover = color === 'red' ? 'var(--alert-soft)' : 'var(--accent-soft)';
    return { background: 'transparent', hover, color: ink, border: '1px solid transparent' };
  }
  return defaultVariantColorsResolver(input);
};

/** How the component library looks and behaves here; its colours come from `tokens.css`. */
export const theme = createTheme({
  primaryColor: 'blue',
  defaultRadius: 8,
  respectReducedMotion: true,
  variantColorResolver: resolveVariant,
  components: {
    Button: Button.extend({ defaultProps: { h: 44 } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'md', withAsterisk: false } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: 'md', withAsterisk: false } }),
    // The lock of the library writes a style element, which our content security policy refuses; base.css locks instead.
    Modal: Modal.extend({ defaultProps: { centered: true, lockScroll: false, radius: 12 } }),
  },
});
