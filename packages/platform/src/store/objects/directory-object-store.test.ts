import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { AppError, createRandom, silentLogger, VirtualClock } from '@cardea/core';
import type { Db } from '../ports.ts';
import { openSqlite } from '../sql/sqlite.ts';
import { DirectoryObjectStore } from './directory-object-store.ts';

const KEY = 'h/home/d/device/1/2026/01/02/03/04-05.678Z-segment.mp4';
const HELLO_SHA256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

const random = createRandom(new VirtualClock());
let directory: string;
let root: string;
let db: Db;
let store: DirectoryObjectStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-objects-'));
  root = join(directory, 'objects');
  db = await openSqlite(':memory:');
  store = openStore();
  await store.start();
});

afterEach(async () => {
  await db.destroy();
  await rm(directory, { recursive: true });
});

function openStore(): DirectoryObjectStore {
  return new DirectoryObjectStore({ root, db, random, logger: silentLogger });
}

function bytes(text: string): Readable {
  return Readable.from([Buffer.from(text)], { objectMode: false });
}

async function put(key: string, text: string): Promise<void> {
  const { uploadKey } = await store.receive(key, bytes(text), { maxBytes: 100 });
  await store.commit(key, uploadKey);
}

async function listed(): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key, kind } of store.list('')) keys.push(`${kind} ${key}`);
  return keys;
}

function isStatus(status: string): (error: unknown) => boolean {
  return (error) => error instanceof AppError && error.status === status;
}

/** The catalogue with one stored segment, which makes the volume matter. */
async function storeARow(): Promise<void> {
  const place = { id: 's', home_id: 'home', device_id: 'device', channel: 1, stream: 'main', kind: 'event', codecs: 'avc1' };
  const rest = { client_segment_id: 'c', create_hash: '', state: 'stored', start_at: 0, object_key: KEY, locked: 0, recovered: 0 } as const;
  await db
    .insertInto('segment')
    .values({ ...place, ...rest, binding_epoch: 1, created_at: 0, confirm_before: 0 })
    .execute();
}

test('bytes are invisible until they are committed, then whole, with size and digest told', async () => {
  const { uploadKey, ...received } = await store.receive(KEY, bytes('hello'), { maxBytes: 5 });
  assert.deepEqual(received, { sizeBytes: 5, sha256: HELLO_SHA256 });
  await assert.rejects(store.read(KEY), isStatus('NOT_FOUND'));
  await store.commit(KEY, uploadKey);
  assert.equal((await buffer(await store.read(KEY))).toString(), 'hello');
  assert.equal((await buffer(await store.read(KEY, { start: 1, end: 3 }))).toString(), 'ell');
  assert.equal((await store.stat(KEY)).sizeBytes, 5);
  assert.equal(await readFile(join(root, KEY), 'utf8'), 'hello');
  assert.deepEqual(await listed(), [`object ${KEY}`]);
});

test('an open object is read at random and ends where it ends', async () => {
  await put(KEY, 'hello');
  await using object = await store.open(KEY);
  assert.equal(object.sizeBytes, 5);
  assert.equal(Buffer.from(await object.read(3, 10)).toString(), 'lo');
  assert.equal((await object.read(9, 10)).length, 0);
});

test('recordings are for the user of the platform alone', async () => {
  await put(KEY, 'hello');
  assert.equal((await stat(join(root, KEY))).mode & 0o777, 0o600);
  assert.equal((await stat(root)).mode & 0o777, 0o700);
});

test('a commit may be repeated, and one without bytes fails', async () => {
  const { uploadKey } = await store.receive(KEY, bytes('hello'), { maxBytes: 5 });
  await store.commit(KEY, uploadKey);
  await store.commit(KEY, uploadKey);
  const other = await store.receive('a/b', bytes('hello'), { maxBytes: 5 });
  await store.discard(other.uploadKey);
  await store.discard(other.uploadKey);
  await assert.rejects(store.commit('a/b', other.uploadKey), isStatus('OBJECT_MISSING'));
  await assert.rejects(store.commit('a/c', other.uploadKey), isStatus('INVALID_PARAMS'));
});

test('too many bytes and torn uploads leave nothing, and a source that is too long stays usable', async () => {
  const long = new Readable({ read: () => {} });
  long.push(Buffer.from('hello!'));
  await assert.rejects(store.receive(KEY, long, { maxBytes: 5 }), isStatus('TOO_LARGE'));
  assert.equal(long.destroyed, false);
  const torn = Readable.from(
    (async function* () {
      yield Buffer.from('hel');
      throw new TypeError('connection lost');
    })(),
    { objectMode: false },
  );
  await assert.rejects(store.receive(KEY, torn, { maxBytes: 5 }), isStatus('CANCELLED'));
  assert.deepEqual(await listed(), []);
});

test('uploads of one key do not touch each other, and each commit counts as a whole', async () => {
  const first = await store.receive(KEY, bytes('one'), { maxBytes: 5 });
  const second = await store.receive(KEY, bytes('two'), { maxBytes: 5 });
  await store.commit(KEY, second.uploadKey);
  assert.equal((await buffer(await store.read(KEY))).toString(), 'two');
  assert.deepEqual(await listed(), [`upload ${first.uploadKey}`, `object ${KEY}`]);
});

test('forty commits at once into one directory all succeed', async () => {
  const keys = Array.from({ length: 40 }, (_, index) => `h/x/${index}.mp4`);
  await Promise.all(keys.map((key) => put(key, key)));
  assert.equal((await listed()).length, 40);
});

