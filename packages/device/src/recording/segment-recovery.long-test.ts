import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createRandom, SystemClock } from '@cardea/core';
import { type AccessUnit, bytesReader, Fmp4Muxer, Mp4File } from '@cardea/media';
import { RECORDED_FILM, unfinishedSegment } from '../stub-platform/unfinished-segment.ts';
import { recoverSegment } from './segment-recovery.ts';

const SECONDS = 60;
const FRAGMENTS_PER_SECOND = 2;
const CUTS = 10_000;
const run = promisify(execFile);

interface Recording {
  readonly bytes: Uint8Array;
  readonly initBytes: number;
  /** Where each fragment ends, and how many pictures are whole by then. */
  readonly fragments: readonly { readonly end: number; readonly pictures: number }[];
}

/** The asset in fragments of half a second. */
async function record(): Promise<Recording> {
  const file = await Mp4File.open(bytesReader(await readFile(RECORDED_FILM)));
  const slots: AccessUnit[][] = Array.from({ length: SECONDS * FRAGMENTS_PER_SECOND }, () => []);
  for (const { id, timescale } of file.tracks) {
    for (const [index, { dts }] of file.samples(id).entries()) {
      slots[Math.min(slots.length - 1, Math.floor((dts * FRAGMENTS_PER_SECOND) / timescale))]?.push(await file.readSample(id, index));
    }
  }
  const muxer = new Fmp4Muxer(file.tracks);
  const video = file.tracks.find(({ kind }) => kind === 'video')?.id;
  const parts = [muxer.initSegment()];
  let [end, pictures] = [parts[0]?.length ?? 0, 0];
  const initBytes = end;
  const fragments = slots.map((units, index) => {
    const fragment = muxer.fragment(units, index + 1);
    parts.push(fragment);
    end += fragment.length;
    pictures += units.filter(({ trackId }) => trackId === video).length;
    return { end, pictures };
  });
  return { bytes: Buffer.concat(parts), initBytes, fragments };
}

/** How many pictures ffprobe decodes; it has nothing to complain about. */
async function decodedPictures(path: string): Promise<number> {
  const count = ['-count_frames', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0'];
  const { stdout, stderr } = await run('ffprobe', ['-v', 'error', '-select_streams', 'v:0', ...count, path]);
  assert.equal(stderr, '');
  return Number(stdout.trim());
}

test(`a minute that is cut at ${CUTS} random bytes is whole up to its last fragment after each, and plays`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-cuts-'));
  t.after(() => rm(directory, { recursive: true }));
  const { bytes, initBytes, fragments } = await record();
  const random = createRandom(new SystemClock());
  const path = join(directory, 'segment.mp4');
  /** Sizes that played. */
  const played = new Set<number>();
  let withoutFragment = 0;
  for (let count = 0; count < CUTS; count += 1) {
    const cut = initBytes + Math.floor(random.fraction() * (bytes.length - initBytes + 1));
    await writeFile(path, bytes.subarray(0, cut));
    const recovered = await recoverSegment(path, unfinishedSegment);
    const whole = fragments.findLast(({ end }) => end <= cut);
    assert.equal(recovered?.sizeBytes, whole?.end, `cut at ${cut}`);
    if (whole === undefined) {
      withoutFragment += 1;
      continue;
    }
    assert.equal((await stat(path)).size, whole.end);
    if (played.has(whole.end)) continue;
    assert.ok((await readFile(path)).equals(bytes.subarray(0, whole.end)));
    assert.equal(await decodedPictures(path), whole.pictures);
    played.add(whole.end);
  }
  t.diagnostic(`${played.size} different lengths played, ${withoutFragment} cuts came before the end of the first fragment`);
  assert.ok(played.size > fragments.length / 2);
});
