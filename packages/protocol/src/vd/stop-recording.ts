import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { RecordTarget } from '../model/record-mode.ts';
import { Ulid } from '../model/ulid.ts';
import { queueMs } from '../timers.ts';

/** I.2.15: ends recording tasks; the recording policy is not touched. */
export const stopRecording = defineRpc({
  method: 'record.stop',
  sender: 'platform',
  description: 'Ends the recording tasks that match; nothing given matches all. The recording policy goes on.',
  delivery: 'awake',
  queueMs: queueMs.other,
  provenance: { clause: '9.3.2.2', item: 'I.2.15', status: 'title-only' },
  params: Type.Object({
    taskId: Type.Optional(described(Ulid, 'only this task')),
    channel: Type.Optional(described(Channel, 'only tasks of this channel')),
    target: Type.Optional(described(RecordTarget, 'only tasks with this target')),
  }),
  result: Type.Object({
    stopped: Type.Array(
      Type.Object({
        taskId: Ulid,
        startAt: described(Instant, 'first sample'),
        endAt: described(Instant, 'last sample'),
        segmentIds: Type.Optional(Type.Array(Ulid, { maxItems: 1_024, description: 'video segments made of it so far' })),
      }),
      { maxItems: 256, description: 'tasks that ended' },
    ),
  }),
  errors: ['NOT_RECORDING', 'CHANNEL_NOT_FOUND'],
  examples: [
    {
      title: 'end one task',
      params: { taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NR' },
      result: {
        stopped: [
          {
            taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NR',
            startAt: 1_767_225_995_000,
            endAt: 1_767_226_031_480,
            segmentIds: ['01KDVAS9Q1W3E5R7T9Y2V4P6SD'],
          },
        ],
      },
    },
  ],
});
