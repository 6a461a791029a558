import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { PlaySpeed, PlayState } from '../model/play-state.ts';
import { Ulid } from '../model/ulid.ts';

/** I.2.24: pause, resume, seek, change speed, stop. A seek lands on the key frame at or before `seekAt`, in a gap on the next sample. */
export const controlPlaying = defineRpc({
  method: 'playback.control',
  sender: 'platform',
  description:
    'Pauses, resumes, seeks, changes the speed of or ends a playback. A seek lands on the key frame at or before seekAt, in a gap on the next recorded sample; seeking while paused stays paused.',
  delivery: 'online',
  capability: 'playback',
  provenance: { clause: '9.3.2.2', item: 'I.2.24', status: 'title-only' },
  params: Type.Object({
    sessionId: Ulid,
    action: Type.Enum(['pause', 'resume', 'seek', 'speed', 'stop'] as const, { description: 'what to do' }),
    seekAt: Type.Optional(described(Instant, 'recording time to go to, with seek')),
    speed: Type.Optional(PlaySpeed),
  }),
  rules: [
    { path: '/seekAt', message: 'is required by seek', holds: (p) => p.action !== 'seek' || p.seekAt !== undefined },
    { path: '/speed', message: 'is required by speed', holds: (p) => p.action !== 'speed' || p.speed !== undefined },
  ],
  result: Type.Object({
    state: PlayState,
    positionAt: described(Instant, 'recording time now; after a seek the key frame landed on'),
    speed: PlaySpeed,
  }),
  errors: ['SESSION_NOT_FOUND', 'SEEK_OUT_OF_RANGE', 'SPEED_UNSUPPORTED', 'INVALID_STATE', 'DISK_ERROR', 'DISK_FORMATTING'],
  examples: [
    {
      title: 'go to another moment',
      params: { sessionId: '01KDVBA3H5K7N9Q2T4W6Y8B0D1', action: 'seek', seekAt: 1_767_202_000_000 },
      result: { state: 'seeking', positionAt: 1_767_201_998_720, speed: 1 },
    },
    {
      title: 'four times as fast',
      params: { sessionId: '01KDVBA3H5K7N9Q2T4W6Y8B0D1', action: 'speed', speed: 4 },
      result: { state: 'playing', positionAt: 1_767_202_010_000, speed: 4 },
    },
  ],
});
