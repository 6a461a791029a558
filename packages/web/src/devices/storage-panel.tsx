import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Home, keys, storageQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { bytesText, durationText, instantText } from '../time-text.ts';
import { useNow } from '../use-now.ts';
import styles from './storage-panel.module.css';

const DAY_MS = 86_400_000;
const NOW_STEP_MS = 60_000;

export interface StoragePanelProps {
  readonly home: Home;
  /** Whether there are others to tell it from. */
  readonly named: boolean;
}

/** How much a home stores, how far back that reaches, and for how long there is room. */
export function StoragePanel({ home, named }: StoragePanelProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const now = useNow(NOW_STEP_MS);
  const storage = useQuery(storageQuery(api, home.id));
  if (storage.isError) return <ProblemNotice problem={storage.error} onRetry={() => void storage.refetch()} />;
  if (storage.data === undefined) return null;
  const { usedBytes, lockedBytes, oldestAt, daysToFull, level, retention } = storage.data;
  const title = named ? t('storage.titleOf', { home: home.name }) : t('storage.title');
  const untilFull = daysToFull === undefined ? undefined : durationText(daysToFull * DAY_MS);
  return (
    <section className={styles.panel} aria-label={title}>
      <h2>{title}</h2>
      <p>
        {oldestAt === undefined
          ? t('storage.nothing')
          : t('storage.stored', { size: bytesText(usedBytes), since: instantText(oldestAt, now) })}
        {lockedBytes > 0 && ` ${t('storage.locked', { size: bytesText(lockedBytes) })}`}
      </p>
      <p>
        {t('storage.kept', { count: retention.days })} {untilFull !== undefined && t('storage.room', { amount: untilFull })}
      </p>
      {level !== 'normal' && level !== 'freeing' && <p className={styles.warning}>{t('storage.full')}</p>}
      {home.actions.includes('manage') && <DaysForm key={retention.days} homeId={home.id} days={retention.days} />}
    </section>
  );
}

const MAX_DAYS = 3_650;

function DaysForm({ homeId, days }: { readonly homeId: string; readonly days: number }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const [wanted, setWanted] = useState(String(days));
  const save = useMutation({
    mutationFn: () => api.call('retention.changeHome', { params: { id: homeId }, body: { days: Number(wanted) } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.storage(homeId) }),
  });
  const isNew = Number(wanted) >= 1 && Number(wanted) <= MAX_DAYS && Number(wanted) !== days;
  const onSubmit = submitting(() => save.mutate());
  return (
    <form className={styles.form} onSubmit={onSubmit}>
      <label className={styles.field}>
        {t('storage.days')}
        <input
          type="number"
          min={1}
          max={MAX_DAYS}
          required
          className={styles.input}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      </label>
      <Button type="submit" variant="default" size="md" disabled={!isNew} loading={save.isPending}>
        {t('storage.save')}
      </Button>
      {Number(wanted) < days && isNew && <p className={styles.warning}>{t('storage.shorter')}</p>}
      {save.isError && <ProblemNotice problem={save.error} />}
    </form>
  );
}
