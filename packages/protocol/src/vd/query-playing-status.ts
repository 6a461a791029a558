import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { Failure } from '../model/failure.ts';
import { Instant } from '../model/instant.ts';
import { PlaySpeed, PlayState } from '../model/play-state.ts';
import { Ulid } from '../model/ulid.ts';

/** I.2.25: where a playback is. */
export const queryPlayingStatus = defineRpc({
  method: 'playback.getStatus',
  sender: 'platform',
  description: 'Tells where a playback is. Asked each 2 s or when needed; it also keeps the session alive.',
  delivery: 'online',
  capability: 'playback',
  provenance: { clause: '9.3.2.2', item: 'I.2.25', status: 'title-only' },
  params: Type.Object({ sessionId: Ulid }),
  result: Type.Object({
    state: PlayState,
    positionAt: described(Instant, 'recording time now'),
    speed: PlaySpeed,
    startAt: described(Instant, 'recording time it began at'),
    endAt: Type.Optional(described(Instant, 'recording time it will end at')),
    bytesSent: Type.Integer({ minimum: 0, description: 'published so far' }),
    error: Type.Optional(Failure),
  }),
  errors: ['SESSION_NOT_FOUND'],
  examples: [
    {
      title: 'playing',
      params: { sessionId: '01KDVBA3H5K7N9Q2T4W6Y8B0D1' },
      result: {
        state: 'playing',
        positionAt: 1_767_200_431_960,
        speed: 1,
        startAt: 1_767_200_412_480,
        endAt: 1_767_204_000_000,
        bytesSent: 6_291_456,
      },
    },
  ],
});
