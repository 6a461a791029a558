import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { AppError, createRandom, SystemClock, silentLogger } from '@cardea/core';
import type { Db } from '../../ports.ts';
import { openSqlite } from '../../sql/sqlite.ts';
import { type FaultProxy, startFaultProxy } from '../fixtures/fault-proxy.ts';
import { type Radosgw, startRadosgw } from '../fixtures/radosgw.ts';
import type { DirectUploads } from '../object-store.ts';
import { parseS3Address } from './s3-address.ts';
import { S3Bucket, type S3Keys } from './s3-bucket.ts';
import { S3ObjectStore } from './s3-object-store.ts';

const KEY = 'h/home/d/device/1/2026/01/02/03/04-05.678Z-01KDVBW3GQ2T4W6Y8B0D1F3H01.mp4';
const HELLO_SHA256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
/** Longer than any request takes, shorter than anybody wants to wait. */
const REQUEST_MS = 3_000;
const clock = new SystemClock();
const random = createRandom(clock);

let gateway: Radosgw;
let proxy: FaultProxy;
let bucket: S3Bucket;
let db: Db;
let store: S3ObjectStore;

let absence: string | undefined;

before(async () => {
  try {
    gateway = await startRadosgw();
  } catch (error) {
    absence = `the object gateway of Ceph does not run here: ${String(error)}`;
    return;
  }
  await gateway.makeBucket('recordings');
  proxy = await startFaultProxy(gateway.endpoint);
});

/** A test that needs the store; where it cannot run, that is said. */
function s3test(name: string, run: () => Promise<void>): void {
  test(name, async (context) => {
    if (absence === undefined) await run();
    else context.skip(absence);
  });
}

after(async () => {
  bucket?.close();
  await proxy?.[Symbol.asyncDispose]();
  await gateway?.[Symbol.asyncDispose]();
});

let prefix = 0;

/** Each test has a part of the bucket to itself. */
beforeEach(async () => {
  if (absence !== undefined) return;
  prefix += 1;
  bucket?.close();
  bucket = await openBucket(`test-${prefix}`);
  db = await openSqlite(':memory:');
  store = openStore(bucket);
  await store.start();
  proxy.seen.length = 0;
});

async function openBucket(place: string, keys: S3Keys = gateway): Promise<S3Bucket> {
  return await S3Bucket.open(parseS3Address(`s3://recordings/${place}?endpoint=${encodeURIComponent(proxy.endpoint)}`), keys, REQUEST_MS);
}

function openStore(of: S3Bucket): S3ObjectStore {
  return new S3ObjectStore({ bucket: of, db, clock, random, logger: silentLogger, direct: true });
}

function direct(): DirectUploads {
  assert.ok(store.direct);
  return store.direct;
}

function bytes(content: string | Uint8Array): Readable {
  return Readable.from([Buffer.from(content)], { objectMode: false });
}

async function put(key: string, content: string): Promise<void> {
  const { uploadKey } = await store.receive(key, bytes(content), { maxBytes: 100 });
  await store.commit(key, uploadKey);
}

async function text(key: string, range?: { start: number; end: number }): Promise<string> {
  return (await buffer(await store.read(key, range))).toString();
}

async function listed(below = ''): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key, kind } of store.list(below)) keys.push(`${kind} ${key}`);
  return keys;
}

/** What a device does with an upload ticket. */
async function bring(key: string, content: string): Promise<number> {
  const { url, headers } = await direct().address(key, {
    uploadId: random.ulid(),
    contentType: 'video/mp4',
    expiresAt: clock.now() + 60_000,
  });
  const { status } = await fetch(url, { method: 'PUT', headers, body: content });
  return status;
}

function isStatus(status: string): (error: unknown) => boolean {
  return (error) => error instanceof AppError && error.status === status;
}

s3test('bytes are invisible until they are committed, then whole, with size and digest told', async () => {
  const { uploadKey, ...received } = await store.receive(KEY, bytes('hello'), { maxBytes: 5 });
  assert.deepEqual(received, { sizeBytes: 5, sha256: HELLO_SHA256 });
  await assert.rejects(store.read(KEY), isStatus('NOT_FOUND'));
  await store.commit(KEY, uploadKey, { kind: 'event', note: 'Tür' });
  assert.equal(await text(KEY), 'hello');
  assert.equal(await text(KEY, { start: 1, end: 3 }), 'ell');
  const { sizeBytes, facts } = await store.stat(KEY);
  assert.deepEqual([sizeBytes, facts], [5, { kind: 'event', note: 'Tür' }]);
  assert.deepEqual(await listed(), [`object ${KEY}`]);
  await using object = await store.open(KEY);
  assert.equal(Buffer.from(await object.read(3, 10)).toString(), 'lo');
  assert.equal((await object.read(9, 10)).length, 0);
});

