import { ApiProblem } from '@cardea/api';
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useLocation } from 'react-router';
import { CodeInput } from '../account/code-input.tsx';
import { canUsePasskeys, isDeclined, logInWithPasskey } from '../account/passkey.ts';
import { ProviderButton } from '../account/provider-button.tsx';
import { useOfferedPasskey } from '../account/use-offered-passkey.ts';
import { needsCode } from '../api/problem-text.ts';
import { keys, type User } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { Entrance } from '../parts/entrance.tsx';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';

export function LoginPage({ linkFailed }: { readonly linkFailed: boolean }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const location = useLocation();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string>();
  const [isIn, setIsIn] = useState(false);
  const enter = useCallback(
    (user: User): void => {
      queries.setQueryData(keys.me, user);
      setIsIn(true);
    },
    [queries],
  );
  const login = useMutation({
    mutationFn: () =>
      api.call('session.create', { body: { email: email.trim(), password, ...(code !== undefined && { code: code.trim() }) } }),
    onError: (error) => needsCode(error) && setCode((before) => before ?? ''),
    onSuccess: ({ user }) => enter(user),
  });
  const byPasskey = useMutation({ mutationFn: () => logInWithPasskey(api), onSuccess: enter });
  useOfferedPasskey(enter, { paused: byPasskey.isPending || isIn });
  const submit = submitting(() => login.mutate());
  if (isIn) return <Navigate to={cameFrom(location.state)} replace />;
  return (
    <Entrance title={t('login.title')}>
      {linkFailed && login.isIdle && <ProblemNotice problem={undefined} text={t('login.expiredLink')} />}
      <form className={form.form} onSubmit={submit}>
        <TextInput
          label={t('field.email')}
          type="email"
          autoComplete="username webauthn"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('field.password')}
          autoComplete="current-password"
          required
          visibilityToggleButtonProps={{ 'aria-label': t('field.showPassword') }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {code !== undefined && <CodeInput value={code} onChange={setCode} />}
        {login.isError && !(needsCode(login.error) && (code ?? '') === '') && <LoginProblem problem={login.error} />}
        <Button type="submit" loading={login.isPending}>
          {t('login.submit')}
        </Button>
      </form>
      {canUsePasskeys() && (
        <Button variant="default" loading={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
          {t('login.withPasskey')}
        </Button>
      )}
      <ProviderButton errand={{ purpose: 'login', from: cameFrom(location.state) }} />
      {byPasskey.isError && !isDeclined(byPasskey.error) && <PasskeyLoginProblem problem={byPasskey.error} />}
    </Entrance>
  );
}

function PasskeyLoginProblem({ problem }: { readonly problem: Error }) {
  const { t } = useTranslation();
  const isUnknown = problem instanceof ApiProblem && problem.status === 401;
  return isUnknown ? <ProblemNotice problem={problem} text={t('login.wrongPasskey')} /> : <LoginProblem problem={problem} />;
}

function LoginProblem({ problem }: { readonly problem: Error }) {
  const { t } = useTranslation();
  if (!(problem instanceof ApiProblem)) return <ProblemNotice problem={problem} />;
  if (needsCode(problem)) return <ProblemNotice problem={problem} text={t('login.wrongCode')} />;
  if (problem.status === 401 || problem.status === 400) return <ProblemNotice problem={problem} text={t('login.wrong')} />;
  if (problem.status !== 429) return <ProblemNotice problem={problem} />;
  const minutes = Math.max(1, Math.ceil((problem.retryAfterMs ?? 60_000) / 60_000));
  return <ProblemNotice problem={problem} text={t('login.tooMany', { count: minutes })} />;
}

/** The page that asked for the login. */
function cameFrom(state: unknown): string {
  const from = typeof state === 'object' && state !== null && 'from' in state ? state.from : undefined;
  return typeof from === 'string' && /^\/(?!\/)/.test(from) ? from : '/';
}
