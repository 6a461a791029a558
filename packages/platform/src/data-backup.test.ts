import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { SystemClock, silentLogger } from '@cardea/core';
import { backupData, restoreData } from './data-backup.ts';
import { makeSegments } from './video-service/fixtures/segment-maker.ts';
import { type Bench, CAMERA, HOME, OWNER, openBench } from './video-service/fixtures/video-bench.ts';
import { reportOf, segmentRequest, VrClient } from './video-service/fixtures/vr-client.ts';

const clock = new SystemClock();
const BEGIN = Math.floor(clock.now() / 1_000) * 1_000 - 3_600_000;

let directory: string;
let bench: Bench;
let client: VrClient;
let media: Uint8Array;
let count = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-backup-'));
  const [first] = await makeSegments(directory, { seconds: 1 });
  assert.ok(first);
  media = first;
  bench = await openBench({ directory: join(directory, 'data'), clock });
  await bench.service.start();
  client = new VrClient(await bench.listen(), await bench.tokenOf(CAMERA));
});

after(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function record(segments: number): Promise<void> {
  for (let index = 0; index < segments; index += 1) {
    count += 1;
    const startAt = BEGIN + count * 1_000;
    const created = await client.create(segmentRequest(bench.random.ulid(), startAt));
    await client.put(created, media);
    assert.equal((await client.confirm(created, reportOf(media, startAt))).status, 200);
  }
}

async function restored(data: string): Promise<number> {
  await using other = await openBench({ directory: data, clock, logger: silentLogger });
  await other.service.start();
  const report = await other.service.fsck({ deep: true });
  assert.deepEqual([report.differences, report.pending], [0, 0]);
  const { items } = await other.service.library.segments(await other.authorizer.device(OWNER, 'view.recordings', CAMERA), { limit: 200 });
  return items.length;
}

test('a backup of a platform that goes on recording is whole, and a restore gives all of it back', async () => {
  await record(5);
  const target = join(directory, 'backup');
  const [copied] = await Promise.all([backupData(join(directory, 'data'), target), record(5)]);
  assert.ok(copied.files >= 5 && copied.kept === 0);
  const again = await backupData(join(directory, 'data'), target);
  assert.ok(again.kept >= copied.files);
  await restoreData(target, join(directory, 'restored'));
  assert.equal(await restored(join(directory, 'restored')), 10);
  await assert.rejects(restoreData(target, join(directory, 'restored')), { status: 'INVALID_STATE' });
  await assert.rejects(backupData(join(directory, 'nothing'), target), { status: 'NOT_FOUND' });
});

test('a copy that is interrupted loses nothing and goes on where it was', async () => {
  await record(5);
  const target = join(directory, 'interrupted');
  const stopAfter = (files: number): { readonly signal: AbortSignal; readonly onProgress: (progress: { files: number }) => void } => {
    const end = new AbortController();
    return { signal: end.signal, onProgress: (progress) => progress.files >= files && end.abort() };
  };
  await assert.rejects(backupData(join(directory, 'data'), target, stopAfter(4)), { status: 'CANCELLED' });
  // As a copy leaves it whose machine lost its power.
  await mkdir(join(target, 'objects', 'h', HOME), { recursive: true });
  await writeFile(join(target, 'objects', 'h', HOME, 'torn.mp4.cardea-part'), 'half');
  const { kept } = await backupData(join(directory, 'data'), target);
  assert.equal(kept, 4);
  const data = join(directory, 'again');
  await assert.rejects(restoreData(target, data, stopAfter(3)), { status: 'CANCELLED' });
  assert.ok(!(await readdir(data)).includes('cardea.db'), 'no platform starts on half of the data');
  await restoreData(target, data);
  assert.equal(await restored(data), count);
});

test('a catalogue that names a file elsewhere has none of it copied, and a link among the recordings is not followed', async () => {
  await record(1);
  const data = join(directory, 'data');
  await writeFile(join(directory, 'secret'), 'secret');
  await symlink(directory, join(data, 'objects', 'h', 'link'));
  const target = join(directory, 'tricked');
  await backupData(data, target);
  assert.ok(!(await readdir(join(target, 'objects', 'h'))).includes('link'));
  const { id } = await bench.db.selectFrom('segment').select('id').where('state', '=', 'stored').limit(1).executeTakeFirstOrThrow();
  using catalogue = new DatabaseSync(join(data, 'cardea.db'));
  catalogue.prepare('UPDATE segment SET object_key = ? WHERE id = ?').run('../../secret', id);
  await assert.rejects(backupData(data, join(directory, 'tricked again')), { status: 'INVALID_PARAMS' });
  assert.ok(!(await readdir(directory, { recursive: true })).some((name) => /tricked.*secret/.test(name)));
});
