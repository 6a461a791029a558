import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface BareLoop {
  /** Directory on the disk to measure. */
  readonly parent: string;
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Also computes the SHA-256 of each file, which nobody who proves what is stored gets round. */
  readonly hashed: boolean;
}

/** Files a second of SHA-256 alone on one core: whoever proves what is stored needs that much of a processor, whatever the disk does. */
export function hashedFilesPerSecond({ bytes, count }: Pick<BareLoop, 'bytes' | 'count'>): number {
  const startedMs = performance.now();
  for (let file = 0; file < count; file += 1) createHash('sha256').update(bytes).digest();
  return (count / (performance.now() - startedMs)) * 1_000;
}

/** Files a second of the least that makes a file durable under its name: write, fsync, rename, fsync of the directory. */
export function bareFilesPerSecond({ parent, bytes, count, hashed }: BareLoop): number {
  const directory = mkdtempSync(join(parent, 'bare-'));
  const startedMs = performance.now();
  for (let file = 0; file < count; file += 1) {
    if (hashed) createHash('sha256').update(bytes).digest();
    const path = join(directory, `${file}.mp4`);
    const written = openSync(`${path}.part`, 'wx');
    writeSync(written, bytes);
    fsyncSync(written);
    closeSync(written);
    renameSync(`${path}.part`, path);
    const entries = openSync(directory, 'r');
    fsyncSync(entries);
    closeSync(entries);
  }
  const elapsedMs = performance.now() - startedMs;
  rmSync(directory, { recursive: true });
  return (count / elapsedMs) * 1_000;
}
