import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from '@cardea/api';
import { ClusterHere } from '../support/cluster.ts';
import { makeFilm } from '../support/film.ts';
import { ReturningViewer } from '../support/returning-viewer.ts';
import { StampedCamera } from '../support/stamped-camera.ts';
import { CardeaProcess } from './cardea-process.ts';
import { eventually } from './eventually.ts';

/** Four viewers are eight tenths of it: the fifth is one too many for a server that has a stream. */
const MAX_SESSIONS = 5;
const AT_FIRST = 4;
const VIEWERS = 6;
/** Pictures a viewer may miss when its server is drained, in milliseconds. */
const LONGEST_GAP_MS = 3_000;
const REVOKED_WITHIN_MS = 1_000;

let stack: AsyncDisposableStack;
let cluster: ClusterHere;
let camera: StampedCamera;
const servers = new Map<string, { readonly node: string; readonly process: CardeaProcess }>();
const viewers: ReturningViewer[] = [];

before(async () => {
  await using starting = new AsyncDisposableStack();
  cluster = starting.use(await ClusterHere.start({ hub: 'scheduling,access,video,api', settings: { 'media.maxSessions': MAX_SESSIONS } }));
  await Promise.all(['media-1', 'media-2'].map(startMedia));
  const film = await makeFilm({ seconds: 4, kbps: 500, gopSec: 2 });
  camera = await StampedCamera.open(cluster.owner.url, film, { retry: { baseMs: 200, maxMs: 1_000 } });
  starting.defer(() => camera.device.stop());
  await camera.device.start();
  const { client, homeId } = cluster.owner;
  await camera.device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  starting.defer(async () => void (await Promise.all(viewers.map((viewer) => viewer.leave()))));
  stack = starting.move();
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

/** A process that does nothing but live video. */
async function startMedia(node: string): Promise<void> {
  const { process, url } = await cluster.startNode(node, 'media');
  servers.set(new URL(url).host, { node, process });
}

/** Resolves when it sees something. */
async function startViewer({ client } = cluster.owner): Promise<ReturningViewer> {
  const viewer = new ReturningViewer(client, camera.device.id);
  viewers.push(viewer);
  await eventually('a picture', async () => {
    if (viewer.seen.size > 0) return true;
    throw new Error(viewer.lastFault);
  });
  return viewer;
}

const countAt = (host: string | undefined): number => viewers.filter((viewer) => viewer.host === host).length;

async function allSee(what: string, watching: readonly ReturningViewer[] = viewers): Promise<void> {
  const nowMs = performance.now();
  await eventually(what, async () => (watching.every(({ seen }) => Math.max(...seen) > nowMs) ? true : undefined));
}

function otherThan(host: string | undefined): string {
  const [other = ''] = [...servers.keys()].filter((each) => each !== host);
  return other;
}

test('viewers of a camera fill one server of live video, the next ones watch at another, and the camera pushes once', async () => {
  const first = await startViewer();
  assert.ok(servers.has(first.host ?? ''), 'the address names the server that serves it');
  while (viewers.length < VIEWERS) await startViewer();
  // One or two may come before a server has said that it is full.
  assert.ok(countAt(first.host) >= AT_FIRST, `${countAt(first.host)} at the first`);
  assert.ok(countAt(otherThan(first.host)) >= 1, 'some at the other');
  assert.equal(camera.pushCount, 1);
});

test('a log-out ends what its user watches on every server within a second, and so does the end of one session', async (t) => {
  const { client, url } = cluster.owner;
  const body = { email: 'owner@example.org', password: 'correct horse battery' };
  const login = await createClient({ baseUrl: url }).call('session.create', { body });
  const second = { ...cluster.owner, client: createClient({ baseUrl: url, token: login.token }) };
  await viewers.pop()?.leave();
  const far = await startViewer(second);
  assert.equal(far.host, otherThan(viewers[0]?.host));
  // The other server takes a place, too.
  for (let left = 0; left < 2; left += 1) await viewers.shift()?.leave();
  const near = await eventually('a place at the first server', async () => {
    const viewer = await startViewer(second);
    if (viewer.host !== far.host) return viewer;
    await viewers.pop()?.leave();
    return undefined;
  });
  const goneAtMs = performance.now();
  await second.client.call('session.delete', { params: { id: 'current' } });
  await eventually('both to be refused', async () =>
    [near, far].every(({ lastFault }) => lastFault.includes('UNAUTHORIZED')) ? true : undefined,
  );
  const late = [near, far].map(({ lastAtMs }) => Math.round(lastAtMs - goneAtMs));
  t.diagnostic(`last picture after the log-out: ${late.join(' and ')} ms`);
  assert.ok(Math.max(...late) <= REVOKED_WITHIN_MS);
  await Promise.all([near, far].map((viewer) => viewer.leave()));
  viewers.splice(0, viewers.length, ...viewers.filter((viewer) => viewer !== near && viewer !== far));

  const [kept] = viewers;
  assert.ok(kept);
  const endedAtMs = performance.now();
  const { sessionId } = kept;
  await client.call('live.delete', { params: { sessionId } });
  await eventually('another session', async () => (kept.sessionId === sessionId ? undefined : true));
  assert.ok(performance.now() - endedAtMs <= REVOKED_WITHIN_MS, 'it came back by another session within a second');
});

test('a camera whose network does not lead to the server of its viewer brings the picture by way of another', async (t) => {
  const { client, homeId, url } = cluster.owner;
  const asked: string[] = [];
  const reaches = (host: string): boolean => {
    asked.push(host);
    return host !== asked[0];
  };
  await using stack = new AsyncDisposableStack();
  const other = await StampedCamera.open(url, await makeFilm({ seconds: 2, kbps: 500, gopSec: 2 }), { reaches });
  stack.defer(() => other.device.stop());
  await other.device.start();
  await other.device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  const sinceMs = performance.now();
  const viewer = stack.adopt(new ReturningViewer(client, other.device.id), (leaving) => leaving.leave());
  await eventually('a picture', async () => {
    if (viewer.seen.size > 0) return true;
    throw new Error(viewer.lastFault);
  });
  t.diagnostic(`first picture after ${Math.round(performance.now() - sinceMs)} ms`);
  assert.deepEqual(viewer.hosts, [asked[0]], 'it was not even told');
  assert.equal(new Set(asked).size, 2);
});

test('an operator drains the server a camera pushes to: the camera is led to another, and nobody misses three seconds', async (t) => {
  while (viewers.length < VIEWERS) await startViewer();
  const host = viewers[0]?.host ?? '';
  const server = servers.get(host);
  assert.ok(server);
  const pushes = camera.pushes;
  const sinceMs = performance.now();
  await allSee('everybody sees');
  await using operator = new CardeaProcess(['drain', '--node', server.node, '--bus', cluster.bus.url], { NODE_TEST_CONTEXT: undefined });
  assert.deepEqual([await operator.exited(), await server.process.exited()], [0, 0]);
  servers.delete(host);
  await eventually('nobody is at the old server', async () => (countAt(host) === 0 ? true : undefined));
  await allSee('everybody sees at the new server');
  const gaps = viewers.map((viewer) => Math.round(viewer.longestGapMs(sinceMs)));
  const sent = camera.stamps.filter((stamp) => stamp > sinceMs && stamp < performance.now() - 1_000);
  const missed = viewers.map(({ seen }) => sent.filter((stamp) => !seen.has(stamp)).length);
  t.diagnostic(`longest time without a picture: ${gaps.join(', ')} ms; of ${sent.length} pictures missed: ${missed.join(', ')}`);
  assert.ok(Math.max(...gaps) <= LONGEST_GAP_MS);
  assert.equal(camera.pushes, pushes, 'it was led there by its media server, in the session it had');
});

test('when the server a camera pushes to dies, viewers of another stay there and its own viewers come to that one', async () => {
  await startMedia('media-3');
  const host = viewers[0]?.host ?? '';
  const stranger = await startViewer();
  assert.notEqual(stranger.host, host);
  await servers.get(host)?.process.stop('SIGKILL');
  servers.delete(host);
  await allSee('everybody sees again');
  assert.equal(stranger.hosts.length, 1, 'it was not even told');
  assert.deepEqual(new Set(viewers.map((viewer) => viewer.host)), new Set(servers.keys()));
  assert.equal(camera.pushCount, 1);
});

test('without the bus nobody begins to watch, and a right that ends still ends', async () => {
  const { client, url } = cluster.owner;
  const body = { email: 'owner@example.org', password: 'correct horse battery' };
  const login = await createClient({ baseUrl: url }).call('session.create', { body });
  const leaving = createClient({ baseUrl: url, token: login.token });
  const viewer = await startViewer({ ...cluster.owner, client: leaving });
  await cluster.bus[Symbol.asyncDispose]();
  const ask = client.call('live.create', { params: { id: camera.device.id }, body: { channel: 1, stream: 'main' } });
  await assert.rejects(ask, { status: 503 });
  await allSee('who watches already sees on');
  await leaving.call('session.delete', { params: { id: 'current' } });
  const goneAtMs = performance.now();
  await eventually('it was refused', async () => {
    if (viewer.lastFault.includes('UNAUTHORIZED')) return true;
    throw new Error(viewer.lastFault);
  });
  assert.ok(viewer.lastAtMs - goneAtMs <= 2 * REVOKED_WITHIN_MS, `${viewer.lastAtMs - goneAtMs} ms`);
});
