import { type Static, Type } from 'typebox';
import { defineHttp } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { WireError } from '../model/error-data.ts';
import { Instant } from '../model/instant.ts';
import { PictureHeight, PictureWidth } from '../model/media-format.ts';
import { SegmentKind } from '../model/record-mode.ts';
import { StreamName } from '../model/stream-name.ts';
import { Ulid } from '../model/ulid.ts';
import { UploadTicket } from '../model/upload-ticket.ts';
import { paths } from '../profile.ts';
import { vrLimits, vrTimers } from '../timers.ts';

/** A video segment the device wants to store. */
export const CreateSegment = Type.Object({
  clientSegmentId: described(Ulid, 'chosen by the device; same in a repetition'),
  channel: Channel,
  stream: StreamName,
  kind: SegmentKind,
  startAt: described(Instant, 'first sample'),
  durationMs: Type.Optional(Type.Number({ minimum: 0, maximum: 3_600_000, description: 'length, if known' })),
  estimatedBytes: Type.Optional(Type.Number({ minimum: 0, description: 'expected size' })),
  eventId: Type.Optional(described(Ulid, 'alarm it was recorded for')),
  taskId: Type.Optional(described(Ulid, 'recording task it belongs to')),
  spanId: Type.Optional(described(Ulid, 'same for consecutive video segments without a gap')),
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'number in the span, from 0' })),
  container: Type.Literal('fmp4', { description: 'self-contained fragmented MP4 that starts with a key frame' }),
  codecs: Type.String({ minLength: 1, maxLength: 128, description: 'codecs as in RFC 6381' }),
  width: Type.Optional(PictureWidth),
  height: Type.Optional(PictureHeight),
  audio: Type.Optional(Type.Boolean({ description: 'it has sound' })),
  encryption: Type.Optional(
    Type.Object(
      {
        scheme: Type.Enum(['none', 'cenc', 'cbcs', 'aes-256-gcm'] as const, { description: 'encryption scheme' }),
        keyId: Type.Optional(Type.String({ maxLength: 128, description: 'which key' })),
      },
      { description: 'encryption' },
    ),
  ),
  thumbnail: Type.Optional(Type.Boolean({ description: 'a ticket for a small picture is wanted too' })),
});
export type CreateSegment = Static<typeof CreateSegment>;

/** A video segment the platform expects now. */
export const CreatedSegment = Type.Object({
  segmentId: Ulid,
  state: Type.Literal('created', { description: 'it is expected, not stored' }),
  objectKey: Type.String({ maxLength: 1_024, description: 'name of the object, opaque to the device' }),
  upload: UploadTicket,
  thumbnailUpload: Type.Optional(described(UploadTicket, 'for the small picture')),
  confirmBefore: described(Instant, 'unconfirmed it expires then'),
});
export type CreatedSegment = Static<typeof CreatedSegment>;

/** One item of a batch that could not be created; the others were. */
export const RefusedSegment = Type.Object({ clientSegmentId: Ulid, error: WireError });
export type RefusedSegment = Static<typeof RefusedSegment>;

const exampleUpload = {
  ticketId: '01KDVBW3T4W6Y8B0D1F3H5K7N9',
  method: 'PUT',
  url: 'https://home.example/vr/v1/objects/01KDVBW3T4W6Y8B0D1F3H5K7N9?sig=Zm9v',
  headers: { 'content-type': 'video/mp4' },
  expiresAt: 1_767_228_000_000,
  maxBytes: vrLimits.maxSegmentBytes,
} as const;

/** I.3.1: announces one video segment or up to ten, and gets an upload ticket for each. */
export const createVideoSegment = defineHttp({
  name: 'vr.createSegment',
  method: 'POST',
  path: `${paths.vr}/segments`,
  description:
    'Announces a video segment, or up to 10 as segments[], and gets an upload ticket for each. 201; 200 when all of it was created before. Idempotent by clientSegmentId. In a batch each item stands for itself: created, or refused with its error, in order.',
  timeoutMs: vrTimers.requestTimeoutMs,
  provenance: { clause: '9.3.4.1.1', item: 'I.3.1', status: 'title-only' },
  body: Type.Union([
    CreateSegment,
    Type.Object({
      segments: Type.Array(CreateSegment, { minItems: 1, maxItems: vrLimits.maxSegmentsPerCreate, description: 'video segments' }),
    }),
  ]),
  result: Type.Union([
    CreatedSegment,
    Type.Object({
      segments: Type.Array(Type.Union([CreatedSegment, RefusedSegment]), {
        maxItems: vrLimits.maxSegmentsPerCreate,
        description: 'in the order of the request',
      }),
    }),
  ]),
  success: 201,
  errors: [
    'INVALID_PARAMS',
    'UNAUTHORIZED',
    'NOT_BOUND',
    'NO_STORAGE_PLAN',
    'QUOTA_EXCEEDED',
    'TIME_INVALID',
    'OVERLAP',
    'DUPLICATE',
    'CHANNEL_NOT_FOUND',
    'RATE_LIMITED',
    'LIMIT_EXCEEDED',
    'NO_CAPACITY',
  ],
  examples: [
    {
      title: 'ten seconds of continuous recording',
      body: {
        clientSegmentId: '01KDVBW3GQ2T4W6Y8B0D1F3H5K',
        channel: 1,
        stream: 'main',
        kind: 'continuous',
        startAt: 1_767_227_090_000,
        durationMs: 10_000,
        spanId: '01KDVBH0T4W6Y8B0D1F3H5K7N9',
        index: 42,
        container: 'fmp4',
        codecs: 'avc1.640028,mp4a.40.2',
        width: 1_920,
        height: 1_080,
        audio: true,
      },
      result: {
        segmentId: '01KDVBW3T4D1F3H5K7N9Q2T4W6',
        state: 'created',
        objectKey: '1/2026/01/01/00/24-50.000Z-01KDVBW3T4D1F3H5K7N9Q2T4W6.mp4',
        upload: exampleUpload,
        confirmBefore: 1_767_313_500_000,
      },
    },
    {
      title: 'two at once, one of them too old',
      body: {
        segments: [
          {
            clientSegmentId: '01KDVBW3GQ2T4W6Y8B0D1F3H5K',
            channel: 1,
            stream: 'main',
            kind: 'backfill',
            startAt: 1_767_227_090_000,
            container: 'fmp4',
            codecs: 'avc1.640028',
          },
          {
            clientSegmentId: '01KDVBW3GQ8B0D1F3H5K7N9Q2T',
            channel: 1,
            stream: 'main',
            kind: 'backfill',
            startAt: 1_766_000_000_000,
            container: 'fmp4',
            codecs: 'avc1.640028',
          },
        ],
      },
      result: {
        segments: [
          {
            segmentId: '01KDVBW3T4D1F3H5K7N9Q2T4W6',
            state: 'created',
            objectKey: '1/2026/01/01/00/24-50.000Z-01KDVBW3T4D1F3H5K7N9Q2T4W6.mp4',
            upload: exampleUpload,
            confirmBefore: 1_767_313_500_000,
          },
          {
            clientSegmentId: '01KDVBW3GQ8B0D1F3H5K7N9Q2T',
            error: { code: 1808, message: 'the time is too far from now', data: { name: 'TIME_INVALID', retryable: false } },
          },
        ],
      },
    },
  ],
});
