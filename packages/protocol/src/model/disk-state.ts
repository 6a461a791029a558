import { type Static, Type } from 'typebox';

export const DiskState = Type.Enum(
  ['none', 'initializing', 'normal', 'full', 'unformatted', 'formatting', 'error', 'readOnly', 'unsupported'] as const,
  { description: 'state of the disk' },
);
export type DiskState = Static<typeof DiskState>;

/** A slot for a disk in a device. */
export const DiskId = Type.Integer({ minimum: 0, maximum: 255, description: 'disk slot' });
export type DiskId = Static<typeof DiskId>;

export const FileSystem = Type.Enum(['exfat', 'fat32', 'ext4'] as const, { description: 'file system' });
export type FileSystem = Static<typeof FileSystem>;
