import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { AccessUnit, Track } from './access-unit.ts';
import { bytesReader } from './byte-reader.ts';
import { aac, FfmpegOracle, h264, testPicture, testTone } from './ffmpeg-oracle.test.ts';
import { Fmp4Muxer } from './fmp4-muxer.ts';
import { parseFragment, parseInitSegment } from './fmp4-reader.ts';
import { Fmp4Splitter } from './fmp4-splitter.ts';
import { Mp4File } from './mp4-file.ts';

interface Recording {
  readonly tracks: readonly Track[];
  readonly bytes: Uint8Array;
  readonly initBytes: number;
  /** Where each fragment ends, and how many units of video and audio are whole by then. */
  readonly fragments: readonly { readonly end: number; readonly video: number; readonly audio: number }[];
}

describe('a recording cut at any byte', () => {
  let oracle: FfmpegOracle;
  let recording: Recording;
  before(async () => {
    oracle = new FfmpegOracle();
    recording = await record(oracle.make('source.mp4', [...testPicture, ...testTone, ...h264, '-bf', '0', ...aac]));
  });
  after(() => oracle[Symbol.dispose]());

  test('plays up to its last whole fragment, at every box boundary', async () => {
    for (const cut of boxBoundaries(recording.bytes)) await assertPlays(recording, cut);
  });

  test('plays up to its last whole fragment, at 300 random bytes', async () => {
    const anyCut = fc.integer({ min: 0, max: recording.bytes.length });
    await fc.assert(
      fc.asyncProperty(anyCut, (cut) => assertPlays(recording, cut)),
      { numRuns: 300 },
    );
  });

  test('is decoded without an error by ffprobe once the cut fragment is left out', () => {
    const second = recording.fragments[1]?.end ?? 0;
    const cuts = [second, Math.floor(recording.bytes.length / 2), recording.bytes.length - 1];
    for (const cut of cuts) {
      const whole = recording.fragments.filter(({ end }) => end <= cut);
      const last = whole.at(-1);
      const frames = oracle.frames(oracle.write(`cut-${cut}.mp4`, recording.bytes.subarray(0, last?.end)));
      assert.equal(frames.filter(({ kind }) => kind === 'video').length, last?.video);
      assert.equal(frames.filter(({ kind }) => kind === 'audio').length, last?.audio);
    }
  });

  test('is decoded by ffprobe up to the last whole fragment even with the rest of it in place', () => {
    const cut = recording.bytes.length - 700;
    const last = recording.fragments.filter(({ end }) => end <= cut).at(-1);
    const { frames } = oracle.probe(oracle.write('torn.mp4', recording.bytes.subarray(0, cut)));
    const video = frames.filter(({ kind }) => kind === 'video').length;
    assert.ok(video >= (last?.video ?? 0), `${video} frames`);
  });
});

async function assertPlays({ tracks, bytes, initBytes, fragments }: Recording, cut: number): Promise<void> {
  const prefix = bytes.subarray(0, cut);
  const whole = fragments.filter(({ end }) => end <= cut);
  const pieces = new Fmp4Splitter().push(prefix);
  assert.equal(pieces.length, cut < initBytes ? 0 : whole.length + 1);
  if (cut < initBytes) return;
  const [init, ...rest] = pieces;
  assert.ok(init !== undefined);
  assert.deepEqual(parseInitSegment(init.bytes), tracks);
  const units = rest.flatMap((piece) => parseFragment(piece.bytes, tracks));
  const last = whole.at(-1) ?? { video: 0, audio: 0 };
  assert.equal(countOf(units, tracks, 'video'), last.video);
  assert.equal(countOf(units, tracks, 'audio'), last.audio);
  if (last.video === 0) return;
  const file = await Mp4File.open(bytesReader(prefix));
  assert.equal(file.samples(1).length, last.video);
}

function countOf(units: readonly AccessUnit[], tracks: readonly Track[], kind: Track['kind']): number {
  const ids = tracks.filter((track) => track.kind === kind).map(({ id }) => id);
  return units.filter(({ trackId }) => ids.includes(trackId)).length;
}

/** Fragments of 200 ms with both tracks. */
async function record(path: string): Promise<Recording> {
  const file = await Mp4File.open(bytesReader(readFileSync(path)));
  const muxer = new Fmp4Muxer(file.tracks);
  const groups: AccessUnit[][] = [];
  for (const { id, timescale } of file.tracks) {
    for (const [index, { dts }] of file.samples(id).entries()) {
      const slot = Math.floor((dts * 5) / timescale);
      groups[slot] ??= [];
      groups[slot].push(await file.readSample(id, index));
    }
  }
  const parts = [muxer.initSegment()];
  let end = parts[0]?.length ?? 0;
  const initBytes = end;
  const counts = { video: 0, audio: 0 };
  const fragments = groups.map((group, index) => {
    const fragment = muxer.fragment(group, index + 1);
    parts.push(fragment);
    end += fragment.length;
    counts.video += countOf(group, file.tracks, 'video');
    counts.audio += countOf(group, file.tracks, 'audio');
    return { end, ...counts };
  });
  return { tracks: file.tracks, bytes: Buffer.concat(parts), initBytes, fragments };
}

/** Start and end of every box, containers opened. */
function boxBoundaries(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'dinf', 'stbl', 'mvex', 'moof', 'traf']);
  const boundaries: number[] = [];
  const walk = (start: number, end: number): void => {
    for (let at = start; at < end; at += view.getUint32(at)) {
      boundaries.push(at);
      const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
      if (containers.has(type)) walk(at + 8, at + view.getUint32(at));
    }
    boundaries.push(end);
  };
  walk(0, bytes.length);
  return boundaries;
}
