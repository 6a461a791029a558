import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@cardea/api';
import { eventually } from '../e2e/eventually.ts';
import { ROUND_MS, shownAlarms, startFleet, startTraffic } from '../support/busy-fleet.ts';
import { ClusterHere } from '../support/cluster.ts';
import { makeFilm } from '../support/film.ts';
import { ReturningViewer } from '../support/returning-viewer.ts';
import { recorded } from '../support/segment-device.ts';
import { StampedCamera } from '../support/stamped-camera.ts';
import { startStoring } from '../support/storing.ts';

const DEVICES = 50;
const VIEWERS = 4;
const STORING = 4;
/** P11 of the reliability targets. */
const LONGEST_GAP_MS = 3_000;

test('every kind of process is restarted once, and no call, no event and no recording is lost and no viewer misses three seconds', async (t) => {
  await using cluster = await ClusterHere.start({ hub: 'api' });
  const scheduling = await cluster.startNode('scheduling-1', 'scheduling');
  await cluster.startNode('video-1', 'video');
  const access = await cluster.startNode('access-1', 'access');
  const media = await cluster.startNode('media-1', 'media');
  const api = await cluster.startNode('api-1', 'api');
  // What stands before the processes of the API leads each request to the newest.
  let front = api.url;
  const fetchInFront: typeof fetch = (input, init) => fetch(String(input).replace(cluster.owner.url, front), init);
  const client = createClient({ baseUrl: cluster.owner.url, token: cluster.owner.token, fetch: fetchInFront });
  const owner = { ...cluster.owner, client };
  const home = { ...owner, url: scheduling.url };

  await using fleet = await startFleet(home, { count: DEVICES });
  const film = await makeFilm({ seconds: 4, kbps: 500, gopSec: 2 });
  const camera = await StampedCamera.open(scheduling.url, film, { retry: { baseMs: 200, maxMs: 1_000 } });
  await using _camera = { [Symbol.asyncDispose]: () => camera.device.stop() };
  await camera.device.start();
  await camera.device.bind((await client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} })).code);
  const viewers = Array.from({ length: VIEWERS }, () => new ReturningViewer(client, camera.device.id));
  await using _viewers = { [Symbol.asyncDispose]: async () => void (await Promise.all(viewers.map((viewer) => viewer.leave()))) };
  await eventually('everybody sees the camera', async () => (viewers.every(({ seen }) => seen.size > 0) ? true : undefined));
  await using storing = await startStoring(home, { count: STORING, segment: recorded(film, 4_000) });
  await using traffic = startTraffic(owner, fleet.devices);

  /** Whether everything went on meanwhile. */
  const during = async (name: string, restart: () => Promise<unknown>): Promise<void> => {
    const [stored, fromMs] = [storing.stored, performance.now()];
    await delay(ROUND_MS);
    await restart();
    await delay(ROUND_MS);
    await eventually('recordings are stored again', async () => (storing.stored > stored + STORING ? true : undefined));
    const gapMs = Math.max(...viewers.map((viewer) => viewer.longestGapMs(fromMs)));
    t.diagnostic(
      `${name}: ${traffic.calls} calls, ${traffic.events} events, ${storing.stored} recordings, longest pause ${Math.round(gapMs)} ms`,
    );
    assert.deepEqual([traffic.failures, storing.failures], [[], []], name);
    assert.ok(gapMs <= LONGEST_GAP_MS, `${name}: ${gapMs} ms without a picture`);
  };
  await during('access', async () => {
    await cluster.startNode('access-2', 'access');
    assert.equal(await access.process.stop('SIGTERM'), 0);
  });
  await during('media', async () => {
    await cluster.startNode('media-2', 'media');
    assert.equal(await media.process.stop('SIGTERM'), 0);
  });
  await during('api', async () => {
    front = (await cluster.startNode('api-2', 'api')).url;
    assert.equal(await api.process.stop('SIGTERM'), 0);
  });
  await during('scheduling', () => cluster.restart('scheduling-1', 'SIGTERM'));
  await during('video', () => cluster.restart('video-1', 'SIGTERM'));

  await Promise.all([traffic.stop(), storing.stop()]);
  assert.deepEqual([traffic.failures, storing.failures], [[], []]);
  assert.deepEqual(await shownAlarms(owner), { shown: traffic.events, different: traffic.events });
  assert.equal(await storing.shown(), storing.stored);
});
