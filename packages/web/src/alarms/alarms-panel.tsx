import { ApiProblem, type HomeEvent } from '@cardea/api';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { todaysAlarmsQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { en } from '../i18n/en.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { dayStart } from '../recordings/hours.ts';
import { clockText } from '../time-text.ts';
import { useNow } from '../use-now.ts';
import styles from './alarms-panel.module.css';

const DAY_STEP_MS = 60_000;

export interface AlarmsPanelProps {
  readonly deviceId: string;
  readonly channel: number;
  readonly onPlay: (instant: number) => void;
}

/** What the camera noticed today, newest first, with a picture of each where there is one. */
export function AlarmsPanel({ deviceId, channel, onPlay }: AlarmsPanelProps) {
  const { t } = useTranslation();
  const fromMs = dayStart(useNow(DAY_STEP_MS));
  const alarms = useQuery(todaysAlarmsQuery(useApp().api, { deviceId, fromMs }));
  // Whoever may not see alarms misses nothing here.
  if (alarms.error instanceof ApiProblem && alarms.error.status === 403) return null;
  if (alarms.isError) return <ProblemNotice problem={alarms.error} onRetry={() => void alarms.refetch()} />;
  const shown = (alarms.data ?? []).filter((alarm) => isBeginning(alarm) && (alarm.channel ?? channel) === channel);
  return (
    <section className={styles.panel} aria-labelledby="alarms">
      <h2 id="alarms">{t('alarms.title')}</h2>
      {alarms.isSuccess && shown.length === 0 && <p className={styles.none}>{t('alarms.none')}</p>}
      <ul className={styles.list}>
        {shown.map((alarm) => (
          <li key={alarm.id}>
            <AlarmButton alarm={alarm} onPlay={onPlay} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function AlarmButton({ alarm, onPlay }: { readonly alarm: HomeEvent; readonly onPlay: (instant: number) => void }) {
  const { t } = useTranslation();
  const { occurredAt, pictures, type } = alarm;
  const [picture] = pictures;
  const what = isKnown(type) ? t(`alarms.types.${type}`) : type;
  const time = clockText(occurredAt);
  return (
    <button type="button" className={styles.alarm} aria-label={t('alarms.playFrom', { what, time })} onClick={() => onPlay(occurredAt)}>
      {picture === undefined ? (
        <span className={styles.picture} />
      ) : (
        <img
          className={styles.picture}
          src={new URL(picture.url).pathname}
          width={picture.width}
          height={picture.height}
          alt=""
          loading="lazy"
        />
      )}
      <span className={styles.what}>{what}</span>
      <time className={styles.time} dateTime={new Date(occurredAt).toISOString()}>
        {time}
      </time>
    </button>
  );
}

/** An alarm that lasts is shown once, when it began. */
function isBeginning({ state }: HomeEvent): boolean {
  return state !== 'update' && state !== 'stop';
}

function isKnown(type: string): type is keyof typeof en.alarms.types {
  return Object.hasOwn(en.alarms.types, type);
}
