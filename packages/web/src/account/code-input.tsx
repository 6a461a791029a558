import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A code of the authenticator app, or a recovery code. */
export function CodeInput({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const { t } = useTranslation();
  return (
    <TextInput
      label={t('field.code')}
      description={t('field.codeHint')}
      autoComplete="one-time-code"
      required
      minLength={6}
      maxLength={32}
      data-autofocus
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
