import { Type } from 'typebox';
import { defineEvent } from '../message.ts';
import { eventFields, Received } from '../model/event-fields.ts';
import { Failure } from '../model/failure.ts';
import { Sha256Hex } from '../model/sha256-hex.ts';
import { Ulid } from '../model/ulid.ts';

/** I.2.30: how a log upload ended. */
export const uploadLogDone = defineEvent({
  method: 'log.uploadDone',
  description: 'Tells how a log upload ended and what was uploaded.',
  delivery: 'acknowledged',
  unbound: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.30', status: 'title-only' },
  params: Type.Object({
    ...eventFields,
    taskId: Ulid,
    status: Type.Enum(['uploaded', 'failed', 'noLogs', 'cancelled'] as const, { description: 'how it ended' }),
    files: Type.Array(
      Type.Object({
        name: Type.String({ maxLength: 255, description: 'file name' }),
        type: Type.String({ maxLength: 64, description: 'kind of log' }),
        sizeBytes: Type.Integer({ minimum: 0, description: 'size as uploaded' }),
        sha256: Sha256Hex,
      }),
      { maxItems: 64, description: 'what was uploaded' },
    ),
    error: Type.Optional(Failure),
  }),
  result: Received,
  errors: [],
  examples: [
    {
      title: 'uploaded',
      params: {
        eventId: '01KDVBG7R3V5X7Z9C2E4G6J8M1',
        occurredAt: 1_767_226_712_000,
        taskId: '01KDVBF9P1S3V5X7Z9C2E4G6J8',
        status: 'uploaded',
        files: [
          {
            name: 'system.log.gz',
            type: 'system',
            sizeBytes: 171_204,
            sha256: '8c2f5e0b7d1a49636f4e2c8a0b5d7913e6f8a1c3b5d7092e4f6a8c0e1d3b5f79',
          },
        ],
      },
      result: { received: true },
    },
    {
      title: 'the ticket was no longer valid',
      params: {
        eventId: '01KDVBG7R3N8Q0T2W4Y6A8D1F3',
        occurredAt: 1_767_226_712_000,
        taskId: '01KDVBF9P1S3V5X7Z9C2E4G6J8',
        status: 'failed',
        files: [],
        error: { code: 1603, name: 'TICKET_EXPIRED' },
      },
      result: { received: true },
    },
  ],
});