s3test('a commit may be repeated, one without bytes fails, and a removed object is gone', async () => {
  const { uploadKey } = await store.receive(KEY, bytes('hello'), { maxBytes: 5 });
  await store.commit(KEY, uploadKey);
  await store.commit(KEY, uploadKey);
  const other = await store.receive('a/b', bytes('hello'), { maxBytes: 5 });
  await store.discard(other.uploadKey);
  await assert.rejects(store.commit('a/b', other.uploadKey), isStatus('OBJECT_MISSING'));
  await assert.rejects(store.commit('a/c', other.uploadKey), isStatus('INVALID_PARAMS'));
  await store.remove(KEY);
  await store.remove(KEY);
  assert.deepEqual(await listed(), []);
});

s3test('a large object comes in parts, and one that is too large or torn leaves nothing', async () => {
  const large = Buffer.alloc(20 * 1024 * 1024, 'cardea');
  const { uploadKey, sha256 } = await store.receive('firmware/one.bin', Readable.from(piecesOf(large), { objectMode: false }), {
    maxBytes: large.length,
  });
  await store.commit('firmware/one.bin', uploadKey);
  assert.equal(sha256, createHash('sha256').update(large).digest('hex'));
  assert.equal(
    createHash('sha256')
      .update(await buffer(await store.read('firmware/one.bin')))
      .digest('hex'),
    sha256,
  );
  await assert.rejects(
    store.receive(KEY, Readable.from(piecesOf(large), { objectMode: false }), { maxBytes: 9_000_000 }),
    isStatus('TOO_LARGE'),
  );
  assert.deepEqual(await listed(), ['object firmware/one.bin']);
});

async function* piecesOf(whole: Uint8Array): AsyncIterable<Uint8Array> {
  for (let offset = 0; offset < whole.length; offset += 60_000) yield whole.subarray(offset, offset + 60_000);
}

s3test('a device brings bytes straight to the bucket, and what counts is what it was said to be', async () => {
  assert.equal(await bring(KEY, 'hellx'), 200);
  assert.equal(await bring(KEY, 'hello'), 200);
  await assert.rejects(direct().claim(KEY, { maxBytes: 4 }), isStatus('OBJECT_MISMATCH'));
  await assert.rejects(direct().claim(KEY, { maxBytes: 9, expected: { sizeBytes: 5, sha256: 'ff' } }), isStatus('OBJECT_MISMATCH'));
  const expected = { sizeBytes: 5, sha256: HELLO_SHA256 };
  const claimed = await direct().claim(KEY, { maxBytes: 9, expected, facts: { stream: 'main' } });
  assert.deepEqual(claimed, { uploadKey: KEY, ...expected });
  await store.commit(KEY, claimed.uploadKey);
  assert.deepEqual((await store.stat(KEY)).facts, { stream: 'main' });
  assert.deepEqual(await listed(), [`object ${KEY}`]);
  await assert.rejects(direct().claim('h/nothing', { maxBytes: 9 }), isStatus('OBJECT_MISSING'));
});

