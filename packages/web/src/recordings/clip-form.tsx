import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StreamName } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { clockText } from '../time-text.ts';
import { clockInstant, clockValue } from './clock-field.ts';
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
  const [from, setFrom] = useState(() => Math.floor(at / 1_000) * 1_000);
  const [to, setTo] = useState(() => Math.floor(at / 1_000) * 1_000 + USUAL_MS);
  const isRange = to > from;
  const field = (label: string, value: number, onChange: (instant: number) => void) => (
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
  return (
    <div className={styles.clip}>
      {field(t('recordings.clipFrom'), from, setFrom)}
      {field(t('recordings.clipTo'), to, setTo)}
      <Button
        component="a"
        variant="default"
        size="md"
        data-disabled={!isRange || undefined}
        {...(isRange && { href: vodAddress({ deviceId, channel, from, to }, 'clip.mp4', stream), download: '' })}
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
      <p id="case-hint" className={styles.muted}>
        {t('recordings.caseHint')}
      </p>
    </div>
  );
}
