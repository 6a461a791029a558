import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useApp } from '../app-context.ts';
import { type Camera, cameraPath } from '../camera/camera.ts';
import { RecordedPlayer } from '../recordings/recorded-player.ts';
import { playlistAddress } from '../recordings/vod-address.ts';
import { type PlayClock, stepTo } from './play-clock.ts';
import styles from './timeline-page.module.css';

export interface FollowingViewProps {
  readonly camera: Camera;
  readonly playClock: PlayClock;
}

/** So much is loaded at once. */
const RANGE_MS = 3_600_000;
const STEP_MS = 250;
/** A player that was told to go somewhere is left alone for so long. */
const SETTLE_MS = 3_000;

/** The recording of one camera, where the clock is that all follow. */
export function FollowingView({ camera, playClock }: FollowingViewProps) {
  const { t } = useTranslation();
  const { clock } = useApp();
  const { device, channel, name } = camera;
  const video = useRef<HTMLVideoElement>(null);
  /** Why there is no picture. */
  const [lack, setLack] = useState<'missing' | 'locked'>();

  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    let loaded = { from: 0, to: 0, holds: false };
    let movedMs = Number.NEGATIVE_INFINITY;
    const fail = (why: 'missing' | 'locked') => (): void => {
      loaded = { ...loaded, holds: false };
      setLack(why);
    };
    const events = { onGap: () => {}, onNothing: fail('missing'), onEncrypted: fail('locked'), onFailed: fail('missing') };
    const player = new RecordedPlayer(element, events);
    const load = (wanted: number): void => {
      loaded = { from: wanted, to: wanted + RANGE_MS, holds: true };
      void player.load(playlistAddress({ deviceId: device.id, channel, ...loaded })).catch(events.onFailed);
    };
    const step = (): void => {
      const wanted = playClock.instant;
      if (clock.uptimeMs() - movedMs < SETTLE_MS) return;
      if (wanted < loaded.from || wanted >= loaded.to) {
        movedMs = clock.uptimeMs();
        load(wanted);
        return;
      }
      const shown = player.instant;
      if (!loaded.holds || shown === undefined) return;
      const next = stepTo(wanted, shown);
      setLack(next === 'hold' ? 'missing' : undefined);
      if (next === 'seek') {
        movedMs = clock.uptimeMs();
        if (!player.seek(wanted)) load(wanted);
      }
      if (playClock.playing && next !== 'hold') void element.play().catch(() => {});
      else element.pause();
    };
    const steps = clock.every(STEP_MS, step);
    return () => {
      steps[Symbol.dispose]();
      player.close();
    };
  }, [clock, device.id, channel, playClock]);

  return (
    <figure className={styles.view}>
      <video ref={video} className={styles.video} playsInline muted aria-label={name} />
      {lack !== undefined && <p className={styles.missing}>{t(`timeline.${lack}`)}</p>}
      <figcaption className={styles.name}>
        <Link to={cameraPath(camera)}>{name}</Link>
      </figcaption>
    </figure>
  );
}
