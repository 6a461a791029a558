import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { LogType } from '../model/log-type.ts';
import { Ulid } from '../model/ulid.ts';
import { UploadTicket } from '../model/upload-ticket.ts';
import { logTimers, queueMs } from '../timers.ts';

/** I.2.29: collects logs and puts them at a ticket; the end is told with `log.uploadDone`. One task at a time. */
export const uploadLog = defineRpc({
  method: 'log.upload',
  sender: 'platform',
  description:
    'Asks the device to collect logs and to put them at an upload ticket. The answer means accepted; log.uploadDone tells the end. While another task runs: BUSY, naming it in details.',
  delivery: 'awake',
  queueMs: queueMs.other,
  unbound: true,
  platformFills: ['taskId', 'upload'],
  provenance: { clause: '9.3.2.2', item: 'I.2.29', status: 'title-only' },
  params: Type.Object({
    taskId: described(Ulid, 'same in a repetition of the request'),
    types: Type.Array(LogType, { minItems: 1, maxItems: 16, description: 'logs wanted' }),
    fromAt: Type.Optional(described(Instant, 'not older than')),
    toAt: Type.Optional(described(Instant, 'not newer than')),
    maxBytes: Type.Optional(Type.Integer({ minimum: 1, description: 'largest upload' })),
    compress: Type.Optional(Type.Enum(['gzip', 'none'] as const, { default: 'gzip', description: 'compression' })),
    upload: UploadTicket,
    retries: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100, default: logTimers.retriesDefault, description: 'tries of the upload' }),
    ),
    retryIntervalSec: Type.Optional(
      Type.Number({ minimum: 1, maximum: 86_400, default: logTimers.retryIntervalDefaultSec, description: 'time between two tries' }),
    ),
  }),
  rules: [
    {
      path: '/toAt',
      message: 'must not be before fromAt',
      holds: (p) => p.toAt === undefined || p.fromAt === undefined || p.toAt >= p.fromAt,
    },
  ],
  result: Type.Object({
    accepted: Type.Literal(true, { description: 'it collects' }),
    taskId: Ulid,
    estimatedBytes: Type.Optional(Type.Integer({ minimum: 0, description: 'expected size' })),
  }),
  errors: ['NO_LOGS', 'BUSY', 'TICKET_EXPIRED'],
  examples: [
    {
      title: 'why did it restart?',
      params: {
        taskId: '01KDVBF9P1S3V5X7Z9C2E4G6J8',
        types: ['system', 'crash'],
        fromAt: 1_767_139_200_000,
        upload: {
          ticketId: '01KDVBF9P1A8D0F2H4K6N8Q1T3',
          method: 'PUT',
          url: 'https://home.example/uploads/01KDVBF9P1A8D0F2H4K6N8Q1T3?sig=Zm9v',
          headers: { 'content-type': 'application/gzip' },
          expiresAt: 1_767_227_400_000,
          maxBytes: 10_485_760,
        },
      },
      result: { accepted: true, taskId: '01KDVBF9P1S3V5X7Z9C2E4G6J8', estimatedBytes: 180_000 },
    },
  ],
});
