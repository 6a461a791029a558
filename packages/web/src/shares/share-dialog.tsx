import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isEncrypted } from '../api/problem-text.ts';
import { keys, type Share, sharesQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import cards from '../parts/cards.module.css';
import { CopyField } from '../parts/copy-field.tsx';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { instantText } from '../time-text.ts';

/** What is shared: the live picture, or the time around what is on show. */
export interface ShareSubject {
  readonly deviceId: string;
  readonly channel: number;
  readonly name: string;
  /** Instant of the recording on show; `undefined` while live. */
  readonly recordedAt: number | undefined;
}

const HOUR_MS = 3_600_000;
const lifetimes = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS, month: 30 * 24 * HOUR_MS } as const;
type Lifetime = keyof typeof lifetimes;
/** Of a clip, before and after what is on show. */
const CLIP_HALF_MS = 60_000;

/** Makes a link for people without a login, and ends those there are. */
export function ShareDialog({ subject, onClose }: { readonly subject: ShareSubject; readonly onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('share.title', { name: subject.name })}
      closeButtonProps={{ 'aria-label': t('app.close'), size: 44, iconSize: 20 }}
    >
      <NewShare subject={subject} />
      <OpenShares deviceId={subject.deviceId} />
    </Modal>
  );
}

function NewShare({ subject: { deviceId, channel, recordedAt } }: { readonly subject: ShareSubject }) {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const queries = useQueryClient();
  const [lifetime, setLifetime] = useState<Lifetime>('day');
  const [passcode, setPasscode] = useState('');
  const [watermark, setWatermark] = useState(false);
  const share = useMutation({
    mutationFn: () => {
      const expiresAt = clock.nowMs() + lifetimes[lifetime] - 1_000;
      const thing =
        recordedAt === undefined
          ? { kind: 'live' as const }
          : { kind: 'clip' as const, from: Math.round(recordedAt - CLIP_HALF_MS), to: Math.round(recordedAt + CLIP_HALF_MS) };
      return api.call('share.create', {
        body: { ...thing, deviceId, channel, expiresAt, watermark, ...(passcode !== '' && { passcode }) },
      });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.shares }),
  });
  const submit = submitting(() => share.mutate());
  if (share.data !== undefined) {
    return (
      <div className={form.form}>
        <p>{t('share.made', { time: instantText(share.data.expiresAt, clock.nowMs()) })}</p>
        <CopyField text={share.data.url} label={t('share.link')} />
      </div>
    );
  }
  return (
    <form className={form.form} onSubmit={submit}>
      <p>{recordedAt === undefined ? t('share.live') : t('share.clip', { time: instantText(recordedAt, clock.nowMs()) })}</p>
      <NativeSelect
        size="md"
        label={t('share.lifetime')}
        value={lifetime}
        onChange={(event) => setLifetime(lifetimeOf(event.currentTarget.value))}
        data={(Object.keys(lifetimes) as Lifetime[]).map((value) => ({ value, label: t(`share.lasts.${value}`) }))}
      />
      <TextInput
        label={t('share.passcode')}
        description={t('share.passcodeHint')}
        minLength={4}
        maxLength={64}
        autoComplete="off"
        value={passcode}
        onChange={(event) => setPasscode(event.currentTarget.value)}
      />
      <label className={cards.choice}>
        <input type="checkbox" checked={watermark} onChange={(event) => setWatermark(event.currentTarget.checked)} />
        {t('share.watermark')}
      </label>
      {share.isError && <ProblemNotice problem={share.error} {...(isEncrypted(share.error) && { text: t('share.encrypted') })} />}
      <div className={form.row}>
        <Button type="submit" loading={share.isPending}>
          {t('share.make')}
        </Button>
      </div>
    </form>
  );
}

function lifetimeOf(value: string): Lifetime {
  return (Object.keys(lifetimes) as Lifetime[]).find((one) => one === value) ?? 'day';
}

function OpenShares({ deviceId }: { readonly deviceId: string }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const shares = useQuery(sharesQuery(api));
  const own = shares.data?.filter((share) => share.deviceId === deviceId) ?? [];
  if (own.length === 0) return null;
  return (
    <>
      <h2 className={cards.title}>{t('share.open')}</h2>
      <ul className={cards.list}>
        {own.map((share) => (
          <li key={share.id}>
            <OpenShare share={share} />
          </li>
        ))}
      </ul>
    </>
  );
}

function OpenShare({ share }: { readonly share: Share }) {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => api.call('share.delete', { params: { id: share.id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.shares }),
  });
  const now = clock.nowMs();
  const { expiresAt, kind, lastViewedAt, passcode, userName, views } = share;
  const facts = [
    t('share.until', { time: instantText(expiresAt, now) }),
    ...(userName === undefined ? [] : [t('share.by', { name: userName })]),
    ...(passcode ? [t('share.withPasscode')] : []),
    lastViewedAt === undefined ? t('share.neverOpened') : t('share.opened', { count: views, time: instantText(lastViewedAt, now) }),
  ];
  return (
    <article className={cards.card}>
      <div>
        <p className={cards.name}>{t(`share.kind.${kind}`)}</p>
        <p className={cards.muted}>{facts.join(' · ')}</p>
        {end.isError && <ProblemNotice problem={end.error} />}
      </div>
      <Button variant="subtle" color="red" loading={end.isPending} onClick={() => end.mutate()}>
        {t('share.end')}
      </Button>
    </article>
  );
}
