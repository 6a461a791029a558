import type { Segment } from '@cardea/api';
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Device } from '../api/queries.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { useNow } from '../use-now.ts';
import { useKeptPicture } from './kept-picture.ts';
import type { LastPicture } from './last-pictures.ts';
import { LastRecorded, useLastRecorded } from './last-recorded.tsx';
import styles from './live-view.module.css';
import { type PictureState, pictureState } from './picture-state.ts';
import { pictureHint } from './picture-text.ts';
import { StateBadge } from './state-badge.tsx';
import { Still } from './still.tsx';
import type { Live } from './use-live.ts';
import { useRatio } from './use-ratio.ts';

export interface LiveViewProps {
  readonly device: Device;
  readonly channel: number;
  readonly live: Live;
  readonly muted: boolean;
  /** Tells why there is no picture, and offers to try again. Not for pictures that are links. */
  readonly explains: boolean;
  /** Lies over the picture. */
  readonly children?: ReactNode;
}

const AGE_STEP_MS = 1_000;

/** The live picture of a camera, or the last one, and always what it is. */
export function LiveView({ device, channel, live, muted, explains, children }: LiveViewProps) {
  const { videoRef, status, still, player } = live;
  const now = useNow(AGE_STEP_MS);
  const ratio = useRatio();
  const state = pictureState(device, status);
  const moving = status.kind === 'playing' || status.kind === 'stalled';
  const { poster, recorded, stillAt } = usePoster({ device, channel, still, state });
  return (
    <div className={styles.stage} style={ratio.style}>
      <video
        ref={videoRef}
        className={`${styles.picture} ${moving ? '' : styles.hidden} ${status.kind === 'stalled' ? styles.stopped : ''}`}
        muted={muted}
        playsInline
        onResize={ratio.onSize}
        onLoadedMetadata={ratio.onSize}
      />
      {!moving && poster !== undefined && <Still picture={poster} className={styles.still} />}
      {!moving && recorded !== undefined && <LastRecorded segment={recorded} className={`${styles.picture} ${styles.still}`} />}
      {!moving && <Why state={state} hasStill={stillAt !== undefined} explains={explains} onRetry={() => player?.retry()} />}
      {children}
      <div className={styles.top}>
        <StateBadge state={state} now={now} stillAt={moving ? undefined : stillAt} />
      </div>
    </div>
  );
}

interface PosterWish {
  readonly device: Device;
  readonly channel: number;
  /** What was on show here before. */
  readonly still: LastPicture | undefined;
  readonly state: PictureState;
}

interface Poster {
  readonly poster?: LastPicture;
  readonly recorded?: Segment | undefined;
  /** When it was taken. */
  readonly stillAt: number | undefined;
}

/** What to show of a camera that sends nothing: what was on show here, else the newer of its last picture and its last recording. */
function usePoster({ device, channel, still, state }: PosterWish): Poster {
  const isAway = state.kind === 'offlineSince' || state.kind === 'asleep';
  const isSpared = state.kind === 'idle' && device.battery?.source === 'battery';
  const wanted = still === undefined && (isAway || isSpared);
  const { id: deviceId, lastSeenAt } = device;
  const kept = useKeptPicture({ deviceId, channel, lastSeenAt: isAway ? lastSeenAt : null }, wanted);
  const recorded = useLastRecorded({ deviceId, channel, lastSeenAt: wanted && isAway ? lastSeenAt : null });
  const picture = still ?? (wanted ? kept : undefined);
  if (picture !== undefined && picture.takenAt >= (recorded?.endAt ?? 0)) return { poster: picture, stillAt: picture.takenAt };
  return { recorded, stillAt: recorded?.endAt };
}

const signs: Partial<Record<PictureState['kind'], IconName>> = {
  asleep: 'moon',
  private: 'shield',
  offline: 'broken',
  offlineSince: 'broken',
  refused: 'broken',
  unsupported: 'broken',
};

interface WhyProps {
  readonly state: PictureState;
  readonly hasStill: boolean;
  readonly explains: boolean;
  readonly onRetry: () => void;
}

function Why({ state, hasStill, explains, onRetry }: WhyProps) {
  const { t } = useTranslation();
  const sign = signs[state.kind];
  const hint = explains ? pictureHint(t, state) : undefined;
  const canRetry = explains && (state.kind === 'blocked' || state.kind === 'refused' || state.kind === 'retrying');
  return (
    <div className={styles.why}>
      {sign !== undefined && <Icon name={sign} size={explains ? 40 : 32} />}
      {(state.kind === 'connecting' || state.kind === 'retrying') && !hasStill && <span className={styles.pulse} aria-hidden="true" />}
      {hint !== undefined && <p className={styles.reason}>{hint}</p>}
      {canRetry && <Button onClick={onRetry}>{state.kind === 'blocked' ? t('picture.play') : t('app.retry')}</Button>}
    </div>
  );
}
