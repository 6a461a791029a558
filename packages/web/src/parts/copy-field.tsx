import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import styles from './cards.module.css';
import { Icon } from './icon.tsx';

/** A text to be passed on, with a button that copies it. */
export function CopyField({ text, label }: { readonly text: string; readonly label: string }) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <div className={styles.copy}>
      <output aria-label={label}>{text}</output>
      <Button
        variant="default"
        leftSection={<Icon name={clipboard.copied ? 'check' : 'copy'} size={18} />}
        onClick={() => clipboard.copy(text)}
      >
        {clipboard.copied ? t('addCamera.copied') : t('addCamera.copy')}
      </Button>
    </div>
  );
}
