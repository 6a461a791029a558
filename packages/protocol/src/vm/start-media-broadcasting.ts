import { Type } from 'typebox';
import { defineFrame } from '../message.ts';
import { AccessToken } from '../model/access-token.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { DeviceId } from '../model/device-id.ts';
import { Instant } from '../model/instant.ts';
import { AudioFormat, PictureHeight, PictureWidth, VideoCodec } from '../model/media-format.ts';
import { StreamName } from '../model/stream-name.ts';
import { Ulid } from '../model/ulid.ts';

const provenance = { clause: '9.3.3.2.1', item: 'extension', status: 'title-only' } as const;

/** 9.3.3.2.1: the first text frame of a session; media follows only after `started`. On RTMP its members are in onMetaData. */
export const startMediaBroadcasting = defineFrame({
  type: 'start',
  sender: 'device',
  description: 'Opens a media session: who sends what, live or recorded. The first frame; media follows after the answer.',
  provenance,
  frame: Type.Object({
    type: Type.Literal('start'),
    sessionId: described(Ulid, 'as given with live.push or playback.start'),
    deviceId: DeviceId,
    channel: Channel,
    stream: StreamName,
    kind: Type.Enum(['live', 'playback'] as const, { description: 'live video, or a recording of the device' }),
    token: described(AccessToken, 'equal to the bearer of the connection'),
    startAt: described(Instant, 'time of the first sample'),
    video: Type.Object(
      {
        codec: VideoCodec,
        width: PictureWidth,
        height: PictureHeight,
        fps: Type.Number({ exclusiveMinimum: 0, maximum: 240, description: 'frames per second' }),
        kbps: Type.Number({ minimum: 0, maximum: 1_000_000, description: 'bit rate, kbit/s' }),
        gopSec: Type.Number({ minimum: 0, maximum: 60, description: 'time between two key frames' }),
      },
      { description: 'video' },
    ),
    audio: Type.Optional(AudioFormat),
  }),
  examples: [
    {
      title: 'live video with sound',
      frame: {
        type: 'start',
        sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG',
        deviceId: '7h3kq0v9xw2m5n8d1c4t6r0yzb',
        channel: 1,
        stream: 'main',
        kind: 'live',
        token: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
        startAt: 1_767_225_610_200,
        video: { codec: 'h264', width: 1_920, height: 1_080, fps: 25, kbps: 2_500, gopSec: 2 },
        audio: { codec: 'aac', sampleRate: 48_000, channels: 1 },
      },
    },
  ],
});

/** The session is open: send the initialisation segment and fragments now. */
export const mediaBroadcastingStarted = defineFrame({
  type: 'started',
  sender: 'platform',
  description: 'Accepts the session: the media may come now.',
  provenance,
  frame: Type.Object({
    type: Type.Literal('started'),
    sessionId: Ulid,
    idleTimeoutSec: Type.Number({ minimum: 1, maximum: 3_600, description: 'closed after so long without media' }),
    maxKbps: Type.Optional(Type.Number({ minimum: 1, description: 'highest bit rate wanted, kbit/s' })),
  }),
  examples: [{ title: 'accepted', frame: { type: 'started', sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', idleTimeoutSec: 10 } }],
});

/** The session is refused or broken; the sender closes the connection after it. */
export const mediaServiceError = defineFrame({
  type: 'error',
  sender: 'platform',
  description: 'Refuses or ends the session with an error of the table; the connection is closed after it.',
  provenance,
  frame: Type.Object({
    type: Type.Literal('error'),
    code: Type.Integer({ description: 'code of the error table' }),
    message: Type.String({ maxLength: 1_024, description: 'for people' }),
  }),
  examples: [{ title: 'nobody asked for this push', frame: { type: 'error', code: 1108, message: 'no such media session' } }],
});

/** Continue at another media server, from the next key frame on; both may overlap. */
export const redirectMedia = defineFrame({
  type: 'redirect',
  sender: 'platform',
  description:
    'Moves the session to another media server: connect there, switch at the next key frame, then stop here with reason reschedule.',
  provenance,
  frame: Type.Object({
    type: Type.Literal('redirect'),
    sessionId: Ulid,
    url: Type.String({ minLength: 1, maxLength: 2_048, description: 'complete address of the session there' }),
    token: AccessToken,
  }),
  examples: [
    {
      title: 'the media server is about to be stopped',
      frame: {
        type: 'redirect',
        sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG',
        url: 'wss://media-2.example/vm/v1/sessions/01KDVAPJ7C5T9N3W1QX8Z6D0SG',
        token: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
      },
    },
  ],
});
