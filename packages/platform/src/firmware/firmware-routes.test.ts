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
import { newTask } from './upgrade-tasks.ts';

const CAMERA = 'abcdefghjkmnpqrstvwxyz0123';
const camera = {
  ...{ id: CAMERA, home_id: 'H', name: 'Porch', vendor: 'V', model: 'Porch 4', serial: '1', firmware: '1.0.0', hardware: null },
  ...{ channels: 1, low_power: 0, disabled: 0, binding_epoch: 1, binding_id: 'B', bound_at: 1, bound_by: null },
  ...{ capabilities: null, cap_hash: null, config_version: null, boot_id: null, last_status: null, last_seen_at: null, created_at: 1 },
};
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
  await db.insertInto('device').values(camera).execute();
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
  return { catalogue, clock, db, objects, principal, add };
}

test('a device fetches an image in ranges at an address of its own, for a day', async (t) => {
  const { catalogue, clock, principal, add } = await open(t);
  const { id, sizeBytes } = await add('owner', '0123456789');
  assert.equal(sizeBytes, 10);
  const { url } = await catalogue.offer(await catalogue.find(principal('owner'), id), CAMERA);
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

test('the address of an image is worth nothing once the device has left its home', async (t) => {
  const { catalogue, db, principal, add } = await open(t);
  const { id } = await add('owner', '0123456789');
  const { url } = await catalogue.offer(await catalogue.find(principal('owner'), id), CAMERA);
  assert.equal((await fetch(url)).status, 200);
  await db.updateTable('device').set({ binding_epoch: 2, home_id: null }).where('id', '=', CAMERA).execute();
  assert.equal((await fetch(url)).status, 403);
  assert.equal((await fetch(url.replace('epoch=1', 'epoch=2'))).status, 401);
});

test('firmware is removed with its bytes by whoever manages its home, but not while a device is to install it', async (t) => {
  const { catalogue, db, objects, principal, add } = await open(t);
  const { id } = await add('owner', '0123456789');
  const { object_key: key } = await catalogue.find(principal('owner'), id);
  const campaign = { id: 'C', firmware_id: id, created_by: 'owner', wave: 0, halt_at_failure_pct: 3, created_at: 1, ended_at: null };
  await db
    .insertInto('firmware_campaign')
    .values({ ...campaign, state: 'running' })
    .execute();
  const task = newTask({ id: 'T', deviceId: CAMERA, homeId: 'H', version: '1.1.0', now: 1 });
  await db
    .insertInto('firmware_task')
    .values({ ...task, campaign_id: 'C', wave: 0 })
    .execute();
  const remove = (userId = 'owner') => catalogue.remove(principal(userId), id);
  await assert.rejects(remove('guest'), { status: 'NOT_FOUND' });
  await assert.rejects(remove(), { status: 'INVALID_STATE' });
  await db.updateTable('firmware_campaign').set({ state: 'halted', ended_at: 2 }).execute();
  await assert.rejects(remove(), { status: 'INVALID_STATE' });
  await db.updateTable('firmware_task').set({ state: 'failed', ended_at: 2 }).execute();
  await remove();
  await assert.rejects(remove(), { status: 'NOT_FOUND' });
  await assert.rejects(objects.stat(key), { status: 'NOT_FOUND' });
  assert.equal((await db.selectFrom('firmware_task').select('campaign_id').executeTakeFirstOrThrow()).campaign_id, null);
  assert.equal((await add('owner', 'other bytes')).version, '1.1.0');
});
