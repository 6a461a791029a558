import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { AudioFormat, ReportedVideoFormat, VideoCodec } from '../model/media-format.ts';
import { PushTarget } from '../model/push-target.ts';
import { StreamName } from '../model/stream-name.ts';
import { Ulid } from '../model/ulid.ts';
import { liveTimers, queueMs } from '../timers.ts';

/** I.2.12: publish a stream at a media server. The same `sessionId` again renews or moves the push; it ends by itself after `ttlSec`. */
export const pushLiveVideo = defineRpc({
  method: 'live.push',
  sender: 'platform',
  description:
    'Asks the device to publish one stream of one channel at a media server, starting with a key frame. Repeated with the same sessionId it renews the push or moves it to another target; without renewal the push ends after ttlSec.',
  delivery: 'awake',
  queueMs: queueMs.live,
  platformFills: ['sessionId', 'target', 'ttlSec'],
  provenance: { clause: '9.3.2.2', item: 'I.2.12', status: 'title-only' },
  params: Type.Object({
    sessionId: described(Ulid, 'media session; the same one renews'),
    channel: Channel,
    stream: StreamName,
    target: PushTarget,
    ttlSec: Type.Optional(
      Type.Number({
        minimum: liveTimers.ttlMinSec,
        maximum: liveTimers.ttlMaxSec,
        default: liveTimers.ttlDefaultSec,
        description: 'the push ends after this time unless renewed',
      }),
    ),
    video: Type.Optional(
      Type.Object(
        {
          codec: Type.Optional(VideoCodec),
          maxKbps: Type.Optional(Type.Number({ minimum: 1, maximum: 1_000_000, description: 'highest bit rate wanted, kbit/s' })),
          keyframe: Type.Optional(Type.Literal(true, { description: 'send a key frame now' })),
        },
        { description: 'wishes for the video' },
      ),
    ),
    audio: Type.Optional(Type.Boolean({ default: true, description: 'send sound too' })),
    reason: Type.Optional(Type.Enum(['view', 'record', 'share', 'test'] as const, { description: 'what it is for' })),
  }),
  result: Type.Object({
    sessionId: Ulid,
    state: Type.Enum(['connecting', 'publishing'] as const, { description: 'state of the push' }),
    video: ReportedVideoFormat,
    audio: Type.Optional(AudioFormat),
  }),
  errors: [
    'CHANNEL_NOT_FOUND',
    'STREAM_NOT_FOUND',
    'ENCODER_UNAVAILABLE',
    'PUSH_CONNECT_FAILED',
    'PUSH_REJECTED',
    'URL_EXPIRED',
    'CODEC_UNSUPPORTED',
    'TOO_MANY_SESSIONS',
    'PRIVACY_MODE',
    'LOW_BATTERY',
    'BUSY',
    'UPGRADING',
  ],
  examples: [
    {
      title: 'somebody opens the camera',
      params: {
        sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG',
        channel: 1,
        stream: 'main',
        target: {
          protocol: 'wss-fmp4',
          url: 'wss://home.example/vm/v1/sessions/01KDVAPJ7C5T9N3W1QX8Z6D0SG',
          token: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
          expiresAt: 1_767_225_660_000,
        },
        ttlSec: 60,
        audio: true,
        reason: 'view',
      },
      result: {
        sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG',
        state: 'connecting',
        video: { codec: 'h264', width: 1_920, height: 1_080, fps: 25, kbps: 2_500 },
        audio: { codec: 'aac', sampleRate: 48_000, channels: 1 },
      },
    },
    {
      title: 'an encoder that speaks RTMP',
      params: {
        sessionId: '01KDVAQ4D2V6Y8H0B3M5R7T9WX',
        channel: 2,
        stream: 'sub',
        target: {
          protocol: 'rtmp',
          url: 'rtmp://192.168.1.2:1935/vm/01KDVAQ4D2V6Y8H0B3M5R7T9WX?token=b7Yc2k9Qw4',
          expiresAt: 1_767_225_660_000,
        },
        ttlSec: 120,
        video: { codec: 'h264', maxKbps: 600, keyframe: true },
      },
      result: {
        sessionId: '01KDVAQ4D2V6Y8H0B3M5R7T9WX',
        state: 'publishing',
        video: { codec: 'h264', width: 640, height: 360, fps: 15, kbps: 500 },
      },
    },
  ],
});
