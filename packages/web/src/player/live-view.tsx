import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Device } from '../api/queries.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { useNow } from '../use-now.ts';
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
  const isAway = state.kind === 'offlineSince' || state.kind === 'asleep';
  const asksRecorded = isAway && still === undefined;
  const recorded = useLastRecorded({ deviceId: device.id, channel, lastSeenAt: asksRecorded ? device.lastSeenAt : null });
  const stillAt = still?.takenAt ?? recorded?.endAt;
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
      {!moving && still !== undefined && <Still picture={still} className={styles.still} />}
      {asksRecorded && recorded !== undefined && <LastRecorded segment={recorded} className={`${styles.picture} ${styles.still}`} />}
      {!moving && <Why state={state} hasStill={stillAt !== undefined} explains={explains} onRetry={() => player?.retry()} />}
      {children}
      <div className={styles.top}>
        <StateBadge state={state} now={now} stillAt={moving ? undefined : stillAt} />
      </div>
    </div>
  );
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
