import { Type } from 'typebox';
import { defineRpc } from '../../message.ts';
import { Channel } from '../../model/channel.ts';
import { described } from '../../model/described.ts';
import { Instant } from '../../model/instant.ts';
import { Ulid } from '../../model/ulid.ts';
import { queueMs } from '../../timers.ts';

/** Uploads recordings of the device as video segments of kind `backfill`. The same `taskId` again asks for progress. */
export const syncRecordings = defineRpc({
  method: 'record.sync',
  sender: 'platform',
  description:
    'Uploads what the device recorded in a time range as video segments of kind backfill. Repeated with the same taskId it tells the progress, with cancel it ends the task.',
  delivery: 'awake',
  queueMs: queueMs.other,
  platformFills: ['taskId'],
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({
    taskId: described(Ulid, 'the same one asks for progress'),
    channel: Channel,
    fromAt: described(Instant, 'begin of the range'),
    toAt: described(Instant, 'end of the range'),
    priority: Type.Optional(Type.Enum(['low', 'normal'] as const, { default: 'normal', description: 'low gives way to everything else' })),
    cancel: Type.Optional(Type.Literal(true, { description: 'end the task' })),
  }),
  rules: [{ path: '/toAt', message: 'must be after fromAt', holds: (p) => p.toAt > p.fromAt }],
  result: Type.Object({
    taskId: Ulid,
    state: Type.Enum(['queued', 'running', 'done', 'cancelled', 'failed'] as const, { description: 'state of the task' }),
    segmentsTotal: Type.Integer({ minimum: 0, description: 'video segments to upload' }),
    segmentsDone: Type.Integer({ minimum: 0, description: 'video segments stored' }),
  }),
  errors: [
    'NO_DISK',
    'DISK_ERROR',
    'DISK_FORMATTING',
    'DISK_UNFORMATTED',
    'RECORD_NOT_FOUND',
    'NO_STORAGE_PLAN',
    'CHANNEL_NOT_FOUND',
    'LOW_BATTERY',
    'NOT_SUPPORTED',
  ],
  examples: [
    {
      title: 'after the internet was away for an hour',
      params: { taskId: '01KDVBM5Y8B0D1F3H5K7N9Q2T4', channel: 1, fromAt: 1_767_200_400_000, toAt: 1_767_204_000_000, priority: 'low' },
      result: { taskId: '01KDVBM5Y8B0D1F3H5K7N9Q2T4', state: 'running', segmentsTotal: 359, segmentsDone: 12 },
    },
  ],
});
