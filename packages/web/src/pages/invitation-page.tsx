import { ApiProblem } from '@cardea/api';
import { Anchor, Button, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useLocation } from 'react-router';
import { AccountFields, type NewAccount } from '../account/account-fields.tsx';
import { ProviderButton } from '../account/provider-button.tsx';
import { keys, meQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { Entrance } from '../parts/entrance.tsx';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';

/** Where a link to join a home leads: says who invites, and lets in whoever is logged in or makes an account. */
export function InvitationPage() {
  const { t } = useTranslation();
  const { api } = useApp();
  const { hash, pathname } = useLocation();
  const inviteToken = new URLSearchParams(hash.slice(1)).get('token') ?? '';
  const me = useQuery(meQuery(api));
  const invitation = useQuery({
    queryKey: ['invitation', inviteToken],
    queryFn: ({ signal }) => api.call('invitation.show', { body: { inviteToken }, signal }),
    enabled: inviteToken !== '',
    retry: false,
  });
  if (inviteToken === '' || invitation.isError) {
    return (
      <Entrance title={t('invitation.over')}>
        <p>{t('invitation.overHint')}</p>
        {invitation.isError && !isGone(invitation.error) && <ProblemNotice problem={invitation.error} />}
      </Entrance>
    );
  }
  if (invitation.data === undefined || me.isPending)
    return <Entrance title={t('invitation.title')} children={<Skeleton h={120} radius={12} />} />;
  const { email = '', homeName, invitedBy } = invitation.data;
  const user = me.data ?? undefined;
  return (
    <Entrance title={t('invitation.title')} lead={t('invitation.lead', { name: invitedBy, home: homeName })}>
      {user === undefined ? (
        <>
          <AccountForm inviteToken={inviteToken} email={email} />
          <ProviderButton errand={{ purpose: 'login', from: '/', inviteToken }} />
          <Anchor component={Link} to="/login" state={{ from: pathname + hash }}>
            {t('invitation.haveAccount')}
          </Anchor>
        </>
      ) : (
        <Join inviteToken={inviteToken} name={user.name} />
      )}
    </Entrance>
  );
}

function Join({ inviteToken, name }: { readonly inviteToken: string; readonly name: string }) {
  const { t } = useTranslation();
  const accept = useAccept();
  if (accept.isSuccess) return <Navigate to="/" replace />;
  return (
    <>
      {accept.isError && <AcceptProblem problem={accept.error} />}
      <Button loading={accept.isPending} onClick={() => accept.mutate({ inviteToken })}>
        {t('invitation.joinAs', { name })}
      </Button>
    </>
  );
}

function AccountForm({ inviteToken, email: invited }: { readonly inviteToken: string; readonly email: string }) {
  const { t } = useTranslation();
  const [account, setAccount] = useState<NewAccount>({ name: '', email: invited, password: '' });
  const accept = useAccept();
  const submit = submitting(() => accept.mutate({ inviteToken, ...account, email: account.email.trim() }));
  if (accept.isSuccess) return <Navigate to="/" replace />;
  return (
    <form className={form.form} onSubmit={submit}>
      <AccountFields account={account} onChange={setAccount} fixedEmail={invited !== ''} />
      {accept.isError && <AcceptProblem problem={accept.error} />}
      <Button type="submit" loading={accept.isPending}>
        {t('invitation.join')}
      </Button>
    </form>
  );
}

interface Acceptance {
  readonly inviteToken: string;
  readonly name?: string;
  readonly email?: string;
  readonly password?: string;
}

function useAccept() {
  const { api } = useApp();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Acceptance) => api.call('invitation.accept', { body }),
    onSuccess: async ({ user }) => {
      queries.setQueryData(keys.me, user);
      await Promise.all([keys.homes, keys.devices].map((queryKey) => queries.invalidateQueries({ queryKey })));
    },
  });
}

function AcceptProblem({ problem }: { readonly problem: Error }) {
  const { t } = useTranslation();
  if (!(problem instanceof ApiProblem)) return <ProblemNotice problem={problem} />;
  if (problem.status === 409) return <ProblemNotice problem={problem} text={t('invitation.taken')} />;
  if (problem.status === 403) return <ProblemNotice problem={problem} text={t('invitation.forAnother')} />;
  return problem.status === 404 ? <ProblemNotice problem={problem} text={t('invitation.overHint')} /> : <ProblemNotice problem={problem} />;
}

function isGone(error: Error): boolean {
  return error instanceof ApiProblem && error.status === 404;
}
