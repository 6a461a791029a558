import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bytesReader, Fmp4Muxer, Mp4File } from '@cardea/media';
import { RECORDED_FILM, unfinishedSegment } from '../stub-platform/unfinished-segment.ts';
import { recoverSegment } from './segment-recovery.ts';

const FRAGMENT_PICTURES = 5;
const FRAGMENT_MS = 200;

let directory: string;
let init: Uint8Array;
/** A fifth of a second each. */
let fragments: readonly Uint8Array[];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-recovery-'));
  const file = await Mp4File.open(bytesReader(await readFile(RECORDED_FILM)));
  const tracks = file.tracks.filter(({ kind }) => kind === 'video');
  const [video] = tracks;
  assert.ok(video);
  const muxer = new Fmp4Muxer(tracks);
  init = muxer.initSegment();
  const units = await Promise.all(Array.from({ length: 3 * FRAGMENT_PICTURES }, (_, index) => file.readSample(video.id, index)));
  fragments = [0, 1, 2].map((index) => muxer.fragment(units.slice(index * FRAGMENT_PICTURES, (index + 1) * FRAGMENT_PICTURES), index + 1));
});

after(async () => {
  await rm(directory, { recursive: true });
});

/** What is recovered of a file that holds init segment, two fragments, and `end`. */
async function recoveredMs(end: Uint8Array): Promise<number | undefined> {
  const path = join(directory, 'segment.mp4');
  const whole = Buffer.concat([init, ...fragments.slice(0, 2)]);
  await writeFile(path, Buffer.concat([whole, end]));
  const recovered = await recoverSegment(path, unfinishedSegment);
  if (recovered?.endAt === unfinishedSegment.create.startAt + 2 * FRAGMENT_MS) assert.equal((await stat(path)).size, whole.length);
  return recovered === undefined ? undefined : recovered.endAt - unfinishedSegment.create.startAt;
}

function lastFragment(change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = Uint8Array.from(fragments[2] ?? []);
  change(bytes);
  return bytes;
}

test('a segment whose last fragment was cut short by the end of the device keeps what came before it', async () => {
  assert.equal(await recoveredMs(Buffer.alloc(0)), 400);
  assert.equal(await recoveredMs(lastFragment(() => {}).subarray(0, 700)), 400);
  assert.equal(await recoveredMs(lastFragment(() => {})), 600);
});

test('where a power cut left zeros instead of a fragment, or in the middle of one, what came before it is kept', async () => {
  assert.equal(await recoveredMs(Buffer.alloc(5_000)), 400);
  assert.equal(await recoveredMs(lastFragment((bytes) => bytes.fill(0, 8, 60))), 400);
  assert.equal(await recoveredMs(lastFragment((bytes) => bytes.fill(0, bytes.length - 300))), 400);
});

test('a file without one whole fragment is no segment', async () => {
  const path = join(directory, 'none.mp4');
  await writeFile(path, init);
  assert.equal(await recoverSegment(path, unfinishedSegment), undefined);
  assert.equal(await recoverSegment(join(directory, 'absent.mp4'), unfinishedSegment), undefined);
});
