import { Button, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys, type Passkey, passkeysQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import cards from '../parts/cards.module.css';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { instantText } from '../time-text.ts';
import { canUsePasskeys, isDeclined, makePasskey } from './passkey.ts';
import { programOf } from './program-name.ts';
import { useStepUp } from './use-step-up.tsx';

/** The keys with which the user logs in without a password, and a new one in this device. */
export function PasskeysSection() {
  const { t } = useTranslation();
  const { api } = useApp();
  const passkeys = useQuery(passkeysQuery(api));
  const [adding, setAdding] = useState(false);
  const possible = canUsePasskeys();
  return (
    <section>
      <h2 className={cards.title}>{t('passkeys.title')}</h2>
      <p className={`${cards.muted} ${cards.lead}`}>{possible ? t('passkeys.lead') : t('passkeys.impossible')}</p>
      {passkeys.isPending && <Skeleton h={72} radius={12} />}
      {passkeys.isError && <ProblemNotice problem={passkeys.error} onRetry={() => void passkeys.refetch()} />}
      <ul className={cards.list} aria-label={t('passkeys.title')}>
        {passkeys.data?.map((passkey) => (
          <li key={passkey.id}>
            <PasskeyCard passkey={passkey} />
          </li>
        ))}
      </ul>
      {adding && <NewPasskey onDone={() => setAdding(false)} />}
      {possible && !adding && (
        <p className={cards.title}>
          <Button variant="default" onClick={() => setAdding(true)}>
            {t('passkeys.add')}
          </Button>
        </p>
      )}
    </section>
  );
}

function PasskeyCard({ passkey }: { readonly passkey: Passkey }) {
  const { t } = useTranslation();
  const { clock } = useApp();
  const [doing, setDoing] = useState<'nothing' | 'renaming' | 'removing'>('nothing');
  const stop = (): void => setDoing('nothing');
  const now = clock.nowMs();
  const facts = [
    t('passkeys.since', { time: instantText(passkey.createdAt, now) }),
    passkey.usedAt === undefined ? t('tokens.neverUsed') : t('account.lastUsed', { time: instantText(passkey.usedAt, now) }),
    ...(passkey.synced ? [t('passkeys.synced')] : []),
  ];
  return (
    <article className={cards.card}>
      <div>
        <p className={cards.name}>{passkey.name}</p>
        <p className={cards.muted}>{facts.join(' · ')}</p>
      </div>
      {doing === 'nothing' && (
        <div className={cards.actions}>
          <Button variant="subtle" onClick={() => setDoing('renaming')}>
            {t('passkeys.rename')}
          </Button>
          <Button variant="subtle" color="red" onClick={() => setDoing('removing')}>
            {t('passkeys.remove')}
          </Button>
        </div>
      )}
      {doing === 'renaming' && <Rename passkey={passkey} onDone={stop} />}
      {doing === 'removing' && <Remove passkey={passkey} onDone={stop} />}
    </article>
  );
}

interface ChangeProps {
  readonly passkey: Passkey;
  readonly onDone: () => void;
}

function Rename({ passkey, onDone }: ChangeProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const [name, setName] = useState(passkey.name);
  const rename = useMutation({
    mutationFn: () => api.call('passkey.update', { params: { id: passkey.id }, body: { name: name.trim() } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keys.passkeys });
      onDone();
    },
  });
  return (
    <form className={form.form} onSubmit={submitting(() => rename.mutate())}>
      <NameInput value={name} onChange={setName} />
      {rename.isError && <ProblemNotice problem={rename.error} />}
      <Buttons label={t('app.save')} pending={rename.isPending} onCancel={onDone} />
    </form>
  );
}

function Remove({ passkey, onDone }: ChangeProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const stepUp = useStepUp(t('passkeys.password'));
  const remove = useMutation({
    mutationFn: () => stepUp.run(() => api.call('passkey.delete', { params: { id: passkey.id } })),
    onError: stepUp.onError,
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.passkeys }),
  });
  return (
    <form className={form.form} onSubmit={submitting(() => remove.mutate())}>
      <p>{t('passkeys.removeHint')}</p>
      {stepUp.fields}
      {remove.isError && !stepUp.isQuestion(remove.error) && <ProblemNotice problem={remove.error} />}
      <Buttons label={t('passkeys.remove')} pending={remove.isPending} onCancel={onDone} />
    </form>
  );
}

function NewPasskey({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const stepUp = useStepUp(t('passkeys.password'));
  const [name, setName] = useState(() => nameOfThisDevice(t('passkeys.title')));
  const make = useMutation({
    mutationFn: () => stepUp.run(() => makePasskey(api, name.trim())),
    onError: stepUp.onError,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keys.passkeys });
      onDone();
    },
  });
  const failed = make.isError && !stepUp.isQuestion(make.error) ? make.error : undefined;
  return (
    <form className={`${cards.card} ${form.form}`} onSubmit={submitting(() => make.mutate())}>
      <NameInput value={name} onChange={setName} />
      {stepUp.fields}
      {failed !== undefined && <PasskeyProblem problem={failed} />}
      <Buttons label={t('passkeys.make')} pending={make.isPending} onCancel={onDone} />
    </form>
  );
}

/** Why there is no passkey. */
export function PasskeyProblem({ problem }: { readonly problem: Error }) {
  const { t } = useTranslation();
  if (isDeclined(problem)) return <ProblemNotice problem={problem} text={t('passkeys.declined')} />;
  if (problem.name === 'InvalidStateError') return <ProblemNotice problem={problem} text={t('passkeys.present')} />;
  return <ProblemNotice problem={problem} />;
}

function NameInput({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const { t } = useTranslation();
  return (
    <TextInput
      label={t('passkeys.name')}
      required
      maxLength={80}
      data-autofocus
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Buttons({ label, pending, onCancel }: { readonly label: string; readonly pending: boolean; readonly onCancel: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={form.row}>
      <Button variant="default" onClick={onCancel}>
        {t('app.cancel')}
      </Button>
      <Button type="submit" loading={pending}>
        {label}
      </Button>
    </div>
  );
}

function nameOfThisDevice(otherwise: string): string {
  const { browser, system } = programOf(navigator.userAgent);
  return [browser, system].filter((part) => part !== undefined && part !== '').join(', ') || otherwise;
}
