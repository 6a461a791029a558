import { AudioCodec, Channel, Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { Elsewhere } from './live.ts';

/** What somebody who wants to talk can send. */
export const TalkRequest = Type.Object({
  channel: Channel,
  codecs: Type.Optional(
    Type.Array(AudioCodec, { minItems: 1, maxItems: 8, description: 'what the caller can send, best first; left out: opus, g711u, g711a' }),
  ),
});
export type TalkRequest = Static<typeof TalkRequest>;

/** A right to talk through one channel: for twenty seconds, and for as long as one is connected. The address works as it stands. */
export const TalkSession = Type.Object({
  sessionId: Type.String(),
  expiresAt: Instant,
  url: Type.String({
    description:
      'WebSocket: send binary messages, each one coded frame of 20 ms. It answers with text frames `{"state": "waiting" | "playing"}`; ' +
      'what is sent while waiting is kept for a second',
  }),
  token: Type.String({ description: 'the token the address carries' }),
  elsewhere: Elsewhere,
  codec: AudioCodec,
  sampleRate: Type.Integer({ description: 'samples per second, one sound channel' }),
  duplex: Type.Enum(['half', 'full'] as const, { description: 'in turns, or at the same time as the microphone of the camera' }),
});
export type TalkSession = Static<typeof TalkSession>;
