import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { API_PATH, type Route, routes as table } from '@cardea/api';
import { createRandom, SystemClock, silentLogger } from '@cardea/core';
import type { FastifyInstance } from 'fastify';
import { loadConfig } from './config.ts';
import type { DirectHandler } from './http/direct-connection.ts';
import { HttpServer } from './http/http-server.ts';
import { createPlatform, type Platform } from './platform.ts';
import type { Db } from './store/ports.ts';
import { openSqlite } from './store/sql/sqlite.ts';
import { media, ofShares, sockets } from './testing/served-addresses.ts';

/** Shows nothing of any home. */
const open = [
  '/ca.crt',
  '/ca',
  '/ca/style.css',
  '/healthz',
  '/readyz',
  '/metrics',
  '/api/docs',
  '/api/docs/style.css',
  `${API_PATH}/openapi.json`,
  `${API_PATH}/*`,
];

/** For devices, by a token or ticket of their own: the tests beside each say what they refuse. */
const ofDevices = [
  '/vs/v1/schedule',
  '/vs/v1/schedules/:scheduleId',
  '/vr/v1/segments',
  '/vr/v1/segments/:segmentId/confirm',
  '/vr/v1/segments/:segmentId/cancel',
  '/vr/v1/server-info',
  '/vr/v1/statistics',
  '/vr/v1/uploads/:segmentId',
  '/vr/v1/objects/:ticketId',
  '/vr/v1/firmware/:firmwareId',
  '/vm/v1/whip/:sessionId',
  '/vm/v1/whip/:sessionId/:id',
];

/** Offered to by POST, and then at an address nobody can guess: whep-output.test.ts. */
const ofWebRtc = ['', '/:id'].map((path) => `/live/:deviceId/:channel/:stream/whep${path}`);

const absentId = '00000000000000000000000000';
const malformed = ['x', '%00', '..%2F..%2Fetc', "'--"];

interface World extends AsyncDisposable {
  readonly platform: Platform;
  readonly db: Db;
  /** As `METHOD /path`. */
  readonly served: readonly string[];
  readonly takers: readonly ((path: string) => boolean)[];
  /** What answers before any route is looked at. */
  readonly directs: readonly DirectHandler[];
}

