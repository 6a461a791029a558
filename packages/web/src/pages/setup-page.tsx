import { ApiProblem } from '@cardea/api';
import { Anchor, Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useSearchParams } from 'react-router';
import { AccountFields, type NewAccount } from '../account/account-fields.tsx';
import { keys, methodsQuery, setupQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { Entrance } from '../parts/entrance.tsx';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';

export function SetupPage() {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const [search] = useSearchParams();
  const setupToken = search.get('token') ?? '';
  const [account, setAccount] = useState<NewAccount>({ name: '', email: '', password: '' });
  const methods = useQuery(methodsQuery(api));
  const state = useQuery(setupQuery(api));
  const setUp = useMutation({
    mutationFn: () => {
      const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
      return api.call('setup.create', { body: { ...account, email: account.email.trim(), setupToken, timezone } });
    },
    onSuccess: ({ user }) => queries.setQueryData(keys.me, user),
  });
  const submit = submitting(() => setUp.mutate());
  if (setUp.isSuccess) return <Navigate to="/" replace />;
  if (state.data?.needed === false && setUp.isIdle) {
    return (
      <Entrance title={t('setup.done')}>
        <ToLogin />
      </Entrance>
    );
  }
  return (
    <Entrance title={t('setup.title')} lead={t('setup.lead')}>
      <form className={form.form} onSubmit={submit}>
        <AccountFields account={account} onChange={setAccount} />
        {setupToken === '' && <ProblemNotice problem={undefined} text={t('setup.noToken')} />}
        {setUp.isError && <SetupProblem problem={setUp.error} />}
        <Button type="submit" loading={setUp.isPending} disabled={setupToken === ''}>
          {t('setup.submit')}
        </Button>
      </form>
      {methods.data?.authority && <Anchor href="/ca">{t('setup.trust')}</Anchor>}
    </Entrance>
  );
}

function SetupProblem({ problem }: { readonly problem: Error }) {
  const { t } = useTranslation();
  if (!(problem instanceof ApiProblem)) return <ProblemNotice problem={problem} />;
  if (problem.status === 401) return <ProblemNotice problem={problem} text={t('setup.badToken')} />;
  if (problem.status !== 409) return <ProblemNotice problem={problem} />;
  return (
    <>
      <ProblemNotice problem={problem} text={t('setup.done')} />
      <ToLogin />
    </>
  );
}

function ToLogin() {
  const { t } = useTranslation();
  return (
    <Anchor component={Link} to="/login">
      {t('setup.logIn')}
    </Anchor>
  );
}
