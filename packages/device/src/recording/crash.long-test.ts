import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '@cardea/core';
import { Fmp4Splitter } from '@cardea/media';
import { recoverSegment } from './segment-recovery.ts';
import { SegmentRing } from './segment-ring.ts';

const CUTS = 200;
const PROCESS = join(import.meta.dirname, '..', 'stub-platform', 'recording-process.ts');
const QUOTA_BYTES = 200_000_000;

/** A bound device that records on its disk only. */
async function stateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-crash-'));
  const config = { '1/record.local.mode': 'continuous', '1/record.cloud.mode': 'off' };
  await writeFile(join(directory, 'config.json'), JSON.stringify({ configVersion: 1, config, binding: { boundAt: 1 } }), { mode: 0o600 });
  return directory;
}

/** Runs the device and kills it `ms` after its first word. */
async function runAndKill(directory: string, ms: number): Promise<void> {
  const child = spawn(process.execPath, [PROCESS, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface({ input: child.stdout }), 'line');
  await delay(ms);
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function problemsOf(path: string): string {
  const { status, stderr } = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=nb_read_frames', path]);
  return `${status === 0 ? '' : status}${stderr}`;
}

test(`a segment cut at ${CUTS} places plays up to the last whole fragment before the cut`, async (t) => {
  const directory = await stateDirectory();
  t.after(() => rm(directory, { recursive: true }));
  await runAndKill(directory, 4_000);
  const ring = await SegmentRing.open({ stateDirectory: directory, quotaBytes: QUOTA_BYTES, logger: silentLogger });
  t.after(() => ring[Symbol.asyncDispose]());
  const [whole] = ring.recorded().toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  assert.ok(whole);
  const ends = [0];
  for (const { bytes } of new Fmp4Splitter().push(await readFile(ring.pathOf(whole)))) ends.push((ends.at(-1) ?? 0) + bytes.length);
  const path = join(directory, 'cut.mp4');
  for (let cut = 0; cut < CUTS; cut += 1) {
    const offset: number = (cut * 7_919_317 + 4_001) % whole.sizeBytes;
    await copyFile(ring.pathOf(whole), path);
    await truncate(path, offset);
    const { endAt: _, sizeBytes: __, sha256: ___, ...open } = whole;
    const recovered = await recoverSegment(path, { ...open, state: 'recording' });
    const lastEnd: number = ends.findLast((end) => end <= offset) ?? 0;
    // The first piece is the initialisation segment.
    assert.equal(recovered?.sizeBytes, lastEnd > (ends[1] ?? 0) ? lastEnd : undefined, `cut at ${offset}`);
    if (recovered !== undefined && cut % 10 === 0) assert.equal(problemsOf(path), '', `cut at ${offset}`);
  }
});
