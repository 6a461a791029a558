import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createRandom, silentLogger, VirtualClock } from '@cardea/core';
import { HttpServer } from '../http/http-server.ts';
import { InProcessBus } from '../store/bus/in-process-bus.ts';
import { DirectoryObjectStore } from '../store/objects/directory-object-store.ts';
import { openSqlite } from '../store/sql/sqlite.ts';
import { UrlSigner } from '../tokens/url-signer.ts';
import { registerUploadRoutes } from './upload-routes.ts';
import { Uploads } from './uploads.ts';

const HOME = '01KDVBH0000000000000000001';
const OTHER_HOME = '01KDVBH0000000000000000002';
const CAMERA = 'abcdefghjkmnpqrstvwxyz0123';
const DAY_MS = 86_400_000;
const START_AT = 1_767_225_600_000;
const request = { kind: 'snapshot', homeId: HOME, deviceId: CAMERA, reference: 'event/1', contentType: 'image/jpeg' } as const;

async function open(t: { after(close: () => Promise<void>): void }) {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-uploads-'));
  const clock = new VirtualClock(START_AT);
  const random = createRandom(clock);
  const db = await openSqlite(join(directory, 'cardea.db'));
  for (const id of [HOME, OTHER_HOME])
    await db.insertInto('home').values({ id, name: 'Home', timezone: 'UTC', created_at: START_AT }).execute();
  const device = { name: 'Camera', vendor: 'v', model: 'm', serial: 's', firmware: '1', channels: 1, low_power: 0, disabled: 0 };
  await db
    .insertInto('device')
    .values({ ...device, id: CAMERA, home_id: HOME, binding_epoch: 1, created_at: START_AT })
    .execute();
  const objects = new DirectoryObjectStore({ root: join(directory, 'objects'), db, random, logger: silentLogger });
  await objects.start();
  const server = new HttpServer({ logger: silentLogger });
  let origin = '';
  const signer = new UrlSigner(new Uint8Array(32).fill(7), clock);
  const bus = new InProcessBus(silentLogger);
  const uploads = new Uploads({ db, bus, objects, signer, clock, random, logger: silentLogger, publicUrl: () => origin });
  registerUploadRoutes(server.app, uploads, { logger: silentLogger, clock });
  origin = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  t.after(async () => {
    await server[Symbol.asyncDispose]();
    await uploads[Symbol.asyncDispose]();
    await db.destroy();
    await rm(directory, { recursive: true });
  });
  const mint = (maxBytes = 100) => uploads.mint({ ...request, maxBytes, ttlMs: 60_000 });
  const uploading = async (): Promise<readonly string[]> =>
    (await readdir(join(directory, 'objects', 'h'), { recursive: true }).catch(() => [])).filter((name) => name.endsWith('.part'));
  return { db, bus, clock, objects, uploads, mint, uploading };
}

const put = async (url: string, body: string): Promise<number> => (await fetch(url, { method: 'PUT', body })).status;

test('a picture put at its ticket is stored, announced once it is durable, and read back', async (t) => {
  const { mint, uploads } = await open(t);
  const announced: string[] = [];
  uploads.onStored('snapshot', async (stored) => {
    announced.push(Buffer.concat([await buffer(await uploads.read(stored))]).toString());
  });
  const ticket = await mint();
  assert.equal(await put(ticket.url, 'a picture'), 201);
  assert.deepEqual(announced, ['a picture']);
  const [stored] = await uploads.list({ homeId: HOME, deviceId: CAMERA, kind: 'snapshot', reference: 'event/1' });
  assert.deepEqual(stored, {
    ...{ id: ticket.ticketId, kind: 'snapshot', homeId: HOME, deviceId: CAMERA, reference: 'event/1', contentType: 'image/jpeg' },
    ...{ sizeBytes: 9, sha256: '92b2fa58028958317e408bd84ecfa70f5ee35b121991dbc232c49d166353708b', storedAt: START_AT },
  });
});

