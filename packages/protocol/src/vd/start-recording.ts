import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { RecordTarget } from '../model/record-mode.ts';
import { StreamName } from '../model/stream-name.ts';
import { Ulid } from '../model/ulid.ts';
import { queueMs, recordLimits, vrTimers } from '../timers.ts';

/** I.2.14: a recording task, beside whatever the recording policy already records. */
export const startRecording = defineRpc({
  method: 'record.start',
  sender: 'platform',
  description:
    'Starts a recording task on the disk of the device, to the video service, or both. It runs beside the recording policy. ALREADY_ACTIVE names the running task in details.',
  delivery: 'awake',
  queueMs: queueMs.other,
  platformFills: ['taskId'],
  provenance: { clause: '9.3.2.2', item: 'I.2.14', status: 'title-only' },
  params: Type.Object({
    taskId: described(Ulid, 'same in a repetition of the request'),
    channel: Channel,
    target: RecordTarget,
    stream: Type.Optional(StreamName),
    durationSec: Type.Optional(
      Type.Number({ minimum: 1, maximum: recordLimits.durationMaxSec, description: 'ends by itself after; absent: until record.stop' }),
    ),
    preRollSec: Type.Optional(
      Type.Number({ minimum: 0, maximum: recordLimits.preRollMaxSec, description: 'begin this long before now, as far as buffered' }),
    ),
    reason: Type.Enum(['manual', 'alarm', 'plan', 'linkage'] as const, { description: 'why' }),
    segmentSec: Type.Optional(
      Type.Number({
        minimum: vrTimers.minSegmentSec,
        maximum: vrTimers.maxSegmentSec,
        description: 'length of video segments; video service only',
      }),
    ),
  }),
  result: Type.Object({
    taskId: Ulid,
    startAt: described(Instant, 'first recorded sample, before now with pre-roll'),
    endsAt: Type.Optional(described(Instant, 'when it will end by itself')),
  }),
  errors: [
    'NO_DISK',
    'DISK_ERROR',
    'DISK_FULL',
    'DISK_FORMATTING',
    'DISK_UNFORMATTED',
    'DISK_READ_ONLY',
    'NO_STORAGE_PLAN',
    'PRIVACY_MODE',
    'LOW_BATTERY',
    'ALREADY_ACTIVE',
    'CHANNEL_NOT_FOUND',
    'STREAM_NOT_FOUND',
    'NOT_SUPPORTED',
  ],
  examples: [
    {
      title: 'one minute with what happened just before',
      params: {
        taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NR',
        channel: 1,
        target: 'both',
        stream: 'main',
        durationSec: 60,
        preRollSec: 5,
        reason: 'manual',
      },
      result: { taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NR', startAt: 1_767_225_995_000, endsAt: 1_767_226_060_000 },
    },
  ],
});
