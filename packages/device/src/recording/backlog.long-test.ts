import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRandom, silentLogger } from '@cardea/core';
import type { StubRequest } from '../stub-platform/stub-video-service.ts';
import { TestBench } from '../stub-platform/test-bench.ts';
import { SegmentRing } from './segment-ring.ts';

const MINUTE_MS = 60_000;
const MINUTES = 24 * 60;
const QUOTA_BYTES = 1_000_000_000;

/** What a device has on its disk that recorded for a day without a platform, until a minute ago. */
async function recordADay(bench: TestBench): Promise<ReadonlySet<string>> {
  await using ring = await SegmentRing.open({ stateDirectory: bench.stateDirectory, quotaBytes: QUOTA_BYTES, logger: silentLogger });
  const random = createRandom(bench.clock);
  const spanId = random.ulid();
  const ids = new Set<string>();
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const clientSegmentId = random.ulid();
    const bytes = Buffer.from(`recording of minute ${minute}`);
    const startAt = bench.clock.now() - (MINUTES + 1 - minute) * MINUTE_MS;
    const what = { clientSegmentId, channel: 1, stream: 'main', kind: 'continuous', container: 'fmp4', codecs: 'avc1.64001f' } as const;
    const create = { ...what, startAt, durationMs: MINUTE_MS, spanId, index: minute };
    await writeFile(ring.pathOfId(clientSegmentId), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await ring.put({ create, target: 'cloud', state: 'recorded', endAt: startAt + MINUTE_MS, sizeBytes: bytes.length, sha256 });
    ids.add(clientSegmentId);
  }
  return ids;
}

test('after a day without a platform every recording arrives once, beside what is new, and is freed when it is stored', async () => {
  await using bench = await TestBench.open();
  bench.clock.jump(25 * 60 * MINUTE_MS);
  const offline = await recordADay(bench);
  const { video } = bench.platform;
  const backOnlineAt = bench.clock.now();
  const isOld = (segmentId: string): boolean =>
    offline.has(video.segments.find((one) => one.segmentId === segmentId)?.create.clientSegmentId);
  const open = new Set<string>();
  let mostOpen = 0;
  const heldBack: string[] = [];
  video.onRequest = (what: string, { path }: StubRequest) => {
    const segmentId = /01KDVBW3T4D1F3H5K7N9Q\d{5}/.exec(path)?.[0] ?? '';
    if (!isOld(segmentId)) return undefined;
    if (what === 'put') {
      open.add(segmentId);
      mostOpen = Math.max(mostOpen, open.size);
    }
    if (what === 'confirm') {
      open.delete(segmentId);
      const id = video.segments.find((one) => one.segmentId === segmentId)?.create.clientSegmentId;
      if (existsSync(join(bench.stateDirectory, 'ring', `${id}.mp4`))) heldBack.push(segmentId);
    }
    return undefined;
  };
  await bench.onlineAgent({ quotaBytes: QUOTA_BYTES });
  const old = () => video.stored.filter(({ create }) => offline.has(create.clientSegmentId));
  await bench.within(60 * MINUTE_MS, () => old().length === MINUTES, 'the day is stored');
  assert.deepEqual(new Set(old().map(({ create }) => create.clientSegmentId)), offline);
  assert.ok(old().every(({ puts }) => puts === 1));
  assert.equal(heldBack.length, MINUTES, 'the file was there until the platform said stored');
  // Half of the two uploads at once that a platform allows.
  assert.equal(mostOpen, 1);
  const fresh = video.stored.filter(({ create }) => create.startAt >= backOnlineAt).map(({ create }) => create.startAt);
  const passed = bench.clock.now() - backOnlineAt;
  assert.ok(fresh.length >= Math.floor(passed / 10_000) - 2, `${fresh.length} new segments in ${passed} ms`);
  await bench.until(() => [...offline].every((id) => !existsSync(join(bench.stateDirectory, 'ring', `${id}.mp4`))), 'all is freed');
});
