import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StreamName } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { clockText } from '../time-text.ts';
import { refusalOf, saveFile } from './clip-file.ts';
import { ClipRefusal } from './clip-refusal.tsx';
import { clockInstant, clockValue } from './clock-field.ts';
import type { Span } from './coverage.ts';
import styles from './recordings-panel.module.css';
import { vodAddress } from './vod-address.ts';

export interface ClipFormProps {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: StreamName;
  /** Any instant of the day the clip is of. */
  readonly day: number;
  /** The instant the choice begins at. */
  readonly at: number;
}

const USUAL_MS = 60_000;

/** Saves a chosen stretch as one file that plays, or as a case that proves itself. */
export function ClipForm({ deviceId, channel, stream, day, at }: ClipFormProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const [range, setRange] = useState<Span>(() => {
    const from = Math.floor(at / 1_000) * 1_000;
    return { from, to: from + USUAL_MS };
  });
  const { from, to } = range;
  const isRange = to > from;
  const addressOf = (part: Span): string => vodAddress({ deviceId, channel, ...part }, 'clip.mp4', stream);
  const save = useMutation({
    mutationFn: refusalOf,
    onSuccess: (refusal, address) => refusal === undefined && saveFile(address),
  });
  const choose = (part: Partial<Span>): void => {
    save.reset();
    setRange({ ...range, ...part });
  };
  return (
    <div className={styles.clip}>
      <TimeField label={t('recordings.clipFrom')} day={day} value={from} onChange={(instant) => choose({ from: instant })} />
      <TimeField label={t('recordings.clipTo')} day={day} value={to} onChange={(instant) => choose({ to: instant })} />
      <Button
        variant="default"
        size="md"
        disabled={!isRange}
        loading={save.isPending}
        onClick={() => save.mutate(addressOf(range))}
        aria-label={t('recordings.saveClip', { from: clockText(from), to: clockText(to) })}
      >
        {t('recordings.save')}
      </Button>
      <Button
        component="a"
        variant="subtle"
        size="md"
        data-disabled={!isRange || undefined}
        {...(isRange && {
          href: api.urlOf('case.export', { params: { id: deviceId }, query: { channel, stream, from, to } }),
          download: '',
        })}
        aria-describedby="case-hint"
      >
        {t('recordings.saveCase')}
      </Button>
      <ClipRefusal refusal={save.data ?? save.error} range={range} addressOf={addressOf} />
      <p id="case-hint" className={styles.muted}>
        {t('recordings.caseHint')}
      </p>
    </div>
  );
}

interface TimeFieldProps {
  readonly label: string;
  readonly day: number;
  /** Unix ms. */
  readonly value: number;
  readonly onChange: (instant: number) => void;
}

function TimeField({ label, day, value, onChange }: TimeFieldProps) {
  return (
    <label className={styles.clipField}>
      {label}
      <input
        type="time"
        step={1}
        className={styles.date}
        value={clockValue(value)}
        onChange={(event) => {
          const instant = clockInstant(day, event.currentTarget.value);
          if (instant !== undefined) onChange(instant);
        }}
      />
    </label>
  );
}