s3test('an upload ticket opens one hidden name for PUT of one type, and cannot touch a stored object', async () => {
  await put(KEY, 'hello');
  const right = { uploadId: random.ulid(), contentType: 'video/mp4', expiresAt: clock.now() + 60_000 };
  const { url, headers } = await direct().address(KEY, right);
  const tries: readonly (readonly [string, RequestInit])[] = [
    [url, { method: 'GET' }],
    [url, { method: 'DELETE' }],
    [url, { method: 'PUT', headers: { 'content-type': 'text/html' }, body: 'x' }],
    [url.replace(/\.part\?/, '.parx?'), { method: 'PUT', headers, body: 'x' }],
    [url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=600000'), { method: 'PUT', headers, body: 'x' }],
  ];
  for (const [address, init] of tries) assert.equal((await fetch(address, init)).status, 403, `${init.method} ${address}`);
  assert.equal((await fetch(url, { method: 'PUT', headers, body: 'other' })).status, 200);
  assert.equal(await text(KEY), 'hello');
});

s3test('the bucket of another platform is refused while this one has recordings', async () => {
  const place = { id: 's', home_id: 'home', device_id: 'device', channel: 1, stream: 'main', kind: 'event', codecs: 'avc1' };
  const rest = { client_segment_id: 'c', create_hash: '', state: 'stored', start_at: 0, object_key: KEY, locked: 0, recovered: 0 } as const;
  await db
    .insertInto('segment')
    .values({ ...place, ...rest, binding_epoch: 1, created_at: 0, confirm_before: 0 })
    .execute();
  await openStore(bucket).start();
  const elsewhere = await openBucket('elsewhere');
  await assert.rejects(
    openStore(elsewhere).start(),
    (error) => isStatus('INVALID_STATE')(error) && /carries no identity marker/.test(String(error)),
  );
  elsewhere.close();
});

s3test('of two platforms that take an empty bucket at once, one is refused', async () => {
  // The marker appears between the look and the conditional write.
  proxy.next((method, url) => method === 'GET' && url.includes('.cardea-volume'), { kind: 'status', status: 404 });
  await assert.rejects(openStore(bucket).start(), (error) => isStatus('INVALID_STATE')(error) && /another platform/.test(String(error)));
});

s3test('a platform that takes an empty bucket and does not hear that it has it takes it all the same', async () => {
  await using fresh = await openSqlite(':memory:');
  const place = await openBucket('fresh');
  proxy.next((method, url) => method === 'PUT' && url.includes('.cardea-volume'), { kind: 'loseAnswer' });
  const taking = new S3ObjectStore({ bucket: place, db: fresh, clock, random, logger: silentLogger, direct: true });
  await taking.start();
  assert.ok(taking.sound);
  assert.equal(proxy.seen.filter((request) => request.startsWith('PUT') && request.includes('.cardea-volume')).length, 2);
  place.close();
});

s3test('wrong keys, a missing bucket and an absent store are told apart', async () => {
  const wrong = await openBucket('x', { ...gateway, secretKey: 'wrong' });
  await assert.rejects(openStore(wrong).start(), /refuses objects\.accessKey for bucket recordings/);
  const absent = await S3Bucket.open(parseS3Address(`s3://no-such-bucket?endpoint=${encodeURIComponent(gateway.endpoint)}`), gateway);
  await assert.rejects(openStore(absent).start(), /has no bucket no-such-bucket/);
  const nowhere = await S3Bucket.open(parseS3Address('s3://recordings?endpoint=http%3A%2F%2F127.0.0.1%3A9'), gateway);
  await assert.rejects(openStore(nowhere).start(), isStatus('NO_CAPACITY'));
  await assert.rejects(S3Bucket.open(parseS3Address('s3://recordings'), { accessKey: '', secretKey: '' }), /needs objects\.accessKey/);
  for (const one of [wrong, absent, nowhere]) one.close();
});

test('an address of a store that is none says what is wrong with it', () => {
  for (const [address, fault] of [
    ['s3://', /not the name of a bucket/],
    ['s3://recordings?zone=1', /there is no zone/],
    ['s3://key:secret@recordings', /keys are given by/],
    ['s3://recordings?endpoint=ftp://x', /endpoint is not an origin/],
    ['http://recordings', /http: is not s3:/],
  ] as const) {
    assert.throws(() => parseS3Address(address), fault);
  }
  const { bucket: name, prefix: below, region } = parseS3Address('s3://recordings/a/b/?region=eu-central-1');
  assert.deepEqual([name, below, region], ['recordings', 'a/b/', 'eu-central-1']);
});

const uploads = (method: string, url: string): boolean => method === 'PUT' && url.includes('.part');

s3test('a store that is busy or loses an answer is asked again, and in the end the device is told to wait', async () => {
  proxy.next(uploads, { kind: 'status', status: 503 }, { kind: 'loseAnswer' });
  await put(KEY, 'hello');
  assert.equal(await text(KEY), 'hello');
  proxy.next(uploads, ...Array.from({ length: 3 }, () => ({ kind: 'status', status: 503 }) as const));
  await assert.rejects(
    put('h/second', 'hello'),
    (error) => isStatus('NO_CAPACITY')(error) && error instanceof AppError && error.retryAfterMs === 5_000,
  );
  assert.deepEqual(await listed('h/home'), [`object ${KEY}`]);
});

s3test('two conditional writes at once are a reason to wait, not to fail for good', async () => {
  proxy.next(uploads, { kind: 'status', status: 409 });
  await assert.rejects(put(KEY, 'hello'), isStatus('NO_CAPACITY'));
  await put(KEY, 'hello');
});

s3test(
  'bytes that change on the way in are refused by the store, and on the way out found before a device is told they are kept',
  async () => {
    proxy.next(uploads, { kind: 'flipSent' });
    await assert.rejects(put(KEY, 'hello'), isStatus('INTERNAL_ERROR'));
    await bring(KEY, 'hello');
    proxy.next((method, url) => method === 'GET' && url.includes('.mp4') && !url.includes('list-type'), { kind: 'flip' });
    const expected = { sizeBytes: 5, sha256: HELLO_SHA256 };
    await assert.rejects(direct().claim(KEY, { maxBytes: 9, expected }), isStatus('OBJECT_MISMATCH'));
    assert.deepEqual(await direct().claim(KEY, { maxBytes: 9, expected }), { uploadKey: KEY, ...expected });
  },
);

s3test('a store that stalls is asked again', async () => {
  proxy.next(uploads, { kind: 'stall' });
  await put(KEY, 'hello');
  assert.equal(proxy.seen.filter((request) => request.startsWith('PUT') && request.includes('.part')).length, 2);
});