test('a removed object is gone, removing it again is fine', async () => {
  await put(KEY, 'hello');
  await store.remove(KEY);
  await store.remove(KEY);
  await store.remove('never/was/there');
  await assert.rejects(store.stat(KEY), isStatus('NOT_FOUND'));
  assert.deepEqual(await readdir(join(root, KEY, '..')), []);
});

test('what a file browser leaves behind is not listed, what nobody knows can be put aside and is never replaced there', async () => {
  await put('h/a.mp4', 'one');
  await writeFile(join(root, 'h', '.DS_Store'), '');
  await writeFile(join(root, 'h', 'a copy.mp4'), '');
  assert.deepEqual(await listed(), ['object h/a.mp4']);
  await store.quarantine('h/a.mp4');
  await put('h/a.mp4', 'two');
  await store.quarantine('h/a.mp4');
  const kept = await readdir(join(root, 'quarantine', 'h'));
  assert.equal(kept.length, 2);
  assert.deepEqual((await Promise.all(kept.map((name) => readFile(join(root, 'quarantine', 'h', name), 'utf8')))).sort(), ['one', 'two']);
});

test('no key leads out of the directory', async () => {
  await writeFile(join(directory, 'secret'), 'secret');
  const escapes = [
    '../secret',
    'h/../../secret',
    '/etc/passwd',
    'h//x',
    'h/./x',
    '.',
    '..',
    '',
    'h/',
    '/h',
    'h/..',
    'h\\..\\x',
    'h/\0',
    'h/%2e%2e/x',
  ];
  const odd = ['h/.hidden', 'h/ x', 'h/ü', 'h/a\nb', 'quarantine/x', 'x'.repeat(121), `${'a/'.repeat(300)}a`, '.cardea-volume'];
  for (const key of [...escapes, ...odd]) {
    const refusals = [
      () => store.receive(key, bytes('x'), { maxBytes: 5 }),
      () => store.commit(key, `${key}.01KDVBH0000000000000000001.part`),
      () => store.discard(key),
      () => store.remove(key),
      () => store.read(key),
      () => store.stat(key),
      () => store.open(key),
      () => store.quarantine(key),
    ];
    for (const refusal of refusals) await assert.rejects(refusal(), isStatus('INVALID_PARAMS'), key);
  }
  assert.deepEqual((await readdir(directory)).sort(), ['objects', 'secret']);
});

test('an unmounted disk is not mistaken for an empty one', async () => {
  await put(KEY, 'hello');
  await storeARow();
  await rename(root, join(directory, 'unmounted'));
  await mkdir(root);
  await assert.rejects(store.receive('h/new', bytes('x'), { maxBytes: 5 }), isStatus('NO_CAPACITY'));
  await assert.rejects(
    openStore().start(),
    (error) => isStatus('INVALID_STATE')(error) && /carries no identity marker: is its disk mounted/.test(String(error)),
  );
  assert.deepEqual(await readdir(root), []);
  await rm(root, { recursive: true });
  await rename(join(directory, 'unmounted'), root);
  await put('h/new', 'x');
  await openStore().start();
});

test('the disk of another installation is refused while this one has recordings, and taken while it has none', async () => {
  const otherDb = await openSqlite(':memory:');
  await new DirectoryObjectStore({ root, db: otherDb, random, logger: silentLogger }).start();
  await otherDb.destroy();
  await writeFile(join(root, '.cardea-volume'), 'another\n');
  await openStore().start();
  await storeARow();
  await openStore().start();
  await writeFile(join(root, '.cardea-volume'), 'a third\n');
  await assert.rejects(openStore().start(), isStatus('INVALID_STATE'));
});

test('nothing is written before the volume was accepted', async () => {
  const idle = openStore();
  assert.equal(idle.sound, false);
  await assert.rejects(idle.receive(KEY, bytes('x'), { maxBytes: 5 }), isStatus('NO_CAPACITY'));
});

test('uploads beyond the limit are told to come back', async () => {
  const narrow = new DirectoryObjectStore({ root, db, random, logger: silentLogger, maxUploads: 1 });
  await narrow.start();
  const slow = new Readable({ read: () => {} });
  const first = narrow.receive('h/first', slow, { maxBytes: 5 });
  await assert.rejects(
    narrow.receive('h/second', bytes('x'), { maxBytes: 5 }),
    (error) => error instanceof AppError && error.retryAfterMs === 1_000,
  );
  slow.push(Buffer.from('done'));
  slow.push(null);
  assert.equal((await first).sizeBytes, 4);
});

test('bytes that come in pieces of any size are stored as they came, with their digest', async () => {
  const whole = Buffer.alloc(900_001, 'all that a camera saw ');
  const sizes = [1, 65_536, 300_000, 7, 65_536, 65_536, 65_536, 65_536];
  async function* pieces() {
    let at = 0;
    for (const size of [...sizes, ...Array.from({ length: 100 }, () => 64), whole.length]) {
      // Parts of one piece of memory, which stays whole.
      yield whole.subarray(at, at + size);
      at += size;
    }
  }
  const { uploadKey, ...received } = await store.receive(KEY, Readable.from(pieces(), { objectMode: false }), { maxBytes: whole.length });
  assert.deepEqual(received, { sizeBytes: 900_001, sha256: '2f20897b0b5bf66bc43d18127227288ae335081da279a5e6f05ff2f4a372b46f' });
  await store.commit(KEY, uploadKey);
  assert.ok((await buffer(await store.read(KEY))).equals(whole));
});
