import type { Segment } from '@cardea/api';
import { type ReactNode, type RefObject, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../app-context.ts';
import live from '../player/live-view.module.css';
import badge from '../player/state-badge.module.css';
import { useRatio } from '../player/use-ratio.ts';
import { clockText, durationText, momentText } from '../time-text.ts';
import styles from './recorded-view.module.css';
import type { Playback } from './use-playback.ts';

export interface RecordedViewProps {
  readonly playback: Playback;
  readonly videoRef: RefObject<HTMLVideoElement | null>;
  readonly muted: boolean;
  readonly onTime: (instant: number) => void;
  readonly onPaused: (paused: boolean) => void;
  /** Lies over the picture. */
  readonly children?: ReactNode;
}

/** Plays recordings one after the other; the next one is loaded while one plays. */
export function RecordedView({ playback, videoRef, muted, onTime, onPaused, children }: RecordedViewProps) {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const { playing, next, ended, playNext } = playback;
  const ratio = useRatio();
  const [failed, setFailed] = useState<string>();
  const [instant, setInstant] = useState(playing === undefined ? 0 : playing.segment.startAt + playing.offsetMs);
  useEffect(() => {
    const video = videoRef.current;
    if (playing === undefined || video === null) return;
    const begin = (): void => {
      video.currentTime = playing.offsetMs / 1_000;
      // A refusal to play without a touch leaves it paused, as the controls show.
      video.play().catch(() => onPaused(true));
    };
    if (video.readyState >= HTMLMediaElement.HAVE_METADATA) begin();
    else video.addEventListener('loadedmetadata', begin, { once: true });
    return () => video.removeEventListener('loadedmetadata', begin);
  }, [playing, videoRef, onPaused]);
  if (playing === undefined) return null;
  const onTimeUpdate = (segment: Segment, video: HTMLVideoElement): void => {
    const at = segment.startAt + video.currentTime * 1_000;
    setInstant(at);
    onTime(at);
  };
  const loaded = next === undefined || next.id === playing.segment.id ? [playing.segment] : [playing.segment, next];
  return (
    <div className={live.stage} style={ratio.style}>
      {loaded.map((segment) => {
        const current = segment === playing.segment;
        return (
          <video
            key={segment.id}
            ref={current ? videoRef : null}
            className={`${live.picture} ${current ? '' : live.hidden}`}
            src={api.urlOf('segment.media', { params: { id: segment.id } })}
            preload="auto"
            onLoadedMetadata={ratio.onSize}
            playsInline
            muted={muted || !current}
            {...(current && {
              onTimeUpdate: (event) => onTimeUpdate(segment, event.currentTarget),
              onPlay: () => onPaused(false),
              onPause: () => onPaused(true),
              onEnded: playNext,
              onError: () => setFailed(segment.id),
            })}
          />
        );
      })}
      {children}
      <div className={live.top}>
        <span className={badge.badge}>
          {t('picture.recorded')} · {momentText(instant, clock.nowMs())}
        </span>
      </div>
      <p className={styles.note} role="status">
        {failed === playing.segment.id && t('recordings.unplayable')}
        {ended && t('recordings.ended')}
        {!ended &&
          playing.gapMs > 0 &&
          t('recordings.jumped', { amount: durationText(playing.gapMs), time: clockText(playing.segment.startAt) })}
      </p>
    </div>
  );
}
