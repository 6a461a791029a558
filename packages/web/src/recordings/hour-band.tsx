import { type CSSProperties, type PointerEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clockText, minuteText } from '../time-text.ts';
import type { Span } from './coverage.ts';
import styles from './recordings-panel.module.css';

export interface HourBandProps {
  readonly span: Span;
  /** Where there is video. */
  readonly spans: readonly Span[];
  /** Where there was to be video. */
  readonly gaps: readonly Span[];
  /** The instant on show. */
  readonly at: number;
  readonly onPick: (instant: number) => void;
  /** What to show above an instant that is pointed at. */
  readonly pictureOf: (instant: number) => ReactNode;
}

/**
 * An hour as a band: filled where there is video, hatched where it is missing, empty where none was to be. A slider moves the
 * instant on show.
 */
export function HourBand({ span, spans, gaps, at, onPick, pictureOf }: HourBandProps) {
  const { t } = useTranslation();
  /** Pointed at, 0..1. */
  const [pointed, setPointed] = useState<number>();
  const lengthMs = span.to - span.from;
  const value = Math.round((Math.min(Math.max(at, span.from), span.to) - span.from) / 1_000);
  return (
    <div>
      <div className={styles.band} onPointerMove={(event) => setPointed(partOf(event))} onPointerLeave={() => setPointed(undefined)}>
        {pointed !== undefined && (
          <output className={styles.pointed} style={{ left: `clamp(80px, ${pointed * 100}%, calc(100% - 80px))` }}>
            {pictureOf(span.from + pointed * lengthMs)}
            {clockText(span.from + pointed * lengthMs)}
          </output>
        )}
        <div className={styles.track} aria-hidden="true">
          {gaps.map((gap) => (
            <span key={gap.from} className={styles.gap} style={placeOf(gap, span)} />
          ))}
          {spans.map((video) => (
            <span key={video.from} className={styles.video} style={placeOf(video, span)} />
          ))}
        </div>
        <input
          type="range"
          className={styles.slider}
          min={0}
          max={lengthMs / 1_000 - 1}
          step={1}
          value={value}
          aria-label={t('recordings.position')}
          aria-valuetext={clockText(span.from + value * 1_000)}
          onChange={(event) => onPick(span.from + Number(event.currentTarget.value) * 1_000)}
        />
      </div>
      <div className={styles.ends} aria-hidden="true">
        <span>{minuteText(span.from)}</span>
        <span>{minuteText(span.from + lengthMs / 2)}</span>
        <span>{minuteText(span.to)}</span>
      </div>
    </div>
  );
}

/** Where a part of `whole` lies in it. */
function placeOf({ from, to }: Span, whole: Span): CSSProperties {
  const percent = (ms: number): string => `${(100 * ms) / (whole.to - whole.from)}%`;
  const begin = Math.max(from, whole.from);
  return { left: percent(begin - whole.from), width: percent(Math.min(to, whole.to) - begin) };
}

function partOf({ clientX, currentTarget }: PointerEvent<HTMLElement>): number {
  const { left, width } = currentTarget.getBoundingClientRect();
  return Math.min(1, Math.max(0, (clientX - left) / Math.max(1, width)));
}
