import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type StreamName, timelineQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { bareMinuteText, durationText, minuteText } from '../time-text.ts';
import { useNow } from '../use-now.ts';
import { ClipForm } from './clip-form.tsx';
import { coveredMs, gapsOf, minutesOf, type Span, videoOf } from './coverage.ts';
import { DayPicker } from './day-picker.tsx';
import { GapList } from './gap-list.tsx';
import { HourBand } from './hour-band.tsx';
import { addDays, dayStart, hourStart } from './hours.ts';
import { HoursRow } from './hours-row.tsx';
import styles from './recordings-panel.module.css';
import { ScrubPicture } from './scrub-picture.tsx';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NOW_STEP_MS = 10_000;

export interface RecordingsPanelProps {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: StreamName;
  /** The instant on show, `undefined` while it is live. */
  readonly playedAt: number | undefined;
  readonly onPlay: (instant: number) => void;
}

/** What was recorded: choose a day and an hour, then a minute. */
export function RecordingsPanel({ deviceId, channel, stream, playedAt, onPlay }: RecordingsPanelProps) {
  const { t } = useTranslation();
  const now = useNow(NOW_STEP_MS);
  const [hour, setHour] = useState(() => hourStart(now));
  const playedHour = playedAt === undefined ? undefined : hourStart(playedAt);
  // The playback goes on into the next hour; the list follows it there, and only then.
  useEffect(() => {
    if (playedHour !== undefined) setHour(playedHour);
  }, [playedHour]);
  const pickDay = (day: number): void => {
    const sameHour = day + (hour - dayStart(hour));
    setHour(hourStart(Math.min(sameHour, now)));
  };
  return (
    <section className={styles.panel} aria-labelledby="recordings">
      <div className={styles.head}>
        <h2 id="recordings">{t('recordings.title')}</h2>
        <DayPicker day={dayStart(hour)} today={dayStart(now)} onPick={pickDay} onStep={(days) => pickDay(addDays(hour, days))} />
      </div>
      <DayCoverage {...{ deviceId, channel }} day={dayStart(hour)} />
      <HoursRow hour={hour} now={now} onPick={setHour} />
      <Hour key={hour} {...{ deviceId, channel, stream, hour, now, playedAt, onPlay }} />
    </section>
  );
}

/** How much of what was to be recorded on the day there is. */
function DayCoverage({ deviceId, channel, day }: { readonly deviceId: string; readonly channel: number; readonly day: number }) {
  const { t } = useTranslation();
  const timeline = useQuery(timelineQuery(useApp().api, { deviceId, channel, fromMs: day, toMs: addDays(day, 1) }));
  if (timeline.data === undefined || timeline.data.spans.length === 0) return null;
  // Never whole where anything is missing.
  const percent = Math.floor(timeline.data.coverage * 1_000) / 10;
  return <p className={styles.muted}>{t('recordings.coverage', { percent })}</p>;
}

interface HourProps extends RecordingsPanelProps {
  readonly hour: number;
  readonly now: number;
}

function Hour({ deviceId, channel, stream, hour, now, playedAt, onPlay }: HourProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const timeline = useQuery(timelineQuery(api, { deviceId, channel, fromMs: hour, toMs: hour + HOUR_MS }));
  if (timeline.isError) return <ProblemNotice problem={timeline.error} onRetry={() => void timeline.refetch()} />;
  if (timeline.data === undefined) return <Skeleton h={120} radius={8} />;
  const span: Span = { from: hour, to: hour + HOUR_MS };
  const spans = videoOf(timeline.data.spans);
  const gaps = gapsOf(timeline.data.spans);
  const times = { from: minuteText(span.from), to: minuteText(span.to) };
  const minutes = minutesOf(spans, hour);
  const show = (minute: number): void => {
    onPlay(minute);
    // On a phone the list lies below the picture.
    window.scrollTo({ top: 0 });
  };
  return (
    <>
      <HourBand
        span={span}
        spans={spans}
        gaps={gaps}
        at={playedAt ?? now}
        onPick={onPlay}
        pictureOf={(instant) => <ScrubPicture {...{ deviceId, channel, stream }} at={instant} />}
      />
      <p className={styles.muted}>
        {spans.length === 0 ? t('recordings.none', times) : t('recordings.summary', { ...times, amount: durationText(coveredMs(spans)) })}
      </p>
      <GapList gaps={gaps} />
      {spans.length > 0 && (
        <details className={styles.clipBox}>
          <summary>{t('recordings.clip')}</summary>
          <ClipForm {...{ deviceId, channel, stream }} day={hour} at={playedAt ?? spans[0]?.from ?? hour} />
        </details>
      )}
      <ul className={styles.minutes} aria-label={t('recordings.minutes', { hour: times.from })}>
        {minutes.map((minute) => (
          <li key={minute}>
            <button
              type="button"
              className={styles.minute}
              aria-current={playedAt !== undefined && playedAt >= minute && playedAt < minute + MINUTE_MS}
              aria-label={t('recordings.playFrom', { time: minuteText(minute) })}
              onClick={() => show(minute)}
            >
              {bareMinuteText(minute)}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
