import type { RecipientKey } from '@cardea/media';
import { Button, FileInput, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { submitting } from '../parts/submitting.ts';
import styles from './recorded-view.module.css';

export interface KeyFormProps {
  /** The keys at hand do not open the recording. */
  readonly wantsAnother: boolean;
  readonly onKey: (key: RecipientKey) => void;
}

/** Takes the key of the user out of its file. It stays in this page. */
export function KeyForm({ wantsAnother, onKey }: KeyFormProps) {
  const { t } = useTranslation();
  const [file, setFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState('');
  const [problem, setProblem] = useState<'opening' | 'refused'>();
  // Without it the browser does no cryptography: only pages over HTTPS, and of this machine, have it.
  if (!window.isSecureContext) return <p className={styles.note}>{t('recordings.encryptedInsecure')}</p>;
  const open = async (): Promise<void> => {
    if (file === null) return;
    setProblem('opening');
    try {
      // Loaded by those who need it only.
      const { openKeyFile, recipientKey } = await import('@cardea/media');
      onKey(await recipientKey(await openKeyFile(await file.text(), passphrase)));
      setProblem(undefined);
    } catch {
      setProblem('refused');
    }
  };
  const onSubmit = submitting(() => void open());
  return (
    <form className={styles.keyForm} onSubmit={onSubmit}>
      <p className={styles.keyHint} role="status">
        {wantsAnother ? t('recordings.encryptedForOthers') : t('recordings.encrypted')}
      </p>
      <FileInput label={t('recordings.keyFile')} value={file} onChange={setFile} />
      <PasswordInput
        label={t('recordings.passphrase')}
        value={passphrase}
        autoComplete="off"
        onChange={(event) => setPassphrase(event.currentTarget.value)}
        error={problem === 'refused' && t('recordings.keyRefused')}
      />
      <Button type="submit" disabled={file === null || passphrase === ''} loading={problem === 'opening'}>
        {t('recordings.openKey')}
      </Button>
    </form>
  );
}
