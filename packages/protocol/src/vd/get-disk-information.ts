import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { DiskId, DiskState } from '../model/disk-state.ts';
import { Instant } from '../model/instant.ts';

const bytes = (description: string) => Type.Integer({ minimum: 0, description });

/** I.2.31: the disks of the device and, while one is being formatted, how far that is. */
export const getDiskInformation = defineRpc({
  method: 'disk.getInfo',
  sender: 'platform',
  description: 'Reads state, capacity and recorded range of the disks, and the progress of formatting.',
  delivery: 'online',
  provenance: { clause: '9.3.2.2', item: 'I.2.31', status: 'title-only' },
  params: Type.Object({ diskId: Type.Optional(described(DiskId, 'absent: all disks')) }),
  result: Type.Object({
    disks: Type.Array(
      Type.Object({
        diskId: DiskId,
        type: Type.Enum(['sd', 'emmc', 'hdd', 'ssd', 'usb', 'nas'] as const, { description: 'kind of disk' }),
        state: DiskState,
        totalBytes: bytes('capacity'),
        usedBytes: bytes('in use'),
        freeBytes: bytes('room left'),
        fs: Type.Optional(Type.String({ maxLength: 32, description: 'file system' })),
        readOnly: Type.Optional(Type.Boolean({ description: 'can only be read' })),
        formatPct: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'progress of formatting' })),
        healthPct: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'remaining life, 100 is new' })),
        overwrite: Type.Boolean({ description: 'the oldest recording gives way when the disk is full' }),
        recording: Type.Boolean({ description: 'it is being written now' }),
        oldestAt: Type.Optional(described(Instant, 'first recorded sample')),
        newestAt: Type.Optional(described(Instant, 'last recorded sample')),
        error: Type.Optional(Type.String({ maxLength: 256, description: 'what is wrong, for people' })),
      }),
      { maxItems: 64, description: 'disks' },
    ),
  }),
  errors: ['NO_DISK', 'NOT_SUPPORTED'],
  examples: [
    {
      title: 'one card',
      params: {},
      result: {
        disks: [
          {
            diskId: 1,
            type: 'sd',
            state: 'normal',
            totalBytes: 63_864_569_856,
            usedBytes: 12_324_962_304,
            freeBytes: 51_539_607_552,
            fs: 'exfat',
            overwrite: true,
            recording: true,
            oldestAt: 1_766_966_400_000,
            newestAt: 1_767_226_800_000,
          },
        ],
      },
    },
  ],
});
