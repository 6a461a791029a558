import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '@cardea/core';
import { SegmentRing } from '../../../packages/device/src/recording/segment-ring.ts';
import type { Unsynced } from './disk-history.ts';
import { packetsOf } from './played.ts';
import { PowerCut, watchedBy, writeTree } from './power-cut.ts';

const PROCESS = join(import.meta.dirname, '..', '..', '..', 'packages', 'device', 'src', 'stub-platform', 'recording-process.ts');
const HOUR_MS = 3_600_000;
const QUOTA_BYTES = 200_000_000;
/** What waits for its fragment to be whole, and the fragment that is being written. */
const LOSS_MS = 1_000;
/** By then a fragment is on the disk. */
const STARTED_MS = 6_000;
/** To look into a file with ffmpeg takes longer than all else. */
const PLAYED_EACH = 4;
/** Of recording, for one life under a power cut: two whole segments and the beginning of a third. */
const LIFE_MS = 28_000;

/** A bound device that records on its disk only. */
export async function makeRecorder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const config = { '1/record.local.mode': 'continuous', '1/record.cloud.mode': 'off' };
  const state = JSON.stringify({ configVersion: 1, config, binding: { boundAt: 1 } });
  await writeFile(join(directory, 'config.json'), state, { mode: 0o600 });
}

interface Life {
  readonly directory: string;
  /** Of the clock of the device, at its start. */
  readonly startsAfterMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Told the time the device has come to; the device is killed when this resolves. */
  readonly until: (reached: (action: (timeMs: number) => void) => void) => Promise<void>;
}

async function live({ directory, startsAfterMs, env = {}, until }: Life): Promise<void> {
  const program = [PROCESS, directory, String(startsAfterMs)];
  const child = spawn(process.execPath, program, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env, UV_USE_IO_URING: '0' },
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = once(lines, 'line');
  await Promise.race([
    until((action) => lines.on('line', (line) => action(Number(line)))),
    exited.then(() => assert.fail('the device ended')),
  ]);
  await first;
  child.kill('SIGKILL');
  await exited;
}

/** What crash number `point` left is readable, of one piece, and reaches to within a fragment of `reachedMs`, the time the device had come to. */
async function assertLittleLost(directory: string, reachedMs: number, point: number): Promise<void> {
  await using ring = await SegmentRing.open({ stateDirectory: directory, quotaBytes: QUOTA_BYTES, logger: silentLogger });
  const ofLife = ring.recorded().filter(({ endAt }) => endAt > reachedMs - HOUR_MS / 2);
  for (let index = 1; index < ofLife.length; index += 1) assert.equal(ofLife[index]?.create.startAt, ofLife[index - 1]?.endAt);
  const last = ofLife.at(-1);
  // Before the first fragment is on the disk there is nothing to be missed.
  if (last !== undefined || reachedMs % HOUR_MS > STARTED_MS) {
    const lossMs = reachedMs - (last?.endAt ?? 0);
    assert.ok(lossMs <= LOSS_MS, `${lossMs} ms are missing`);
  }
  for (const entry of ring.recorded()) {
    const bytes = await readFile(ring.pathOf(entry));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), entry.sha256);
  }
  if (last !== undefined && point % PLAYED_EACH === 0) assert.ok((await packetsOf([ring.pathOf(last)])) > 0);
}

export interface AgentCrashOptions {
  /** Made and used by the run. */
  readonly directory: string;
  /** The library that watches the device, and keeps a busy disk from being taken for a loss. */
  readonly library: string;
  readonly points: number;
  /** Uniform in 0..1. */
  readonly fraction: () => number;
}

/** Kills a recording device at random moments, again and again on the disk it left. */
export async function killAgent({ directory, library, points, fraction }: AgentCrashOptions): Promise<void> {
  await makeRecorder(directory);
  for (let point = 0; point < points; point += 1) {
    let reachedMs = 0;
    const until: Life['until'] = async (reached) => {
      const begun = Promise.withResolvers<void>();
      reached((timeMs) => {
        reachedMs = timeMs;
        begun.resolve();
      });
      await begun.promise;
      await delay(fraction() * 1_500);
    };
    await live({ directory, startsAfterMs: point * HOUR_MS, env: watchedBy(library, directory), until });
    await assertLittleLost(directory, reachedMs, point);
  }
}

const unsynced: readonly Unsynced[] = ['lost', 'torn', 'kept'];

/** Lets a device record once, and looks at what its disk holds when it is killed or its power goes at random moments of that. */
export async function cutAgent({ directory, library, points, fraction }: AgentCrashOptions): Promise<void> {
  const root = join(directory, 'life');
  await makeRecorder(root);
  const cut = await PowerCut.over({ root, library });
  const told: { readonly timeMs: number; readonly at: number }[] = [];
  const until: Life['until'] = async (reached) => {
    const over = Promise.withResolvers<void>();
    reached((timeMs) => {
      told.push({ timeMs, at: cut.now() });
      if (timeMs % HOUR_MS >= LIFE_MS) over.resolve();
    });
    await over.promise;
  };
  await live({ directory: root, startsAfterMs: 0, env: cut.env, until });
  const all = await cut.moments();
  const moments = Array.from({ length: points }, () => all[Math.floor(fraction() * all.length)] ?? 0)
    .toSorted((one, other) => one - other)
    .map((at, index) => ({ at, unsynced: unsynced[index % unsynced.length] ?? 'lost' }));
  let point = 0;
  for await (const tree of cut.cuts(moments, fraction)) {
    const { at } = moments[point] ?? { at: 0 };
    const copy = join(directory, `point-${point}`);
    await writeTree(tree, copy);
    await assertLittleLost(copy, told.findLast((one) => one.at <= at)?.timeMs ?? 0, point);
    await rm(copy, { recursive: true });
    point += 1;
  }
}
