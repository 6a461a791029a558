import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { AccessUnit, Track } from './access-unit.ts';
import { bytesReader } from './byte-reader.ts';
import { aac, FfmpegOracle, h264, h265, type ProbedFrame, testPicture, testTone } from './ffmpeg-oracle.test.ts';
import { Fmp4Muxer } from './fmp4-muxer.ts';
import { Mp4File } from './mp4-file.ts';

const withTone = [...testPicture, ...testTone];
const twoReordered = ['-bf', '2'];
const noneReordered = ['-bf', '0'];

const sources: readonly { title: string; file: string; options: readonly string[] }[] = [
  { title: 'H.264 and AAC without B-frames', file: 'plain.mp4', options: [...withTone, ...h264, ...noneReordered, ...aac] },
  { title: 'H.264 and AAC with B-frames', file: 'reordered.mp4', options: [...withTone, ...h264, ...twoReordered, ...aac] },
  {
    title: 'H.264 and AAC with moov at the front and signed composition offsets',
    file: 'front.mp4',
    options: [...withTone, ...h264, ...twoReordered, ...aac, '-movflags', 'faststart+negative_cts_offsets'],
  },
  { title: 'H.265 and AAC', file: 'h265.mp4', options: [...withTone, ...h265, '-tag:v', 'hvc1', ...aac] },
  { title: 'video without audio', file: 'silent.mp4', options: [...testPicture, ...h264, ...twoReordered] },
  { title: 'H.264 and Opus', file: 'opus.mp4', options: [...withTone, ...h264, ...noneReordered, '-c:a', 'libopus', '-b:a', '32k'] },
  { title: 'a QuickTime file', file: 'quicktime.mov', options: [...withTone, ...h264, ...twoReordered, ...aac] },
  {
    title: 'a fragmented file with several tracks in each fragment',
    file: 'fragmented.mp4',
    options: [...withTone, ...h264, ...noneReordered, ...aac, '-movflags', 'frag_keyframe+empty_moov'],
  },
  {
    title: 'a fragmented file with an edit list and B-frames',
    file: 'delayed.mp4',
    options: [...withTone, ...h264, ...twoReordered, ...aac, '-movflags', 'frag_keyframe+delay_moov+default_base_moof'],
  },
];

describe('a file read, written as fragmented MP4 and read by ffprobe', () => {
  let oracle: FfmpegOracle;
  before(() => {
    oracle = new FfmpegOracle();
  });
  after(() => oracle[Symbol.dispose]());

  for (const { title, file, options } of sources) {
    test(`${title} keeps every frame, time and size, one fragment per frame and one per group of pictures`, async () => {
      const source = oracle.make(file, options);
      const expected = relativeFrames(oracle.frames(source));
      const { tracks, units } = await readAll(source);
      const muxer = new Fmp4Muxer(tracks);
      for (const groups of [units.map((unit) => [unit]), groupsOfPictures(units, tracks)]) {
        const fragments = groups.map((group, index) => muxer.fragment(group, index + 1));
        const output = oracle.write(`out-${groups.length}-${file}.mp4`, Buffer.concat([muxer.initSegment(), ...fragments]));
        assert.deepEqual(relativeFrames(oracle.frames(output)), expected);
      }
    });
  }

  test('a recording cut in the middle of a group of pictures starts at the key frame before the cut', async () => {
    const whole = oracle.make('whole.mp4', [...withTone, ...h264, ...noneReordered, ...aac]);
    const cut = oracle.make('cut.mp4', ['-ss', '1.4', '-i', whole, '-c', 'copy']);
    const { tracks, units } = await readAll(cut);
    const video = units.filter(({ trackId }) => trackId === tracks[0]?.id);
    assert.equal(video[0]?.keyframe, true);
    assert.equal(video[0]?.pts, 0);
    assert.equal(video.length, 50);
  });
});

async function readAll(path: string): Promise<{ tracks: readonly Track[]; units: readonly AccessUnit[] }> {
  const file = await Mp4File.open(bytesReader(readFileSync(path)));
  const units: AccessUnit[] = [];
  for (const { id } of file.tracks) {
    for (const index of file.samples(id).keys()) units.push(await file.readSample(id, index));
  }
  const timescales = new Map(file.tracks.map(({ id, timescale }) => [id, timescale]));
  const seconds = ({ trackId, dts }: AccessUnit): number => dts / (timescales.get(trackId) ?? 1);
  return { tracks: file.tracks, units: units.sort((a, b) => seconds(a) - seconds(b)) };
}

function groupsOfPictures(units: readonly AccessUnit[], tracks: readonly Track[]): AccessUnit[][] {
  const video = tracks.find(({ kind }) => kind === 'video');
  const groups: AccessUnit[][] = [];
  for (const unit of units) {
    if (groups.length === 0 || (unit.keyframe && unit.trackId === video?.id)) groups.push([]);
    groups.at(-1)?.push(unit);
  }
  return groups;
}

/** One line per frame, with its time since the first picture: files may begin at different times. */
function relativeFrames(frames: readonly ProbedFrame[]): string[] {
  const startSec = frames.find(({ kind }) => kind === 'video')?.timeSec ?? 0;
  // In fragments ffprobe decodes the encoder's priming too, at a time before 0.
  const presented = frames.filter(({ timeSec }) => timeSec >= 0);
  const lines = presented.map(({ kind, timeSec, keyframe, sizeBytes, width, height }) => {
    const picture = kind === 'video' ? ` ${width}x${height}${keyframe ? ' key' : ''}` : '';
    return `${kind} ${Math.round((timeSec - startSec) * 1000)} ms ${sizeBytes} bytes${picture}`;
  });
  return lines.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
