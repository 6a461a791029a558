import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startPlatformHere } from '../e2e/device-management/platform-here.ts';
import { ClusterHere } from '../support/cluster.ts';
import { unlimited } from '../support/platform-process.ts';
import { quantileMs, RevocationTrials, revocables, summaryOf, type Trial } from '../support/revocation-trials.ts';

/** Of each kind; a bus that is away is tried a quarter as often. */
const TRIALS = Number(process.env.TRIALS ?? 100);
/** From when the request is sent. */
const BOUND_MS = 1_000;
const ports = { 'rtsp.listen': '127.0.0.1:0', 'webrtc.listen': '127.0.0.1:0', 'rtmp.listen': 'off', 'wake.listen': 'off' };

async function tryAll(t: TestContext, trials: RevocationTrials, count: number): Promise<void> {
  for (const kind of revocables) {
    const ended: Trial[] = [];
    for (let trial = 0; trial < count; trial += 1) ended.push(await trials.run(kind));
    t.diagnostic(`${kind}: ${summaryOf(ended)}`);
    assert.ok(quantileMs(ended, 0.99) <= BOUND_MS, `${kind}: ${summaryOf(ended)}`);
  }
}

test('a hundred times each, a right that ends is over everywhere within a second', async (t) => {
  await using platform = await startPlatformHere({ ...ports, ...unlimited });
  await using trials = await RevocationTrials.open({ owner: platform.owner });
  await tryAll(t, trials, TRIALS);
});

test('on another process than the one where it ended, too, and also while the bus is away', async (t) => {
  await using cluster = await ClusterHere.start({ settings: ports });
  await cluster.startAccess('access-1');
  const { owner: there } = await cluster.startMedia('media-1');
  await using trials = await RevocationTrials.open({ owner: cluster.owner, viewersUrl: there.url });
  await tryAll(t, trials, TRIALS);
  const apart: Trial[] = [];
  for (let trial = 0; trial < TRIALS / 4; trial += 1) {
    apart.push(await trials.run('share', { onBegun: () => cluster.bus.pause() }));
    cluster.bus.resume();
  }
  t.diagnostic(`share, with the bus away: ${summaryOf(apart)}`);
  assert.ok(quantileMs(apart, 0.99) <= BOUND_MS, summaryOf(apart));
});
