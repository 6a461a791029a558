import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createRandom, silentLogger, VirtualClock } from '@cardea/core';
import { Authorizer } from '../authorization/authorizer.ts';
import { HttpServer } from '../http/http-server.ts';
import { DirectoryObjectStore } from '../store/objects/directory-object-store.ts';
import { openSqlite } from '../store/sql/sqlite.ts';
import { UrlSigner } from '../tokens/url-signer.ts';
import { FirmwareCatalogue } from './firmware-catalogue.ts';
import { registerFirmwareRoutes } from './firmware-routes.ts';

const CAMERA = 'abcdefghjkmnpqrstvwxyz0123';
const claim = { model: 'Porch 4', version: '1.1.0', signature: 'AAAA' };

async function open(t: { after(close: () => Promise<void>): void }) {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-firmware-'));
  const clock = new VirtualClock();
  const random = createRandom(clock);
  const db = await openSqlite(join(directory, 'cardea.db'));
  const member = { home_id: 'H', role: 'owner', devices: '["*"]', created_at: 1 };
  await db.insertInto('home').values({ id: 'H', name: 'Home', timezone: 'UTC', created_at: 1 }).execute();
  await db
    .insertInto('home_member')
    .values({ ...member, user_id: 'owner', actions: '["manage"]' })
    .execute();
  await db
    .insertInto('home_member')
    .values({ ...member, user_id: 'guest', actions: '["view.live"]' })
    .execute();
  const objects = new DirectoryObjectStore({ root: join(directory, 'objects'), db, random, logger: silentLogger });
  await objects.start();
  const server = new HttpServer({ logger: silentLogger });
  let origin = '';
  const signer = new UrlSigner(new Uint8Array(32).fill(7), clock);
  const authorizer = new Authorizer({ db, clock });
  const catalogue = new FirmwareCatalogue({ db, objects, authorizer, signer, clock, random, publicUrl: () => origin });
  registerFirmwareRoutes(server.app, catalogue, { logger: silentLogger });
  origin = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  t.after(async () => {
    await server[Symbol.asyncDispose]();
    await db.destroy();
    await rm(directory, { recursive: true });
  });
  const principal = (userId: string) => ({ userId, userSessionId: 's', authenticatedAt: clock.now() });
  const add = (userId: string, bytes: string) => catalogue.add(principal(userId), claim, Readable.from([Buffer.from(bytes)]));
  return { catalogue, clock, principal, add };
}

test('a device fetches an image in ranges at an address of its own, for a day', async (t) => {
  const { catalogue, clock, principal, add } = await open(t);
  const { id, sizeBytes } = await add('owner', '0123456789');
  assert.equal(sizeBytes, 10);
  const { url } = catalogue.offer(await catalogue.find(principal('owner'), id), CAMERA);
  assert.equal(await (await fetch(url)).text(), '0123456789');
  const rest = await fetch(url, { headers: { range: 'bytes=4-' } });
  assert.deepEqual([rest.status, rest.headers.get('content-range'), await rest.text()], [206, 'bytes 4-9/10', '456789']);
  assert.equal((await fetch(url, { headers: { range: 'bytes=10-' } })).status, 416);
  assert.equal((await fetch(url.replace(CAMERA, CAMERA.replace('a', 'b')))).status, 401);
  await clock.advance(24 * 60 * 60_000 + 1);
  assert.equal((await fetch(url)).status, 403);
});

test('only who manages a home adds firmware to it and sees it, after a fresh log-in', async (t) => {
  const { catalogue, clock, principal, add } = await open(t);
  await assert.rejects(add('guest', 'image'), { status: 'FORBIDDEN' });
  const { id } = await add('owner', 'image');
  assert.equal((await add('owner', 'image')).id, id);
  await assert.rejects(add('owner', 'other'), { status: 'DUPLICATE' });
  assert.deepEqual(await catalogue.list(principal('guest')), []);
  await assert.rejects(catalogue.find(principal('guest'), id), { status: 'NOT_FOUND' });
  const early = principal('owner');
  await clock.advance(5 * 60_000 + 1);
  await assert.rejects(catalogue.add(early, claim, Readable.from(['x'])), { status: 'FORBIDDEN', details: { stepUp: true } });
});
