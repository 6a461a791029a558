import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type CertificateState, platformQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import cards from '../parts/cards.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { instantText } from '../time-text.ts';

/** How the platform does, for whoever runs it; nothing for others. */
export function PlatformSection() {
  const { t } = useTranslation();
  const { api } = useApp();
  const platform = useQuery(platformQuery(api));
  if (!platform.data) return null;
  const { certificate, url } = platform.data;
  return (
    <section>
      <h2 className={cards.title}>{t('platform.title')}</h2>
      <article className={cards.card}>
        <div>
          <p>{t('platform.reached', { url })}</p>
          {certificate === undefined ? <p>{t('platform.noTls')}</p> : <CertificateFacts certificate={certificate} />}
        </div>
      </article>
    </section>
  );
}

function CertificateFacts({ certificate }: { readonly certificate: CertificateState }) {
  const { t } = useTranslation();
  const { clock } = useApp();
  const text = (at: number): string => instantText(at, clock.nowMs());
  const { daysLeft, expiresAt, failure, mode, renewAt } = certificate;
  return (
    <>
      <p>
        {daysLeft < 0 ? t('platform.expired', { time: text(expiresAt) }) : t('platform.left', { count: daysLeft, time: text(expiresAt) })}
      </p>
      {renewAt !== undefined && failure === undefined && <p>{t('platform.renewal', { time: text(renewAt) })}</p>}
      {failure !== undefined && (
        <ProblemNotice problem={undefined} text={t('platform.failed', { time: text(failure.at), reason: failure.reason })} />
      )}
      {mode === 'auto' && <Anchor href="/ca">{t('platform.install')}</Anchor>}
    </>
  );
}
