import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { useApp } from '../app-context.ts';
import { createLiveSource, type LiveChannel } from './api-live-source.ts';
import type { LastPicture } from './last-pictures.ts';
import { LivePlayer } from './live-player.ts';
import type { LiveStatus } from './live-status.ts';

export interface Live {
  readonly videoRef: RefObject<HTMLVideoElement | null>;
  readonly status: LiveStatus;
  /** What was on show before; `undefined` when nothing was. */
  readonly still: LastPicture | undefined;
  readonly player: LivePlayer | undefined;
}

/** Plays a channel on the video element of `videoRef` while `enabled`. */
export function useLive({ deviceId, channel, stream, enabled }: LiveChannel & { readonly enabled: boolean }): Live {
  const { api, clock, pictures } = useApp();
  const videoRef = useRef<HTMLVideoElement>(null);
  const [status, setStatus] = useState<LiveStatus>({ kind: 'idle' });
  const [player, setPlayer] = useState<LivePlayer>();
  const pictureKey = `${deviceId}/${channel}`;
  useLayoutEffect(() => {
    const video = videoRef.current;
    if (!enabled || video === null) return;
    const source = createLiveSource(api, { deviceId, channel, stream });
    const started = new LivePlayer({ video, source, clock, pictures, pictureKey, onStatus: setStatus });
    setPlayer(started);
    started.start();
    return () => started.stop();
  }, [api, clock, pictures, pictureKey, deviceId, channel, stream, enabled]);
  return { videoRef, status, player, still: pictures.get(pictureKey) };
}
