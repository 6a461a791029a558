import { Type } from 'typebox';
import { defineRpc } from '../../message.ts';
import { AccessToken } from '../../model/access-token.ts';
import { Channel } from '../../model/channel.ts';
import { described } from '../../model/described.ts';
import { AudioCodec } from '../../model/media-format.ts';
import { Ulid } from '../../model/ulid.ts';
import { WebAddress } from '../../model/web-address.ts';
import { queueMs } from '../../timers.ts';

const TalkSource = Type.Object(
  {
    protocol: Type.Enum(['wss-audio', 'whep'] as const, { description: 'carrier of the sound' }),
    url: WebAddress,
    token: AccessToken,
  },
  { description: 'where the device fetches the sound' },
);

/** Somebody speaks through the loudspeaker of a channel: the device fetches the sound from a media server. */
export const startTalking = defineRpc({
  method: 'talk.start',
  sender: 'platform',
  description:
    'Asks the device to fetch the voice of a user from a media server and to play it. ALREADY_ACTIVE while somebody else talks on that channel.',
  delivery: 'awake',
  queueMs: queueMs.live,
  capability: 'talk',
  platformFills: ['sessionId', 'source'],
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({
    sessionId: described(Ulid, 'talk session; the same one renews'),
    channel: Channel,
    source: TalkSource,
    codec: AudioCodec,
    sampleRate: Type.Integer({ minimum: 8_000, maximum: 48_000, description: 'samples per second' }),
    ttlSec: Type.Number({ minimum: 1, maximum: 3_600, description: 'the session ends after this time unless renewed' }),
  }),
  result: Type.Object({
    sessionId: Ulid,
    state: Type.Enum(['connecting', 'playing'] as const, { description: 'state of the session' }),
    duplex: Type.Enum(['half', 'full'] as const, { description: 'in turns, or at the same time as the microphone' }),
  }),
  errors: ['ALREADY_ACTIVE', 'CHANNEL_NOT_FOUND', 'CODEC_UNSUPPORTED', 'NOT_SUPPORTED', 'LOW_BATTERY', 'PRIVACY_MODE'],
  examples: [
    {
      title: 'answering the door',
      params: {
        sessionId: '01KDVBT1N9Q2T4W6Y8B0D1F3H5',
        channel: 1,
        source: {
          protocol: 'wss-audio',
          url: 'wss://home.example/vm/v1/talk/01KDVBT1N9Q2T4W6Y8B0D1F3H5',
          token: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
        },
        codec: 'opus',
        sampleRate: 48_000,
        ttlSec: 60,
      },
      result: { sessionId: '01KDVBT1N9Q2T4W6Y8B0D1F3H5', state: 'connecting', duplex: 'half' },
    },
  ],
});
