import { ActionIcon, Button, Skeleton } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApp } from '../app-context.ts';
import { Icon } from '../parts/icon.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { countdownText } from '../time-text.ts';
import { useNow } from '../use-now.ts';
import styles from './add-camera.module.css';
import { QrCode } from './qr-code.tsx';

/** A fresh code, how long it lasts, and what to do with it. */
export function BindingCodePanel({ homeId }: { readonly homeId: string }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const now = useNow(1_000);
  const code = useQuery({
    queryKey: ['binding-code', homeId],
    queryFn: () => api.call('bindingCode.create', { params: { id: homeId }, body: {} }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (code.isError) return <ProblemNotice problem={code.error} onRetry={() => void code.refetch()} />;
  if (code.data === undefined) return <Skeleton h={420} radius={12} />;
  const { caFingerprint, code: value, expiresAt, qr } = code.data;
  const expired = expiresAt <= now;
  return (
    <div className={styles.panel}>
      <p>{t('addCamera.lead')}</p>
      <div className={styles.code}>
        <span className={styles.muted}>{t('addCamera.code')}</span>
        {expired ? (
          <>
            <p>{t('addCamera.expired')}</p>
            <Button onClick={() => void code.refetch()} loading={code.isFetching}>
              {t('addCamera.newCode')}
            </Button>
          </>
        ) : (
          <>
            <output className={styles.value}>{value}</output>
            <span className={`${styles.muted} figures`}>{t('addCamera.validFor', { time: countdownText(expiresAt - now) })}</span>
          </>
        )}
      </div>
      {!expired && <Ways code={value} qr={qr} caFingerprint={caFingerprint} />}
    </div>
  );
}

interface WaysProps {
  readonly code: string;
  readonly qr: string;
  /** Of the authority the device has to be told of. */
  readonly caFingerprint: string | undefined;
}

function Ways({ code, qr, caFingerprint }: WaysProps) {
  const { t } = useTranslation();
  const trust = caFingerprint === undefined ? '' : ` --ca-fingerprint ${caFingerprint}`;
  return (
    <>
      <div className={styles.ways}>
        <section className={styles.withQr}>
          <QrCode text={qr} label={t('addCamera.qr')} className={styles.qr} />
          <div>
            <h2>{t('addCamera.withQr')}</h2>
            <p className={styles.muted}>{t('addCamera.withQrHint')}</p>
          </div>
        </section>
        <section>
          <h2>{t('addCamera.withCommand')}</h2>
          <p className={styles.muted}>{t('addCamera.withCommandHint')}</p>
          <Command text={`npx cardea device run --platform ${location.origin} --state ./camera --binding-code ${code}${trust}`} />
        </section>
      </div>
      <p className={styles.waiting} role="status">
        <span className={styles.dot} aria-hidden="true" />
        {t('addCamera.waiting')}
      </p>
    </>
  );
}

function Command({ text }: { readonly text: string }) {
  const { t } = useTranslation();
  const { copied, copy } = useClipboard();
  const label = copied ? t('addCamera.copied') : t('addCamera.copy');
  return (
    <div className={styles.command}>
      <code>
        {text.split(/ (?=--)/).map((part) => (
          <span key={part} className={styles.part}>{`${part} `}</span>
        ))}
      </code>
      <ActionIcon variant="subtle" size={44} onClick={() => copy(text)} aria-label={label} title={label}>
        <Icon name={copied ? 'check' : 'copy'} size={20} />
      </ActionIcon>
    </div>
  );
}
