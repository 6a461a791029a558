import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { eventually } from '../e2e/eventually.ts';
import { type ChurnCounts, churn } from '../support/churning-viewer.ts';
import { startPlatformProcess, unlimited } from '../support/platform-process.ts';
import { openDescriptors, residentMb, slopeOf } from '../support/process-usage.ts';
import { seeded, seedOfRun } from '../support/seeded.ts';

/** `CARDEA_CHURN_MINUTES`; memory is judged from ten minutes on, when the noise of garbage collection is below its limit. */
const MINUTES = Number(process.env.CARDEA_CHURN_MINUTES ?? 30);
const JUDGED_FROM_MINUTES = 10;
const CAMERAS = 20;
const VIEWERS = 100;
const SAMPLE_MS = 5_000;
/** Connections of this test that are kept open to be used again. */
const SPARE_DESCRIPTORS = 8;
const MAX_MB_PER_MINUTE = 1;

test(`${VIEWERS} viewers that come and go for ${MINUTES} minutes over ${CAMERAS} cameras leave nothing behind`, async (context) => {
  const seed = seedOfRun();
  context.diagnostic(`SEED=${seed}`);
  await using platform = await startPlatformProcess(unlimited);
  const { owner, pid } = platform;
  const fleet = [
    'device',
    'simulate',
    '--platform',
    owner.url,
    '--count',
    String(CAMERAS),
    '--token',
    owner.token,
    '--fault',
    'flaky-network',
  ];
  await using _cameras = new CardeaProcess(fleet, { NODE_TEST_CONTEXT: undefined });
  const deviceIds = await eventually(
    'all cameras online',
    async () => {
      const { items } = await owner.client.call('device.list', { query: { limit: CAMERAS } });
      const online = items.filter(({ state, capabilities }) => state === 'online' && capabilities !== undefined);
      return online.length === CAMERAS ? online.map(({ id }) => id) : undefined;
    },
    120_000,
  );
  const descriptorsBefore = openDescriptors(pid);

  const stopping = new AbortController();
  const counts: ChurnCounts = { views: 0, blank: {}, broken: 0, lastFault: '', bytes: 0 };
  const next = seeded(seed);
  const viewers = Array.from({ length: VIEWERS }, () => churn({ client: owner.client, deviceIds, random: next, counts }, stopping.signal));
  const memoryMb: number[] = [];
  for (const endMs = performance.now() + MINUTES * 60_000; performance.now() < endMs; ) {
    await delay(SAMPLE_MS);
    memoryMb.push(residentMb(pid));
  }
  stopping.abort();
  await Promise.all(viewers);

  const warm = memoryMb.slice(Math.floor(memoryMb.length / 3));
  const mbPerMinute = slopeOf(warm) * (60_000 / SAMPLE_MS);
  const figures = { ...counts, memoryMb: [memoryMb[0], warm[0], warm.at(-1)].map((mb) => Math.round(mb ?? 0)), mbPerMinute };
  context.diagnostic(JSON.stringify(figures));
  assert.ok(counts.views > VIEWERS * MINUTES, `${counts.views} views`);
  const blank = Object.values(counts.blank).reduce((sum, count) => sum + count, 0);
  assert.ok(blank < counts.views / 20, `${blank} long views of ${counts.views} showed nothing`);
  if (MINUTES >= JUDGED_FROM_MINUTES) assert.ok(mbPerMinute < MAX_MB_PER_MINUTE, `${mbPerMinute} MB per minute`);

  await eventually(
    'descriptors back where they were',
    async () => (openDescriptors(pid) <= descriptorsBefore + SPARE_DESCRIPTORS ? true : undefined),
    150_000,
  );
  context.diagnostic(`descriptors: ${descriptorsBefore} before, ${openDescriptors(pid)} after`);
});
