import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys, meQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { QrCode } from '../devices/qr-code.tsx';
import cards from '../parts/cards.module.css';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { CodeInput } from './code-input.tsx';

/** Turns the codes of an authenticator app on and off. */
export function SecondFactorSection() {
  const { t } = useTranslation();
  const { api } = useApp();
  const me = useQuery(meQuery(api));
  const [open, setOpen] = useState(false);
  if (!me.data) return null;
  const { secondFactor } = me.data;
  return (
    <section>
      <h2 className={cards.title}>{t('secondFactor.title')}</h2>
      <article className={cards.card}>
        <p>{secondFactor ? t('secondFactor.on') : t('secondFactor.off')}</p>
        {!open && (
          <Button variant="default" onClick={() => setOpen(true)}>
            {secondFactor ? t('secondFactor.end') : t('secondFactor.begin')}
          </Button>
        )}
        {open && (secondFactor ? <End onDone={() => setOpen(false)} /> : <Begin onDone={() => setOpen(false)} />)}
      </article>
    </section>
  );
}

function End({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: (password: string) => api.call('secondFactor.end', { body: { password } }),
    onSuccess: ({ user }) => {
      queries.setQueryData(keys.me, user);
      onDone();
    },
  });
  return <PasswordForm label={t('secondFactor.end')} pending={end.isPending} problem={end.error} onSubmit={end.mutate} />;
}

function Begin({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const [code, setCode] = useState('');
  const begin = useMutation({ mutationFn: (password: string) => api.call('secondFactor.begin', { body: { password } }) });
  const confirm = useMutation({
    mutationFn: () => api.call('secondFactor.confirm', { body: { code: code.trim() } }),
    onSuccess: ({ user }) => {
      queries.setQueryData(keys.me, user);
      onDone();
    },
  });
  if (begin.data === undefined) {
    return <PasswordForm label={t('secondFactor.begin')} pending={begin.isPending} problem={begin.error} onSubmit={begin.mutate} />;
  }
  const { recoveryCodes, uri } = begin.data;
  const submit = submitting(() => confirm.mutate());
  return (
    <form className={form.form} onSubmit={submit}>
      <p>{t('secondFactor.scan')}</p>
      <QrCode text={uri} label={t('secondFactor.qr')} className={cards.qr} />
      <details>
        <summary>{t('secondFactor.byHand')}</summary>
        <code className={cards.secret}>{new URL(uri).searchParams.get('secret')}</code>
      </details>
      <p>{t('secondFactor.keep')}</p>
      <ul className={cards.codes} aria-label={t('secondFactor.recovery')}>
        {recoveryCodes.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <CodeInput value={code} onChange={setCode} />
      {confirm.isError && <ProblemNotice problem={confirm.error} text={t('secondFactor.wrong')} />}
      <div className={form.row}>
        <Button variant="default" onClick={onDone}>
          {t('app.cancel')}
        </Button>
        <Button type="submit" loading={confirm.isPending}>
          {t('secondFactor.confirm')}
        </Button>
      </div>
    </form>
  );
}

interface PasswordFormProps {
  readonly label: string;
  readonly pending: boolean;
  readonly problem: Error | null;
  readonly onSubmit: (password: string) => void;
}

function PasswordForm({ label, pending, problem, onSubmit }: PasswordFormProps) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const submit = submitting(() => onSubmit(password));
  return (
    <form className={form.form} onSubmit={submit}>
      <PasswordInput
        label={t('field.password')}
        autoComplete="current-password"
        required
        visibilityToggleButtonProps={{ 'aria-label': t('field.showPassword') }}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {problem !== null && <ProblemNotice problem={problem} text={t('problem.wrongPassword')} />}
      <div className={form.row}>
        <Button type="submit" loading={pending}>
          {label}
        </Button>
      </div>
    </form>
  );
}
