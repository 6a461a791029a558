import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordOffline } from '../stub-platform/offline-recordings.ts';
import type { StubRequest } from '../stub-platform/stub-video-service.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

const MINUTE_MS = 60_000;
const MINUTES = 24 * 60;
const LIVE_WITHIN_MS = 5_000;
const QUOTA_BYTES = 1_000_000_000;

test('after a day without a platform every recording arrives once, beside what is new, and is freed when it is stored', async () => {
  await using bench = await TestBench.open();
  bench.clock.jump(25 * 60 * MINUTE_MS);
  const offline = await recordOffline(bench, { minutes: MINUTES, quotaBytes: QUOTA_BYTES });
  const { video } = bench.platform;
  const backOnlineAt = bench.clock.now();
  const isOld = (segmentId: string): boolean =>
    offline.has(video.segments.find((one) => one.segmentId === segmentId)?.create.clientSegmentId);
  const open = new Set<string>();
  let mostOpen = 0;
  const heldBack: string[] = [];
  const delaysMs: number[] = [];
  video.onRequest = (what: string, { path, bytes }: StubRequest) => {
    const segmentId = /01KDVBW3T4D1F3H5K7N9Q\d{5}/.exec(path)?.[0] ?? '';
    if (!isOld(segmentId)) {
      if (what === 'confirm') delaysMs.push(bench.clock.now() - JSON.parse(bytes.toString('utf8')).endAt);
      return undefined;
    }
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
  assert.equal(mostOpen, 1);
  assert.ok(Math.max(...delaysMs) < LIVE_WITHIN_MS, `what is new was stored after ${Math.max(...delaysMs)} ms`);
  const fresh = video.stored.filter(({ create }) => create.startAt >= backOnlineAt).map(({ create }) => create.startAt);
  const passed = bench.clock.now() - backOnlineAt;
  assert.ok(fresh.length >= Math.floor(passed / 10_000) - 2, `${fresh.length} new segments in ${passed} ms`);
  await bench.until(() => [...offline].every((id) => !existsSync(join(bench.stateDirectory, 'ring', `${id}.mp4`))), 'all is freed');
});
