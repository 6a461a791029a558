import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger, sleep } from '@cardea/core';
import { recordOffline } from '../stub-platform/offline-recordings.ts';
import type { StubSegment } from '../stub-platform/stub-video-service.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

const START_AT = 1_767_225_600_000;

test('an outage of two minutes is filled in afterwards, and what is new does not wait for it', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.limits = { ...bench.platform.video.limits, targetSegmentSec: 30 };
  const agent = await bench.onlineAgent();
  await bench.within(40_000, () => bench.platform.video.stored.length === 1, 'a stored segment');
  bench.platform.onUpgrade = () => ({ status: 503 });
  bench.platform.video.onRequest = () => ({ status: 503 });
  bench.platform.device.cut();
  await bench.until(() => !agent.online, 'offline');
  await bench.pass(120_000, undefined, 40);
  bench.platform.onUpgrade = () => undefined;
  bench.platform.video.onRequest = () => undefined;
  const backAt = bench.clock.now();
  await bench.within(
    400_000,
    () => bench.platform.video.stored.some(({ create }) => create.startAt > backAt),
    'something new is stored',
    100,
  );
  const missed = (): number => bench.platform.video.stored.filter(({ create }) => create.startAt < backAt).length;
  const all = Math.ceil((backAt - START_AT) / 30_000);
  await bench.within(120_000, () => missed() === all, 'everything of the outage is stored', 40);
  const stored = bench.platform.video.stored.toSorted((a, b) => a.create.startAt - b.create.startAt);
  for (let index = 1; index < stored.length; index += 1) assert.equal(stored[index]?.create.startAt, stored[index - 1]?.confirm?.endAt);
  assert.equal(stored[0]?.create.startAt, START_AT);
});

test('back-filling takes half of the uplink at most, and what is new is stored within five seconds meanwhile', async () => {
  await using bench = await TestBench.open();
  const { video } = bench.platform;
  const offline = await recordOffline(bench, { minutes: 6, quotaBytes: 100_000_000 });
  const isOld = (path: string): boolean =>
    video.segments.some(({ segmentId, create }) => path.includes(segmentId) && offline.has(create.clientSegmentId));
  const backlogMs: number[] = [];
  video.uplink = async (path) => {
    const beganMs = bench.clock.monotonicMs();
    await sleep(bench.clock, 2_000);
    if (isOld(path)) backlogMs.push(bench.clock.monotonicMs() - beganMs);
  };
  const delaysMs: number[] = [];
  video.onRequest = (what, { path, bytes }) => {
    if (what === 'confirm' && !isOld(path)) delaysMs.push(bench.clock.now() - JSON.parse(bytes.toString('utf8')).endAt);
    return undefined;
  };
  await bench.onlineAgent();
  const backMs = bench.clock.monotonicMs();
  await bench.within(120_000, () => backlogMs.length === offline.size, 'everything of the outage is uploaded');
  const partOfUplink = backlogMs.reduce((sum, ms) => sum + ms, 0) / (bench.clock.monotonicMs() - backMs);
  assert.ok(partOfUplink <= 0.5 + 1 / (2 * offline.size), `${partOfUplink} of the uplink`);
  assert.ok(partOfUplink >= 0.3, `${partOfUplink} of the uplink`);
  assert.ok(delaysMs.length > 0 && Math.max(...delaysMs) < 5_000, `what is new was stored after ${delaysMs} ms`);
});

test('when the ring is full the oldest continuous recording gives way', async () => {
  await using bench = await TestBench.open();
  const droppedUntil: number[] = [];
  const sink = { write: (line: string) => void (line.includes('dropped: no room') && droppedUntil.push(JSON.parse(line).endAt)) };
  bench.platform.video.onRequest = (what) => (what === 'create' ? { status: 503 } : undefined);
  const agent = await bench.onlineAgent({ quotaBytes: 2_500_000, logger: createLogger('silent', sink) });
  await bench.within(600_000, () => droppedUntil.length >= 2, 'two segments are dropped');
  bench.platform.video.onRequest = () => undefined;
  const startsAt = (): number[] => bench.platform.video.stored.map(({ create }) => create.startAt);
  await bench.within(120_000, () => startsAt().some((at) => at === droppedUntil.at(-1)), 'the oldest that is left is stored');
  const goneUntil = droppedUntil[1] ?? 0;
  assert.equal(goneUntil, START_AT + 20_000);
  assert.ok(startsAt().every((at) => at >= goneUntil));
  assert.ok(agent.online);
});

test('continuous recording that is older than the platform wants is dropped, announced segments are cancelled', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.limits = { ...bench.platform.video.limits, maxBacklogSec: 60 };
  bench.platform.video.onRequest = (what) => (what === 'put' ? { status: 503 } : undefined);
  await bench.onlineAgent();
  const cancelled = (): StubSegment[] => bench.platform.video.segments.filter(({ state }) => state === 'cancelled');
  await bench.within(400_000, () => cancelled().length >= 1, 'an announced segment is cancelled', 40);
  bench.platform.video.onRequest = () => undefined;
  await bench.within(120_000, () => bench.platform.video.stored.length >= 3, 'newer segments are stored', 40);
  assert.deepEqual([...new Set(cancelled().map(({ cancelReason }) => cancelReason))], ['tooLate']);
});

test('killed in the middle of a segment the device loses at most the fragment it was writing', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.onRequest = (what) => (what === 'create' ? { status: 503 } : undefined);
  const first = await bench.onlineAgent();
  await bench.pass(17_500);
  const ringOfFirst = join(bench.stateDirectory, 'ring');
  await bench.until(
    () => fragmentsIn(ringOfFirst).length === 2 && fragmentsIn(ringOfFirst).every((count) => count >= 6),
    'the disk keeps up',
  );
  // What a killed process leaves: the files as they are now, copied before anything is closed.
  const crashed = join(bench.stateDirectory, 'crashed');
  await copyState(bench.stateDirectory, crashed);
  await first[Symbol.asyncDispose]();
  const ring = join(crashed, 'ring');
  for (const name of await readdir(ring)) {
    const { length } = await readFile(join(ring, name));
    // A write that was cut short.
    if (length < 300_000) await truncate(join(ring, name), length - 1_000);
  }
  bench.platform.video.onRequest = () => undefined;
  await bench.onlineAgent({ stateDirectory: crashed });
  await bench.within(30_000, () => bench.platform.video.stored.length >= 2, 'both segments are stored');
  const [whole, torn] = bench.platform.video.stored.toSorted((a, b) => a.create.startAt - b.create.startAt);
  assert.equal(whole?.confirm?.endAt, START_AT + 10_000);
  assert.equal(torn?.confirm?.startAt, START_AT + 10_000);
  assert.ok(
    torn?.confirm?.endAt >= START_AT + 15_000 && torn?.confirm?.endAt <= START_AT + 17_500,
    `${torn?.confirm?.endAt - START_AT} ms`,
  );
});

/** How many media fragments each file of the ring holds by now. */
function fragmentsIn(directory: string): readonly number[] {
  return readdirSync(directory).map((name) => readFileSync(join(directory, name)).toString('latin1').split('moof').length - 1);
}

async function copyState(from: string, to: string): Promise<void> {
  await mkdir(join(to, 'ring'), { recursive: true });
  for (const name of ['identity.key', 'config.json', 'journal', 'events'])
    await writeFile(join(to, name), await readFile(join(from, name)), { mode: 0o600 });
  for (const name of await readdir(join(from, 'ring'))) await writeFile(join(to, 'ring', name), await readFile(join(from, 'ring', name)));
}