async function start(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const served: string[] = [];
  const takers: ((path: string) => boolean)[] = [];
  const directs: DirectHandler[] = [];
  subscribe('fastify.initialization', (message) => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }) => void served.push(...[method].flat().map((name) => `${name} ${url}`)));
  });
  const { answerDirectly, onUpgrade } = HttpServer.prototype;
  HttpServer.prototype.answerDirectly = function watched(handler) {
    directs.push(handler);
    answerDirectly.call(this, handler);
  };
  HttpServer.prototype.onUpgrade = function watched(matches, handler) {
    takers.push(matches);
    onUpgrade.call(this, matches, handler);
  };
  stack.defer(() => {
    Object.assign(HttpServer.prototype, { answerDirectly, onUpgrade });
  });
  const data = await mkdtemp(join(tmpdir(), 'cardea-served-'));
  stack.defer(() => rm(data, { recursive: true }));
  const off = { 'rtsp.listen': 'off', 'rtmp.listen': 'off', 'wake.listen': 'off' };
  const config = loadConfig({ flags: { data, listen: '127.0.0.1:0', logLevel: 'silent', ...off } });
  const clock = new SystemClock();
  const platform = stack.use(await createPlatform({ config, clock, random: createRandom(clock), logger: silentLogger }));
  const db = await openSqlite(join(data, 'cardea.db'));
  stack.defer(() => db.destroy());
  const running = stack.move();
  return { platform, db, served, takers, directs, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** A request whose sender is gone, so that nothing has to be answered. */
function closedRequest(target: string): Parameters<DirectHandler>[0] {
  return { target, isClosed: true, onClosed: undefined, send: () => {}, destroy: () => {} };
}

async function settle({ accounts, homes }: Platform, name: string): Promise<{ readonly token: string; readonly homeId: string }> {
  const account = { email: `${name}@example.org`, name, password: 'correct horse battery' };
  const { token, user } = await accounts.register(account, { address: '192.0.2.1' });
  return { token, homeId: (await homes.create(user.id, { name: 'Home', timezone: 'UTC' })).id };
}

async function addDevice(db: Db, homeId: string): Promise<string> {
  const id = '7h3kq0v9xw2m5n8d1c4t6r0yzb';
  await db
    .insertInto('device')
    .values({
      ...{ id, home_id: homeId, name: 'Door', vendor: 'A', model: 'C', serial: '1', firmware: '1', hardware: null, channels: 1 },
      ...{ low_power: 0, disabled: 0, binding_epoch: 1, binding_id: 'b', bound_at: 1, bound_by: null, capabilities: null, cap_hash: null },
      ...{ config_version: null, boot_id: null, last_status: null, last_seen_at: null, created_at: 1 },
    })
    .execute();
  return id;
}

/** Everything a caller could tell two refusals apart by. */
async function traceOf(url: string, token?: string): Promise<{ readonly status: number; readonly trace: string }> {
  const response = await fetch(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  const { date: _date, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, trace: JSON.stringify([response.status, headers, await response.text()]) };
}

async function upgradeStatus(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const key = Buffer.from('0123456789abcdef').toString('base64');
  const asked = request(url, {
    headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key, ...headers },
  });
  asked.end();
  const [response] = await Promise.race([once(asked, 'response'), once(asked, 'upgrade')]);
  asked.destroy();
  return response.statusCode;
}

test('every route and socket of a whole platform is known by who may use it', async () => {
  await using world = await start();
  const ofApi = new Set((table as readonly Route[]).map(({ path }) => API_PATH + path.replace(/\{(\w+)\}/g, ':$1')));
  const known = new Set([...open, ...ofDevices, ...ofShares, ...ofWebRtc, ...Object.keys(media), ...ofApi]);
  const paths = new Set(world.served.map((line) => line.split(' ')[1]?.replace(/(?<=.)\/$/, '') ?? ''));
  assert.deepEqual(
    [...paths].filter((path) => !known.has(path)),
    [],
  );
  const addresses = sockets.map(({ address }) => new URL(address(absentId), 'http://h').pathname);
  for (const taker of world.takers) assert.equal(addresses.filter(taker).length, 1, String(taker));
  for (const address of addresses) assert.equal(world.takers.filter((taker) => taker(address)).length, 1, address);
});

test('what is answered before any route is looked at are playlists of live pictures and what they name', async () => {
  await using world = await start();
  const query = '?token=nonsense';
  const asked = [...open, ...Object.values(media).map((address) => address(absentId)), ...sockets.map(({ address }) => address(absentId))];
  const taken = [...asked, ...world.served.map((line) => line.split(' ')[1] ?? '')]
    .filter((address) => !address.includes('?'))
    .filter((address) => world.directs.some((direct) => direct(closedRequest(address + query)) || direct(closedRequest(address))));
  assert.deepEqual([...new Set(taken)].sort(), [
    `/live/${absentId}/1/main/index.m3u8`,
    `/live/${absentId}/1/main/segment-1.m4s`,
    '/live/:deviceId/:channel/:stream/index.m3u8',
  ]);
});

test('media of a device look to strangers as if there was no device, and to nobody at all as if nothing was there', async () => {
  await using world = await start();
  const { db, platform } = world;
  const [owner, stranger] = [await settle(platform, 'owner'), await settle(platform, 'stranger')];
  const deviceId = await addDevice(db, owner.homeId);
  const served = Object.entries(media).filter(([path]) => world.served.includes(`GET ${path}`));
  assert.ok(served.length >= 4);
  for (const [path, address] of served) {
    const refused = new Set<string>();
    for (const id of [deviceId, absentId, ...malformed]) {
      for (const query of ['', '?token=nonsense']) {
        const { status, trace } = await traceOf(`${platform.url}${address(id)}${query}`);
        assert.equal(status, 401, `${path} ${id}`);
        refused.add(trace);
      }
    }
    assert.equal(refused.size, 1, path);
    const foreign = new Set<string>();
    for (const id of [deviceId, absentId]) {
      const { status, trace } = await traceOf(platform.url + address(id), stranger.token);
      assert.equal(status, 404, `${path} ${id}`);
      foreign.add(trace);
    }
    assert.equal(foreign.size, 1, path);
    assert.notEqual((await traceOf(platform.url + address(deviceId), owner.token)).status, 401, path);
  }
});

test('no socket opens for nobody, for a stranger or for a page of another site', async () => {
  await using world = await start();
  const { db, platform } = world;
  const [owner, stranger] = [await settle(platform, 'owner'), await settle(platform, 'stranger')];
  const deviceId = await addDevice(db, owner.homeId);
  const asStranger = { authorization: `Bearer ${stranger.token}` };
  for (const { address, statuses } of sockets) {
    for (const id of [deviceId, absentId]) assert.ok(statuses.includes(await upgradeStatus(platform.url + address(id))), address(id));
    assert.ok([401, 404, 426].includes(await upgradeStatus(platform.url + address(deviceId), asStranger)), address(deviceId));
    const crossSite = { cookie: `cardea=${owner.token}`, origin: 'https://evil.example' };
    assert.ok([401, 403, 404, 426].includes(await upgradeStatus(platform.url + address(deviceId), crossSite)), address(deviceId));
  }
});
