import { AppError, type Clock, withDeadline } from '@cardea/core';
import { checkFragmentedMp4, type FragmentedMp4Report } from '@cardea/media';
import type { ObjectStore } from '../store/ports.ts';

const DEADLINE_MS = 5_000;
/** A box header and the box behind it in one read: most are small. */
const READ_AHEAD_BYTES = 8 * 1024;
/** Headers of a minute at sixty fragments a second take about one MiB. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/**
 * Looks whether an object is fragmented MP4 all through; reads its headers only, within bounded time and bytes.
 * @throws AppError OBJECT_MISMATCH when it is not; NOT_FOUND; TIMEOUT
 */
export async function checkMedia(objects: ObjectStore, key: string, clock: Clock): Promise<FragmentedMp4Report> {
  await using object = await objects.open(key);
  const report = await withDeadline(clock, DEADLINE_MS, async (signal) => {
    let headerBytes = 0;
    let ahead: { readonly offset: number; readonly bytes: Uint8Array } = { offset: 0, bytes: new Uint8Array() };
    return await checkFragmentedMp4({
      sizeBytes: object.sizeBytes,
      read: async (offset, length) => {
        signal.throwIfAborted();
        headerBytes += length;
        if (headerBytes > MAX_HEADER_BYTES) throw new AppError('OBJECT_MISMATCH', { reason: 'its headers are too large' });
        if (offset < ahead.offset || offset + length > ahead.offset + ahead.bytes.length) {
          ahead = { offset, bytes: await object.read(offset, Math.max(length, READ_AHEAD_BYTES)) };
        }
        return ahead.bytes.subarray(offset - ahead.offset, offset - ahead.offset + length);
      },
    });
  });
  if (!report.ok) throw new AppError('OBJECT_MISMATCH', { reason: report.reason });
  return report;
}
