import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { DiskId, DiskState, FileSystem } from '../model/disk-state.ts';
import { Ulid } from '../model/ulid.ts';
import { queueMs } from '../timers.ts';

/** I.2.32: erases a disk. Recording and playback on it end first; progress: `disk.getInfo`, end: an alarm. */
export const formatDisk = defineRpc({
  method: 'disk.format',
  sender: 'platform',
  description:
    'Erases a disk. Recording and playback on it end first. Progress is formatPct of disk.getInfo; the end is an alarm diskFormatted or diskError, after 10 min at the latest.',
  delivery: 'awake',
  queueMs: queueMs.other,
  destructive: true,
  platformFills: ['taskId'],
  provenance: { clause: '9.3.2.2', item: 'I.2.32', status: 'title-only' },
  params: Type.Object({
    taskId: described(Ulid, 'same in a repetition of the request'),
    diskId: DiskId,
    confirm: Type.Literal(true, { description: 'everything recorded on the disk will be lost' }),
    fs: Type.Optional(FileSystem),
  }),
  result: Type.Object({
    taskId: Ulid,
    state: DiskState,
    expectedSec: Type.Optional(Type.Number({ minimum: 0, description: 'expected duration' })),
  }),
  errors: ['NO_DISK', 'DISK_FORMATTING', 'DISK_ERROR', 'UPGRADING', 'NOT_SUPPORTED'],
  examples: [
    {
      title: 'a new card',
      params: { taskId: '01KDVBJ2T4W6Y8B0D1F3H5K7N9', diskId: 1, confirm: true, fs: 'exfat' },
      result: { taskId: '01KDVBJ2T4W6Y8B0D1F3H5K7N9', state: 'formatting', expectedSec: 20 },
    },
  ],
});
