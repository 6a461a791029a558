import { Type } from 'typebox';
import { defineRpc } from '../../message.ts';
import { Channel } from '../../model/channel.ts';
import { described } from '../../model/described.ts';
import { DiskId } from '../../model/disk-state.ts';
import { Instant } from '../../model/instant.ts';
import { RecordKind } from '../../model/record-mode.ts';
import { StreamName } from '../../model/stream-name.ts';
import { Ulid } from '../../model/ulid.ts';
import { queueMs } from '../../timers.ts';

/** What the device keeps on its own disk in a time range, page by page, oldest first, without overlap. */
export const listRecordings = defineRpc({
  method: 'record.list',
  sender: 'platform',
  description: 'Lists what the device keeps on its own disk in a time range: oldest first, without overlap, page by page.',
  delivery: 'awake',
  queueMs: queueMs.other,
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({
    channel: Channel,
    fromAt: described(Instant, 'begin of the range'),
    toAt: described(Instant, 'end of the range'),
    types: Type.Optional(Type.Array(RecordKind, { maxItems: 8, description: 'only these kinds' })),
    diskId: Type.Optional(described(DiskId, 'only this disk')),
    cursor: Type.Optional(Type.String({ maxLength: 512, description: '`next` of the page before' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'spans in a page' })),
  }),
  rules: [{ path: '/toAt', message: 'must be after fromAt', holds: (p) => p.toAt > p.fromAt }],
  result: Type.Object({
    spans: Type.Array(
      Type.Object({
        fileId: Type.String({ maxLength: 128, description: 'name of the recording on the device' }),
        startAt: described(Instant, 'first sample'),
        endAt: described(Instant, 'last sample'),
        type: RecordKind,
        stream: StreamName,
        sizeBytes: Type.Integer({ minimum: 0, description: 'size on disk' }),
        eventId: Type.Optional(described(Ulid, 'alarm it was recorded for')),
        protected: Type.Boolean({ description: 'not overwritten when the disk is full' }),
      }),
      { maxItems: 500, description: 'recordings' },
    ),
    next: Type.Optional(Type.String({ maxLength: 512, description: 'cursor of the next page; absent on the last' })),
    oldestAt: Type.Optional(described(Instant, 'first sample of all recordings')),
    newestAt: Type.Optional(described(Instant, 'last sample of all recordings')),
  }),
  errors: [
    'NO_DISK',
    'DISK_ERROR',
    'DISK_FULL',
    'DISK_FORMATTING',
    'DISK_UNFORMATTED',
    'RECORD_NOT_FOUND',
    'CHANNEL_NOT_FOUND',
    'NOT_SUPPORTED',
  ],
  examples: [
    {
      title: 'one hour',
      params: { channel: 1, fromAt: 1_767_200_400_000, toAt: 1_767_204_000_000, limit: 100 },
      result: {
        spans: [
          {
            fileId: '1/main/1767200412480',
            startAt: 1_767_200_412_480,
            endAt: 1_767_203_996_120,
            type: 'continuous',
            stream: 'main',
            sizeBytes: 1_073_741_824,
            protected: false,
          },
        ],
        oldestAt: 1_766_966_400_000,
        newestAt: 1_767_226_800_000,
      },
    },
  ],
});
