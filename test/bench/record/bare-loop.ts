import { closeSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Files a second of the least that makes a file durable under its name: write, fsync, rename, fsync of the directory. */
export function bareFilesPerSecond(parent: string, bytes: Uint8Array, count: number): number {
  const directory = mkdtempSync(join(parent, 'bare-'));
  const startedMs = performance.now();
  for (let file = 0; file < count; file += 1) {
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
