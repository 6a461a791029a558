import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { PictureHeight, PictureWidth } from '../model/media-format.ts';
import { StreamName } from '../model/stream-name.ts';
import { Ulid } from '../model/ulid.ts';
import { UploadTicket } from '../model/upload-ticket.ts';
import { queueMs, snapshotLimits } from '../timers.ts';

const INLINE_BASE64_CHARS = Math.ceil(snapshotLimits.inlineMaxBytes / 3) * 4;

/** I.2.22: takes JPEG pictures and uploads them, or sends one small picture in the answer. */
export const snapshot = defineRpc({
  method: 'snapshot.capture',
  sender: 'platform',
  description:
    'Takes 1 to 10 JPEG pictures and puts each at its upload ticket. A single picture of at most 32 KiB may come in the answer instead (inline); the device lowers the quality to make it fit.',
  timeoutMs: snapshotLimits.timeoutMs,
  delivery: 'awake',
  queueMs: queueMs.other,
  capability: 'snapshot',
  platformFills: ['taskId', 'uploads'],
  provenance: { clause: '9.3.2.2', item: 'I.2.22', status: 'title-only' },
  params: Type.Object({
    taskId: described(Ulid, 'same in a repetition of the request'),
    channel: Channel,
    stream: Type.Optional(StreamName),
    width: Type.Optional(PictureWidth),
    height: Type.Optional(PictureHeight),
    quality: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: snapshotLimits.qualityDefault, description: 'JPEG quality' })),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: snapshotLimits.countMax, default: 1, description: 'pictures' })),
    intervalMs: Type.Optional(
      Type.Integer({ minimum: snapshotLimits.intervalMinMs, maximum: 600_000, description: 'time between two pictures' }),
    ),
    uploads: Type.Optional(Type.Array(UploadTicket, { maxItems: snapshotLimits.countMax, description: 'one ticket for each picture' })),
    inline: Type.Optional(Type.Boolean({ default: false, description: 'send the picture in the answer; only with count 1' })),
  }),
  rules: [
    { path: '/inline', message: 'is possible only with one picture', holds: (p) => p.inline !== true || (p.count ?? 1) === 1 },
    {
      path: '/uploads',
      message: 'must hold one ticket for each picture, unless inline',
      holds: (p) => p.inline === true || (p.uploads ?? []).length >= (p.count ?? 1),
    },
  ],
  result: Type.Object({
    images: Type.Array(
      Type.Object({
        index: Type.Integer({ minimum: 0, maximum: snapshotLimits.countMax - 1, description: 'number of the picture, from 0' }),
        capturedAt: described(Instant, 'when it was taken'),
        width: Type.Integer({ minimum: 0, maximum: 16_384, description: 'width in pixels, 0 when failed' }),
        height: Type.Integer({ minimum: 0, maximum: 16_384, description: 'height in pixels, 0 when failed' }),
        sizeBytes: Type.Integer({ minimum: 0, description: 'size of the JPEG' }),
        sha256: Type.String({
          pattern: '^([0-9a-f]{64})?$',
          description: 'SHA-256 of the JPEG, lower-case hexadecimal; empty when failed',
        }),
        status: Type.Enum(['uploaded', 'inline', 'failed'] as const, { description: 'where the picture is' }),
        dataB64: Type.Optional(Type.String({ maxLength: INLINE_BASE64_CHARS, description: 'the JPEG, base64, when inline' })),
        error: Type.Optional(Type.Integer({ description: 'code of the error table, when failed' })),
      }),
      { maxItems: snapshotLimits.countMax, description: 'pictures in order' },
    ),
  }),
  errors: ['CAPTURE_FAILED', 'TICKET_EXPIRED', 'PRIVACY_MODE', 'BUSY', 'CHANNEL_NOT_FOUND', 'STREAM_NOT_FOUND', 'NOT_SUPPORTED'],
  examples: [
    {
      title: 'one picture to a ticket',
      params: {
        taskId: '01KDVB6R8E0G2J4M6P8S1V3X5Z',
        channel: 1,
        width: 1_280,
        height: 720,
        uploads: [
          {
            ticketId: '01KDVB6R8ET7W9Z2C4F6H8K1N3',
            method: 'PUT',
            url: 'https://home.example/uploads/01KDVB6R8ET7W9Z2C4F6H8K1N3?sig=Zm9v',
            expiresAt: 1_767_226_440_000,
          },
        ],
      },
      result: {
        images: [
          {
            index: 0,
            capturedAt: 1_767_226_381_204,
            width: 1_280,
            height: 720,
            sizeBytes: 93_410,
            sha256: '0f3e6a1d94c8b27550ad7f2e81c3946bd0e5f718a29c4b6d3e7f80915a2c4d6e',
            status: 'uploaded',
          },
        ],
      },
    },
  ],
});