test('the same bytes again are confirmed again, other bytes are refused', async (t) => {
  const { mint, uploads } = await open(t);
  const { url, ticketId } = await mint();
  assert.equal(await put(url, 'one'), 201);
  assert.equal(await put(url, 'one'), 201);
  assert.equal(await put(url, 'two'), 409);
  assert.equal((await buffer(await uploads.read({ id: ticketId, homeId: HOME }))).toString(), 'one');
});

test('what was not allowed is refused: a changed ticket, too many bytes, too late, another method', async (t) => {
  const { clock, mint } = await open(t);
  const { url } = await mint(4);
  const other = await mint();
  assert.equal(await put(url.replace('maxBytes=4', 'maxBytes=400'), 'large'), 403);
  assert.equal(await put(url.replace(/objects\/\w+/, `objects/${other.ticketId}`), 'x'), 403);
  assert.equal(await put(url, 'large'), 413);
  assert.equal((await fetch(url)).status, 405);
  await clock.advance(60_001);
  assert.equal(await put(url, 'late'), 403);
});

test('a ticket dies with the binding it was made under', async (t) => {
  const { db, mint, uploads } = await open(t);
  const { url } = await mint();
  await db.updateTable('device').set({ home_id: OTHER_HOME, binding_epoch: 2 }).execute();
  assert.equal(await put(url, 'a picture'), 403);
  await assert.rejects(uploads.mint({ ...request, maxBytes: 1, ttlMs: 1_000 }), { status: 'NOT_BOUND' });
});

test('what a camera is sending when it leaves its home is broken off, and nothing of it stays', async (t) => {
  const { bus, db, mint, objects, uploading, uploads } = await open(t);
  uploads.start();
  const { url } = await mint();
  const leave = (): Promise<unknown> => db.updateTable('device').set({ home_id: OTHER_HOME, binding_epoch: 2 }).execute();
  const slow = send(url, { method: 'PUT', headers: { 'content-length': 9 } });
  const ended = new Promise<unknown>((resolve) => slow.once('response', ({ statusCode }) => resolve(statusCode)).once('error', resolve));
  slow.write('a pic');
  while ((await uploading()).length === 0) await setImmediate();
  await leave();
  bus.publish({ type: 'revoked', scope: 'device', id: CAMERA });
  assert.notEqual(await ended, 201);
  assert.deepEqual(await uploading(), []);
  for await (const { key } of objects.list('h')) assert.fail(key);
});

test('another home cannot read an object, and old ones are removed with their bytes', async (t) => {
  const { clock, mint, objects, uploads } = await open(t);
  const { url, ticketId } = await mint();
  assert.equal(await put(url, 'a picture'), 201);
  await assert.rejects(uploads.find(OTHER_HOME, ticketId), { status: 'NOT_FOUND' });
  await assert.rejects(uploads.read({ id: ticketId, homeId: OTHER_HOME }), { status: 'NOT_FOUND' });
  await clock.advance(31 * DAY_MS);
  await uploads.sweep(new AbortController().signal);
  await assert.rejects(uploads.find(HOME, ticketId), { status: 'NOT_FOUND' });
  for await (const { key } of objects.list('h')) assert.fail(key);
});

test('what a device left behind in a home it is in no more is removed with its bytes', async (t) => {
  const { db, mint, objects, uploads } = await open(t);
  const { url, ticketId } = await mint();
  assert.equal(await put(url, 'a picture'), 201);
  await uploads.sweep(new AbortController().signal);
  assert.equal((await uploads.find(HOME, ticketId)).id, ticketId);
  await db.updateTable('device').set({ home_id: OTHER_HOME, binding_epoch: 2 }).execute();
  await uploads.sweep(new AbortController().signal);
  await assert.rejects(uploads.find(HOME, ticketId), { status: 'NOT_FOUND' });
  for await (const { key } of objects.list('h')) assert.fail(key);
});
