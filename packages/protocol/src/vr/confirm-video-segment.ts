import { Type } from 'typebox';
import { defineHttp } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { SegmentLink } from '../model/segment-link.ts';
import { Sha256Hex } from '../model/sha256-hex.ts';
import { Ulid } from '../model/ulid.ts';
import { paths } from '../profile.ts';
import { vrTimers } from '../timers.ts';

/** I.3.2: the bytes are there. The answer comes only after they and the catalogue entry are durable (9.3.4.1.3). */
export const confirmVideoSegment = defineHttp({
  name: 'vr.confirmSegment',
  method: 'POST',
  path: `${paths.vr}/segments/{segmentId}/confirm`,
  description:
    'Says that the bytes were uploaded. The platform compares size and digest and answers when the video segment is durable. Repeating it is fine. OBJECT_MISSING: upload and confirm again; OBJECT_MISMATCH: upload once more, then cancel and create anew; SEGMENT_EXPIRED: create anew. With `chain` the device says, and signs, which video segment it recorded before this one (segment-chain.md); SIGNATURE_INVALID: the signature is not that of the device over these values.',
  timeoutMs: vrTimers.requestTimeoutMs,
  provenance: { clause: '9.3.4.1.3', item: 'I.3.2', status: 'title-only' },
  body: Type.Object({
    sizeBytes: Type.Integer({ minimum: 0, description: 'size of the object' }),
    sha256: Sha256Hex,
    startAt: described(Instant, 'first sample'),
    endAt: described(Instant, 'end of the last sample'),
    etag: Type.Optional(Type.String({ maxLength: 256, description: 'entity tag the object store gave' })),
    attempts: Type.Integer({ minimum: 0, description: 'uploads it took' }),
    uploadMs: Type.Number({ minimum: 0, description: 'duration of the last upload' }),
    thumbnailBytes: Type.Optional(Type.Integer({ minimum: 0, description: 'size of the small picture' })),
    chain: Type.Optional(described(SegmentLink, 'place in what this channel and stream recorded, signed')),
  }),
  result: Type.Object({
    segmentId: Ulid,
    state: Type.Literal('stored', { description: 'durable' }),
    storedAt: described(Instant, 'when it became durable'),
    retainUntil: Type.Optional(described(Instant, 'deleted by policy after')),
  }),
  success: 200,
  errors: [
    'INVALID_PARAMS',
    'UNAUTHORIZED',
    'NOT_BOUND',
    'SEGMENT_NOT_FOUND',
    'SEGMENT_STATE',
    'OBJECT_MISSING',
    'OBJECT_MISMATCH',
    'SIGNATURE_INVALID',
    'SEGMENT_EXPIRED',
    'OVERLAP',
    'TIME_INVALID',
    'DUPLICATE',
    'RATE_LIMITED',
  ],
  examples: [
    {
      title: 'uploaded at the first try',
      body: {
        sizeBytes: 3_145_728,
        sha256: 'a4d1f0c29b6e83754f1a0d8c7e2b59366d90f4c1e8a7b3520d6f9e1c4b8a7035',
        startAt: 1_767_227_090_000,
        endAt: 1_767_227_100_000,
        attempts: 1,
        uploadMs: 840,
      },
      result: {
        segmentId: '01KDVBW3T4D1F3H5K7N9Q2T4W6',
        state: 'stored',
        storedAt: 1_767_227_101_350,
        retainUntil: 1_769_819_101_350,
      },
    },
    {
      title: 'with its place in the chain',
      body: {
        sizeBytes: 3_145_728,
        sha256: 'a4d1f0c29b6e83754f1a0d8c7e2b59366d90f4c1e8a7b3520d6f9e1c4b8a7035',
        startAt: 1_767_227_090_000,
        endAt: 1_767_227_100_000,
        attempts: 1,
        uploadMs: 840,
        chain: {
          number: 42,
          previous: '5b1e0f7a3c9d2e4866b0d1c7f3a59e20c4d8e6b17a902f3d5e8c6b4a1f09d7e3',
          signature: 'ueR9alLLnantGEGu7X_bPP8Prr6nd7S832hnHlH3n40fYfhyr3SWVmdyrKe760yQQnej81OXM6OTYt7f_kxMDA',
        },
      },
      result: { segmentId: '01KDVBW3T4D1F3H5K7N9Q2T4W6', state: 'stored', storedAt: 1_767_227_101_350 },
    },
  ],
});
