import { actions as allActions } from '@cardea/api';
import { Button, NativeSelect, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ApiToken, keys, tokensQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import cards from '../parts/cards.module.css';
import { CopyField } from '../parts/copy-field.tsx';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { instantText } from '../time-text.ts';

const DAY_MS = 24 * 3_600_000;
const days = { month: 30, year: 365 } as const;

/** Credentials for programs: what there is, and a new one, which is shown once. */
export function TokensSection() {
  const { t } = useTranslation();
  const { api } = useApp();
  const tokens = useQuery(tokensQuery(api));
  const [adding, setAdding] = useState(false);
  return (
    <section>
      <h2 className={cards.title}>{t('tokens.title')}</h2>
      <p className={`${cards.muted} ${cards.lead}`}>{t('tokens.lead')}</p>
      {tokens.isPending && <Skeleton h={72} radius={12} />}
      {tokens.isError && <ProblemNotice problem={tokens.error} onRetry={() => void tokens.refetch()} />}
      <ul className={cards.list} aria-label={t('tokens.title')}>
        {tokens.data?.map((token) => (
          <li key={token.id}>
            <TokenCard token={token} />
          </li>
        ))}
      </ul>
      {adding ? (
        <NewToken onDone={() => setAdding(false)} />
      ) : (
        <p className={cards.title}>
          <Button variant="default" onClick={() => setAdding(true)}>
            {t('tokens.add')}
          </Button>
        </p>
      )}
    </section>
  );
}

function TokenCard({ token }: { readonly token: ApiToken }) {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => api.call('token.delete', { params: { id: token.id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.tokens }),
  });
  const now = clock.nowMs();
  const facts = [
    token.actions.map((action) => t(`tokens.action.${action}`)).join(', '),
    token.usedAt === undefined ? t('tokens.neverUsed') : t('account.lastUsed', { time: instantText(token.usedAt, now) }),
    ...(token.expiresAt === undefined ? [] : [t('tokens.until', { time: instantText(token.expiresAt, now) })]),
  ];
  return (
    <article className={cards.card}>
      <div>
        <p className={cards.name}>{token.name}</p>
        <p className={cards.muted}>{facts.join(' · ')}</p>
        {end.isError && <ProblemNotice problem={end.error} />}
      </div>
      <Button variant="subtle" color="red" loading={end.isPending} onClick={() => end.mutate()}>
        {t('tokens.end')}
      </Button>
    </article>
  );
}

function NewToken({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>(['view.live']);
  const [lifetime, setLifetime] = useState('month');
  const make = useMutation({
    mutationFn: () => {
      const actions = allActions.filter((action) => chosen.includes(action));
      const lasts = lifetime === 'month' || lifetime === 'year' ? { expiresAt: clock.nowMs() + days[lifetime] * DAY_MS } : {};
      return api.call('token.create', { body: { name: name.trim(), actions, devices: ['*'], ...lasts } });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.tokens }),
  });
  const submit = submitting(() => make.mutate());
  if (make.data !== undefined) {
    return (
      <div className={`${cards.card} ${form.form}`}>
        <p>{t('tokens.once')}</p>
        <CopyField text={make.data.token} label={t('tokens.token')} />
        <Button onClick={onDone}>{t('addCamera.done')}</Button>
      </div>
    );
  }
  return (
    <form className={`${cards.card} ${form.form}`} onSubmit={submit}>
      <TextInput label={t('tokens.name')} required maxLength={80} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <fieldset className={cards.group}>
        <legend>{t('tokens.may')}</legend>
        {allActions.map((action) => (
          <label key={action} className={cards.choice}>
            <input
              type="checkbox"
              checked={chosen.includes(action)}
              onChange={({ currentTarget: { checked } }) =>
                setChosen((before) => (checked ? [...before, action] : before.filter((other) => other !== action)))
              }
            />
            {t(`tokens.action.${action}`)}
          </label>
        ))}
      </fieldset>
      <NativeSelect
        size="md"
        label={t('tokens.lifetime')}
        value={lifetime}
        onChange={(event) => setLifetime(event.currentTarget.value)}
        data={(['month', 'year', 'forever'] as const).map((value) => ({ value, label: t(`tokens.lasts.${value}`) }))}
      />
      {make.isError && <ProblemNotice problem={make.error} />}
      <div className={form.row}>
        <Button variant="default" onClick={onDone}>
          {t('app.cancel')}
        </Button>
        <Button type="submit" loading={make.isPending} disabled={chosen.length === 0}>
          {t('tokens.make')}
        </Button>
      </div>
    </form>
  );
}
