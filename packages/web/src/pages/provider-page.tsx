import { Anchor, Skeleton } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate } from 'react-router';
import { takeErrand } from '../account/provider.ts';
import { ProviderProblem } from '../account/provider-button.tsx';
import { keys } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { Entrance } from '../parts/entrance.tsx';

/** Where the provider sends the browser back to: logs in, or links the account, with what the address says. */
export function ProviderPage() {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const [query] = useState(() => location.search);
  // What the address says works once, and is nobody's business afterwards.
  useEffect(() => history.replaceState(history.state, '', location.pathname), []);
  const answer = useQuery({
    queryKey: ['provider-answer', query],
    queryFn: async () => {
      const { purpose, from, inviteToken } = takeErrand();
      if (purpose === 'link') await api.call('identity.create', { body: { query } });
      else {
        const { user } = await api.call('session.createWithProvider', { body: { query, ...(inviteToken && { inviteToken }) } });
        queries.setQueryData(keys.me, user);
      }
      return from;
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (answer.isSuccess) return <Navigate to={answer.data} replace />;
  return (
    <Entrance title={t('login.title')}>
      {answer.isError ? <ProviderProblem problem={answer.error} /> : <Skeleton h={72} radius={12} />}
      {answer.isError && (
        <Anchor component={Link} to="/login">
          {t('identities.back')}
        </Anchor>
      )}
    </Entrance>
  );
}
