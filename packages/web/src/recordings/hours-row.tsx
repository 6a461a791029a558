import { useResizeObserver } from '@mantine/hooks';
import { useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { hourText } from '../time-text.ts';
import { hoursOf } from './hours.ts';
import styles from './recordings-panel.module.css';

export interface HoursRowProps {
  readonly hour: number;
  readonly now: number;
  readonly onPick: (hour: number) => void;
}

/** The hours of a day to choose one of. */
export function HoursRow({ hour, now, onPick }: HoursRowProps) {
  const { t } = useTranslation();
  const chosen = useRef<HTMLButtonElement>(null);
  const [rowRef, { width }] = useResizeObserver<HTMLDivElement>();
  // Only the row moves: scrolling into view would move the page as well.
  useLayoutEffect(() => {
    const row = chosen.current?.parentElement;
    if (!row || !chosen.current || width === 0) return;
    row.scrollLeft = chosen.current.offsetLeft - row.offsetLeft - (row.clientWidth - chosen.current.offsetWidth) / 2;
  }, [hour, width]);
  return (
    <fieldset className={styles.hourChoice} aria-label={t('recordings.hours')}>
      <div ref={rowRef} className={styles.hours}>
        {hoursOf(hour).map((candidate) => (
          <button
            key={candidate}
            type="button"
            ref={candidate === hour ? chosen : null}
            className={styles.hour}
            aria-pressed={candidate === hour}
            disabled={candidate > now}
            onClick={() => onPick(candidate)}
          >
            {hourText(candidate)}
          </button>
        ))}
      </div>
    </fieldset>
  );
}
