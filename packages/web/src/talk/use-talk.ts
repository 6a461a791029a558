import { useCallback, useEffect, useRef, useState } from 'react';
import { useApp } from '../app-context.ts';
import type { Camera } from '../camera/camera.ts';
import { followHeldKeys } from '../camera/held-keys.ts';
import { Talk, type TalkStatus } from './talk.ts';
import { voiceCodecs } from './voice-coder.ts';

export interface Talking {
  readonly status: TalkStatus;
  readonly onHold: () => void;
  readonly onLetGo: () => void;
}

const TALK_KEY = 't';

/** Speaks through a camera while a button or a key is held; `undefined` when it has no loudspeaker for us, and while not `enabled`. */
export function useTalk({ device, channel }: Camera, enabled: boolean): Talking | undefined {
  const { api, clock } = useApp();
  const [status, setStatus] = useState<TalkStatus>({ kind: 'idle' });
  const running = useRef<Talk>(undefined);
  const audio = device.capabilities?.channels.find((candidate) => candidate.channel === channel)?.audio;
  const canTalk = enabled && audio !== undefined && audio.talk !== 'none' && voiceCodecs.some((codec) => audio.codecs.includes(codec));
  const onLetGo = useCallback(() => {
    running.current?.stop();
    running.current = undefined;
  }, []);
  const onHold = useCallback(() => {
    if (running.current !== undefined) return;
    const talk = new Talk({ api, clock, deviceId: device.id, channel, onStatus: setStatus });
    running.current = talk;
    void talk.start().then(() => {
      if (running.current === talk) running.current = undefined;
    });
  }, [api, clock, device.id, channel]);
  useEffect(() => {
    if (!canTalk) return;
    const unfollow = followHeldKeys([TALK_KEY], (held) => (held.length > 0 ? onHold() : onLetGo()));
    return () => {
      unfollow();
      onLetGo();
    };
  }, [canTalk, onHold, onLetGo]);
  return canTalk ? { status, onHold, onLetGo } : undefined;
}
