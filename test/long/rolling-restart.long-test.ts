import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { CardeaProcess } from '../e2e/cardea-process.ts';
import { onServer, ROUND_MS, shownAlarms, startFleet, startTraffic } from '../support/busy-fleet.ts';
import { ClusterHere } from '../support/cluster.ts';

const DEVICES = 200;
/** Each of them replaces one access server, the older of the two. */
const RESTARTS = Number(process.env.CARDEA_RESTARTS ?? 10);

async function vdUrlOf(server: CardeaProcess): Promise<string> {
  const [, address] = await server.printed(/^Cardea is ready at http(.+)$/);
  return `ws${address}/vd/v1`;
}

test(`access servers are replaced one after the other, ${RESTARTS} times in a row, and ${DEVICES} devices lose no call and no event`, async (t) => {
  await using cluster = await ClusterHere.start();
  const { owner } = cluster;
  const serving = [await cluster.startAccess('access-1'), await cluster.startAccess('access-2')];
  await using fleet = await startFleet(owner, { count: DEVICES });
  const { devices } = fleet;
  await using traffic = startTraffic(owner, devices);
  for (let restart = 0; restart < RESTARTS; restart += 1) {
    const [older] = serving.splice(0, 1);
    assert.ok(older);
    const url = await vdUrlOf(older);
    const moved = onServer(devices, url);
    serving.push(await cluster.startAccess(`access-${restart + 3}`));
    assert.equal(await older.stop('SIGTERM'), 0);
    assert.equal(onServer(devices, url), 0);
    await delay(ROUND_MS);
    t.diagnostic(`restart ${restart + 1}: ${moved} devices moved, ${traffic.calls} calls, ${traffic.events} events so far`);
    assert.deepEqual(traffic.failures, []);
  }
  await traffic.stop();
  assert.deepEqual(traffic.failures, []);
  assert.deepEqual(await shownAlarms(owner), { shown: traffic.events, different: traffic.events });
  const lost = devices.filter(({ attempts, moves }) => attempts - 1 !== moves);
  assert.deepEqual(lost.length, 0, 'every new connection was a move');
});
