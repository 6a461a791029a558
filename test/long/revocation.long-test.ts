import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterHere } from '../support/cluster.ts';
import { startPlatformProcess, unlimited } from '../support/platform-process.ts';
import { longestMs, quantileOf, type Tried, tableOf } from '../support/revocation-table.ts';
import { RevocationTrials, revocables, type Trial } from '../support/revocation-trials.ts';

/** Of each kind in one process; half as many with another one, a quarter of API tokens and with the bus away. */
const TRIALS = Number(process.env.TRIALS ?? 100);
const FEWER = Math.ceil(TRIALS / 4);
/** From when the request is sent. */
const BOUND_MS = 1_000;
const ports = { 'rtsp.listen': '127.0.0.1:0', 'webrtc.listen': '127.0.0.1:0', 'rtmp.listen': 'off', 'wake.listen': 'off' };

async function tryAll(trials: RevocationTrials, where: string, count: number): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  for (const kind of revocables) {
    tried.push({ name: `${kind}, ${where}`, trials: await trials.run(kind, kind === 'token' ? FEWER : count) });
  }
  return tried;
}

async function inOneProcess(): Promise<readonly Tried[]> {
  await using platform = await startPlatformProcess({ ...ports, ...unlimited });
  await using trials = await RevocationTrials.open({ owner: platform.owner });
  return await tryAll(trials, 'one process', TRIALS);
}

async function inTwoProcesses(): Promise<readonly Tried[]> {
  await using cluster = await ClusterHere.start({ settings: ports });
  await cluster.startAccess('access-1');
  const { owner: there } = await cluster.startMedia('media-1');
  await using trials = await RevocationTrials.open({ owner: cluster.owner, viewersUrl: there.url });
  const tried = await tryAll(trials, 'another process', Math.ceil(TRIALS / 2));
  const apart: Trial[] = [];
  for (let trial = 0; trial < FEWER; trial += 1) {
    apart.push(...(await trials.run('share', 1, { onBegun: () => cluster.bus.pause() })));
    cluster.bus.resume();
  }
  return [...tried, { name: 'share, bus away', trials: apart }];
}

test('a right that ends is over everywhere within a second, in one process, on another one, and while the bus is away', async (t) => {
  const tried = [...(await inOneProcess()), ...(await inTwoProcesses())];
  for (const line of tableOf(tried)) t.diagnostic(line);
  for (const { name, trials } of tried) assert.ok(quantileOf(longestMs(trials), 0.99) <= BOUND_MS, name);
});
