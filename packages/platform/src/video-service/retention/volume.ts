import { mkdir, statfs } from 'node:fs/promises';
import type { StorageUsage } from './storage-usage.ts';

/** How large a place is, and how much of it nobody uses. */
export interface VolumeRoom {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export interface Volume {
  room(): Promise<VolumeRoom>;
}

/** The file system a directory lies on. */
export function directoryVolume(path: string): Volume {
  return {
    room: async () => {
      await mkdir(path, { recursive: true });
      const { blocks, bavail, bsize } = await statfs(path);
      return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
    },
  };
}

/** For stores without a measure. */
export const boundlessVolume: Volume = { room: async () => ({ totalBytes: Number.MAX_SAFE_INTEGER, freeBytes: Number.MAX_SAFE_INTEGER }) };

const RESERVED_PART = 0.05;
const MAX_RESERVED_BYTES = 1_000_000_000;

/**
 * The part of a volume that recordings may take: what they have and what is free, without a reserve for the catalogue and
 * within `limitBytes`. What others keep on the volume is not ours to count or to free.
 */
export function recordingVolume(volume: Volume, usage: Pick<StorageUsage, 'usedBytes'>, limitBytes = Number.MAX_SAFE_INTEGER): Volume {
  return {
    room: async () => {
      const { totalBytes, freeBytes } = await volume.room();
      const reservedBytes = Math.min(MAX_RESERVED_BYTES, totalBytes * RESERVED_PART);
      const room = Math.min(limitBytes, usage.usedBytes + Math.max(0, freeBytes - reservedBytes));
      return { totalBytes: room, freeBytes: Math.max(0, room - usage.usedBytes) };
    },
  };
}

/** How full a volume is, and what follows from it (reliability.md C-21). */
export type VolumeLevel = 'normal' | 'freeing' | 'noBackfill' | 'essential' | 'full';

/** From this on the oldest recordings go, down to `FREED_TO`. */
export const FREED_FROM = 0.85;
export const FREED_TO = 0.83;

const levels: readonly (readonly [VolumeLevel, number])[] = [
  ['full', 0.98],
  ['essential', 0.96],
  ['noBackfill', 0.92],
  ['freeing', FREED_FROM],
];

export function usedPart({ totalBytes, freeBytes }: VolumeRoom): number {
  return totalBytes === 0 ? 1 : 1 - freeBytes / totalBytes;
}

export function levelOf(room: VolumeRoom): VolumeLevel {
  const used = usedPart(room);
  return levels.find(([, from]) => used >= from)?.[0] ?? 'normal';
}
