import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { PlaySpeed, PlayState } from '../model/play-state.ts';
import { PushTarget } from '../model/push-target.ts';
import { Ulid } from '../model/ulid.ts';
import { playbackTimers, queueMs } from '../timers.ts';

/** I.2.23: the device publishes one of its own recordings at a media server (C6). */
export const startPlaying = defineRpc({
  method: 'playback.start',
  sender: 'platform',
  description:
    'Asks the device to publish a recording of its own disk at a media server, from startAt on. Over a gap it begins at the next recorded sample. The session lives ttlSec after the latest playback message.',
  delivery: 'awake',
  queueMs: queueMs.other,
  capability: 'playback',
  platformFills: ['sessionId', 'target'],
  provenance: { clause: '9.3.2.2', item: 'I.2.23', status: 'title-only' },
  params: Type.Object({
    sessionId: described(Ulid, 'media session'),
    channel: Channel,
    startAt: described(Instant, 'recording time to begin at'),
    endAt: Type.Optional(described(Instant, 'recording time to end at; absent: as far as there is something')),
    fileId: Type.Optional(Type.String({ maxLength: 128, description: 'only this recording, from record.list' })),
    target: PushTarget,
    speed: Type.Optional(PlaySpeed),
    audio: Type.Optional(Type.Boolean({ default: true, description: 'send sound too; only at speed 1' })),
    keyframesOnly: Type.Optional(Type.Boolean({ default: false, description: 'send key frames only' })),
    ttlSec: Type.Optional(
      Type.Number({
        minimum: playbackTimers.ttlMinSec,
        maximum: playbackTimers.ttlMaxSec,
        default: playbackTimers.ttlDefaultSec,
        description: 'the session ends after so long without a playback message',
      }),
    ),
  }),
  rules: [{ path: '/endAt', message: 'must be after startAt', holds: (p) => p.endAt === undefined || p.endAt > p.startAt }],
  result: Type.Object({
    sessionId: Ulid,
    state: PlayState,
    actualStartAt: described(Instant, 'recording time of the first sample'),
    endAt: Type.Optional(described(Instant, 'recording time of the last sample')),
    speeds: Type.Array(PlaySpeed, { maxItems: 32, description: 'speeds it can play this at' }),
  }),
  errors: [
    'NO_DISK',
    'DISK_ERROR',
    'DISK_FULL',
    'DISK_FORMATTING',
    'DISK_UNFORMATTED',
    'RECORD_NOT_FOUND',
    'SPEED_UNSUPPORTED',
    'TOO_MANY_SESSIONS',
    'CHANNEL_NOT_FOUND',
    'PUSH_CONNECT_FAILED',
    'PUSH_REJECTED',
    'URL_EXPIRED',
    'LOW_BATTERY',
    'BUSY',
    'NOT_SUPPORTED',
  ],
  examples: [
    {
      title: 'what happened last night',
      params: {
        sessionId: '01KDVBA3H5K7N9Q2T4W6Y8B0D1',
        channel: 1,
        startAt: 1_767_200_400_000,
        endAt: 1_767_204_000_000,
        target: {
          protocol: 'wss-fmp4',
          url: 'wss://home.example/vm/v1/sessions/01KDVBA3H5K7N9Q2T4W6Y8B0D1',
          token: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
          expiresAt: 1_767_226_560_000,
        },
      },
      result: {
        sessionId: '01KDVBA3H5K7N9Q2T4W6Y8B0D1',
        state: 'starting',
        actualStartAt: 1_767_200_412_480,
        endAt: 1_767_204_000_000,
        speeds: [0.25, 0.5, 1, 2, 4, 8],
      },
    },
  ],
});
