import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CASE_FORMAT, type CaseManifest, tarEnd, tarHeader, tarPadding, verifyCase } from '@cardea/api';
import { NoCase, openCase } from './open-case.ts';

const files = [1, 2, 3].map((number) => ({ name: `segments/0000${number}.mp4`, bytes: Buffer.alloc(700 * number, number) }));
const segments = files.map(({ name, bytes }, index) => ({
  file: name,
  id: `S${index}`,
  clientSegmentId: '01KDVBW3GQ2T4W6Y8B0D1F3H5K',
  kind: 'continuous',
  startAt: 1_767_268_800_000 + index,
  endAt: 1_767_268_801_000 + index,
  sizeBytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
}));
const manifest: CaseManifest = {
  format: CASE_FORMAT,
  exportedAt: 1_767_268_900_000,
  exporter: { id: 'user', name: 'Ada' },
  homeId: 'home',
  device: { id: '47z33qx1ajh62rkbz1a08vyj4w', name: 'Garden', publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
  channel: 1,
  stream: 'main',
  from: 1_767_268_800_000,
  to: 1_767_268_900_000,
  segments,
  gaps: [],
};

let directory: string;
let archive: string;
let folder: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-open-case-'));
  archive = join(directory, 'case.tar');
  folder = join(directory, 'case');
  const all = [{ name: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) }, ...files];
  const parts = all.flatMap(({ name, bytes }) => [
    ...[tarHeader({ name: `case/${name}`, sizeBytes: bytes.length }, manifest.exportedAt), bytes, tarPadding(bytes.length)],
  ]);
  await writeFile(archive, Buffer.concat([...parts, tarEnd]));
  execFileSync('tar', ['xf', archive, '-C', directory]);
});

after(() => rm(directory, { recursive: true }));

/** What is wrong with the files; that nobody signed them is another matter. */
async function faultsOf(path: string) {
  const opened = await openCase(path);
  const { faults } = await verifyCase(opened.manifest, opened.files);
  return faults.filter(({ kind }) => kind !== 'unsigned');
}

async function copy(): Promise<string> {
  const path = await mkdtemp(join(directory, 'copy-'));
  await cp(folder, path, { recursive: true });
  return path;
}

test('the archive and the folder that tar makes of it are the same case', async () => {
  for (const path of [archive, folder]) {
    const opened = await openCase(path);
    assert.deepEqual(opened.manifest, manifest);
    assert.equal(opened.manifestSha256, createHash('sha256').update(JSON.stringify(manifest)).digest('hex'));
    assert.deepEqual(
      opened.files.names.toSorted(),
      files.map(({ name }) => name),
    );
    assert.deepEqual(await faultsOf(path), []);
  }
});

test('a changed byte is named, in the archive too', async () => {
  const path = await copy();
  const [one, two] = files;
  await writeFile(join(path, one?.name ?? ''), Buffer.alloc(700, 9));
  assert.deepEqual(await faultsOf(path), [{ kind: 'changed', file: one?.name }]);
  const bytes = await readFile(archive);
  const at = bytes.indexOf(two?.bytes ?? '');
  assert.ok(at > 0);
  bytes[at] = 0xff;
  const other = join(directory, 'changed.tar');
  await writeFile(other, bytes);
  assert.deepEqual(await faultsOf(other), [{ kind: 'changed', file: two?.name }]);
});

test('a file that is gone, one that is too much and two that changed places are named', async () => {
  const [one = '', two = '', three = ''] = files.map(({ name }) => name);
  const missing = await copy();
  await rm(join(missing, two));
  await writeFile(join(missing, 'segments', 'more.mp4'), 'more');
  assert.deepEqual(await faultsOf(missing), [
    { kind: 'missing', file: two },
    { kind: 'unlisted', file: 'segments/more.mp4' },
  ]);
  const swapped = await copy();
  await rename(join(swapped, one), join(swapped, 'kept'));
  await rename(join(swapped, three), join(swapped, one));
  await rename(join(swapped, 'kept'), join(swapped, three));
  assert.deepEqual(await faultsOf(swapped), [
    { kind: 'changed', file: one, holds: three },
    { kind: 'changed', file: three, holds: one },
  ]);
});

test('what is cut short, has another form or is not there is no case', async () => {
  const cut = join(directory, 'cut.tar');
  await writeFile(cut, (await readFile(archive)).subarray(0, 3_000));
  const text = join(directory, 'text.tar');
  await writeFile(text, 'no archive at all');
  const other = await copy();
  await writeFile(join(other, 'manifest.json'), JSON.stringify({ ...manifest, segments: [{ ...segments[0], file: 'segments/../../x' }] }));
  for (const path of [cut, text, other, directory, join(directory, 'nothing')]) await assert.rejects(openCase(path), NoCase);
});
