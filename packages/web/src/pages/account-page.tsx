import { Button, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { IdentitiesSection } from '../account/identities-section.tsx';
import { PasskeysSection } from '../account/passkeys-section.tsx';
import { PlatformSection } from '../account/platform-section.tsx';
import { programOf } from '../account/program-name.ts';
import { SecondFactorSection } from '../account/second-factor-section.tsx';
import { TokensSection } from '../account/tokens-section.tsx';
import { forgetUser, keys, meQuery, methodsQuery, type Session } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import styles from '../parts/cards.module.css';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { instantText } from '../time-text.ts';

export function AccountPage() {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const me = useQuery(meQuery(api));
  const sessions = useQuery({ queryKey: keys.sessions, queryFn: ({ signal }) => api.call('session.list', { signal }) });
  const logOut = useMutation({
    mutationFn: () => api.call('session.delete', { params: { id: 'current' } }),
    onSuccess: () => forgetUser(queries),
  });
  const provider = useQuery(methodsQuery(api)).data?.provider?.label;
  const leave = useMutation({ mutationFn: () => api.call('provider.logOut'), onSuccess: ({ url }) => location.assign(url) });
  return (
    <Page title={t('account.title')}>
      <section className={styles.card}>
        <div>
          <p className={styles.name}>{me.data?.name}</p>
          <p className={styles.muted}>{me.data?.email}</p>
        </div>
        <div className={styles.actions}>
          <Button
            variant="default"
            leftSection={<Icon name="leave" size={18} />}
            loading={logOut.isPending}
            onClick={() => logOut.mutate()}
          >
            {t('account.logOut')}
          </Button>
          {provider !== undefined && (
            <Button variant="subtle" loading={leave.isPending} onClick={() => leave.mutate()}>
              {t('account.logOutThere', { provider })}
            </Button>
          )}
        </div>
      </section>
      {logOut.isError && <ProblemNotice problem={logOut.error} />}
      {leave.isError && <ProblemNotice problem={leave.error} />}
      <h2 className={styles.title}>{t('account.sessions')}</h2>
      {sessions.isPending && <Skeleton h={72} radius={12} />}
      {sessions.isError && <ProblemNotice problem={sessions.error} onRetry={() => void sessions.refetch()} />}
      <ul className={styles.list} aria-label={t('account.sessions')}>
        {sessions.data?.items.map((session) => (
          <li key={session.id}>
            <SessionCard session={session} />
          </li>
        ))}
      </ul>
      <PasskeysSection />
      <SecondFactorSection />
      <IdentitiesSection />
      <TokensSection />
      <PlatformSection />
    </Page>
  );
}

function SessionCard({ session }: { readonly session: Session }) {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => api.call('session.delete', { params: { id: session.id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.sessions }),
  });
  const { createdAt, usedAt, address, current, userAgent } = session;
  const { browser, system } = programOf(userAgent ?? '');
  const program = browser === '' ? t('account.unknown') : browser;
  const now = clock.nowMs();
  const facts = [
    ...(current ? [] : [t('account.lastUsed', { time: instantText(usedAt, now) })]),
    t('account.since', { time: instantText(createdAt, now) }),
    ...(address === undefined ? [] : [address]),
  ];
  return (
    <article className={styles.card}>
      <div>
        <p className={styles.name}>
          {system === undefined ? program : t('account.browserOn', { browser: program, system })}
          {current && ` (${t('account.thisOne')})`}
        </p>
        <p className={styles.muted}>{facts.join(' · ')}</p>
        {end.isError && <ProblemNotice problem={end.error} />}
      </div>
      {!current && (
        <Button variant="subtle" color="red" loading={end.isPending} onClick={() => end.mutate()}>
          {t('account.end')}
        </Button>
      )}
    </article>
  );
}
