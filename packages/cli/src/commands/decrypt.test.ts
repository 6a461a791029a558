import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SegmentSealer } from '@cardea/media';

const bin = join(import.meta.dirname, '..', '..', 'bin', 'cardea.js');
const PASSPHRASE = 'correct horse battery';

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-decrypt-'));
});
after(() => rm(directory, { recursive: true }));

function cardea(...args: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(process.execPath, [bin, ...args], { input: `${PASSPHRASE}\n`, cwd: directory, encoding: 'utf8', timeout: 60_000 });
}

function box(type: string, content: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, Buffer.from(content)]);
}

test('a key made at the command line opens what was encrypted for it; of what was cut off, what is left', async () => {
  const made = cardea('recipient', 'create', '--out', 'my.key', '--passphrase-stdin');
  assert.equal(made.status, 0);
  const init = Buffer.concat([box('ftyp', 'iso6    '), box('moov', 'tracks')]);
  const fragments = ['one', 'two'].map((text) => Buffer.concat([box('moof', 'run'), box('mdat', text)]));
  const subject = {
    deviceId: '47z33qx1ajh62rkbz1a08vyj4w',
    channel: 1,
    stream: 'main',
    segmentId: '01KDVBW3GQ2T4W6Y8B0D1F3H5K',
    startAt: 1,
  };
  const sealer = await SegmentSealer.create(init, subject, [Buffer.from(made.stdout.trim(), 'base64url')]);
  const sealed = await Promise.all(fragments.map((fragment, index) => sealer.seal(fragment, { index, last: index === 1 })));
  await writeFile(join(directory, 'whole.mp4'), Buffer.concat([sealer.init, ...sealed]));
  await writeFile(join(directory, 'cut.mp4'), Buffer.concat([sealer.init, ...sealed.slice(0, 1)]));

  const opened = cardea('decrypt', 'whole.mp4', '--key', 'my.key', '--passphrase-stdin', '--json');
  assert.equal(opened.status, 0);
  const { out, complete, recipients: _, ...rest } = JSON.parse(opened.stdout);
  assert.deepEqual([out, complete, rest], ['whole.open.mp4', true, subject]);
  assert.deepEqual(await readFile(join(directory, out)), Buffer.concat([init, ...fragments]));

  assert.equal(cardea('decrypt', 'cut.mp4', '--key', 'my.key', '--passphrase-stdin').status, 1);
  assert.deepEqual(await readFile(join(directory, 'cut.open.mp4')), Buffer.concat([init, ...fragments.slice(0, 1)]));
});
