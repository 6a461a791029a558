import { ApiProblem } from '@cardea/api';
import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { needsCode } from '../api/problem-text.ts';
import { meQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { CodeInput } from './code-input.tsx';
import { canUsePasskeys, logInWithPasskey } from './passkey.ts';
import { ProviderButton } from './provider-button.tsx';

export interface StepUp {
  /** Logs in afresh first, where that was asked for. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** To be told of each failure of `run`. */
  onError(error: Error): void;
  /** Whether a failure does nothing but ask for the fields. */
  isQuestion(error: Error | null): boolean;
  /** What the user has to type; nothing until it is asked for. */
  readonly fields: ReactNode;
}

/** For what takes a fresh login: the password, and the code where the account has a second factor. */
export function useStepUp(passwordLabel: string): StepUp {
  const { t } = useTranslation();
  const { api } = useApp();
  const me = useQuery(meQuery(api));
  const [asks, setAsks] = useState<'nothing' | 'password' | 'code'>('nothing');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [codeSent, setCodeSent] = useState(false);
  const byPasskey = useMutation({ mutationFn: () => logInWithPasskey(api), onSuccess: () => setAsks('nothing') });
  const isStepUp = (error: Error | null): boolean => error instanceof ApiProblem && error.stepUp;
  return {
    run: async (work) => {
      const email = me.data?.email ?? '';
      setCodeSent(code !== '');
      if (asks !== 'nothing') await api.call('session.create', { body: { email, password, ...(code !== '' && { code }) } });
      return await work();
    },
    onError: (error) => {
      if (isStepUp(error)) setAsks('password');
      if (needsCode(error)) setAsks('code');
    },
    isQuestion: (error) => isStepUp(error) || (needsCode(error) && !codeSent),
    fields:
      asks === 'nothing' ? (
        byPasskey.isSuccess && <p>{t('passkeys.shown')}</p>
      ) : (
        <>
          <PasswordInput
            label={passwordLabel}
            autoComplete="current-password"
            required
            data-autofocus
            visibilityToggleButtonProps={{ 'aria-label': t('field.showPassword') }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {asks === 'code' && <CodeInput value={code} onChange={setCode} />}
          {canUsePasskeys() && (
            <Button variant="subtle" loading={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
              {t('passkeys.instead')}
            </Button>
          )}
          <ProviderButton errand={{ purpose: 'login', from: location.pathname + location.search }} />
        </>
      ),
  };
}
