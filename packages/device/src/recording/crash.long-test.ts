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

const KILLS = 20;
const CUTS = 200;
const PROCESS = join(import.meta.dirname, '..', 'stub-platform', 'recording-process.ts');
const HOUR_MS = 3_600_000;
/** What waits for its fragment to be whole, and the fragment that is being written. */
const LOSS_MS = 1_000;
/** By then a fragment is on the disk. */
const STARTED_MS = 6_000;
const QUOTA_BYTES = 200_000_000;

/** A bound device that records on its disk only. */
async function stateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-crash-'));
  const config = { '1/record.local.mode': 'continuous', '1/record.cloud.mode': 'off' };
  await writeFile(join(directory, 'config.json'), JSON.stringify({ configVersion: 1, config, binding: { boundAt: 1 } }), { mode: 0o600 });
  return directory;
}

/** Runs the device and kills it `ms` after its first word; resolves with the time it had come to. */
async function runAndKill(directory: string, startsAfterMs: number, ms: number): Promise<number> {
  const child = spawn(process.execPath, [PROCESS, directory, String(startsAfterMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  let reached = 0;
  lines.on('line', (line) => {
    reached = Number(line);
  });
  await once(lines, 'line');
  await delay(ms);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return reached;
}

function problemsOf(path: string): string {
  const { status, stderr } = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=nb_read_frames', path]);
  return `${status === 0 ? '' : status}${stderr}`;
}

test(`killed ${KILLS} times at any moment, the disk is readable each time and misses at most the last fragment`, async (t) => {
  const directory = await stateDirectory();
  t.after(() => rm(directory, { recursive: true }));
  const looked = new Set<string>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const reached = await runAndKill(directory, kill * HOUR_MS, (kill * 193) % 1_400);
    const ring = await SegmentRing.open({ stateDirectory: directory, quotaBytes: QUOTA_BYTES, logger: silentLogger });
    const recorded = ring.recorded();
    const ofRun = recorded.filter(({ endAt }) => endAt > reached - HOUR_MS / 2);
    const endAt = Math.max(0, ...ofRun.map((entry) => entry.endAt));
    const [first] = ofRun;
    // Before the first fragment is on the disk there is nothing to be missed.
    if (first !== undefined || reached % HOUR_MS > STARTED_MS) {
      assert.ok(reached - endAt <= LOSS_MS, `kill ${kill}: ${reached - endAt} ms are missing`);
      for (let index = 1; index < ofRun.length; index += 1) assert.equal(ofRun[index]?.create.startAt, ofRun[index - 1]?.endAt);
    }
    for (const entry of recorded) {
      const path = ring.pathOf(entry);
      if (looked.has(path)) continue;
      looked.add(path);
      assert.equal(problemsOf(path), '', path);
      assert.equal((await readFile(path)).length, entry.sizeBytes);
    }
    await ring[Symbol.asyncDispose]();
  }
  assert.ok(looked.size >= KILLS / 2, `${looked.size} segments`);
});

test(`a segment cut at ${CUTS} places plays up to the last whole fragment before the cut`, async (t) => {
  const directory = await stateDirectory();
  t.after(() => rm(directory, { recursive: true }));
  await runAndKill(directory, 0, 4_000);
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
