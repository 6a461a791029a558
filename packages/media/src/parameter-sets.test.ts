import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { VideoTrack } from './access-unit.ts';
import { bytesReader } from './byte-reader.ts';
import { FfmpegOracle } from './ffmpeg-oracle.test.ts';
import { parseAvcC, parseH264Sps } from './h264.ts';
import { parseHvcC } from './h265.ts';
import { parseH265Sps } from './h265-sps.ts';
import { Mp4File } from './mp4-file.ts';

const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast'];
const x265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params'];
const quiet = 'log-level=none:pools=1:frame-threads=1';

interface EncoderCase {
  readonly title: string;
  readonly size: string;
  readonly rate: string;
  readonly options: readonly string[];
  readonly codecString: RegExp;
  readonly bitDepth: number;
}

const h264Cases: readonly EncoderCase[] = [
  { title: 'cropped 1080p', size: '1920x1080', rate: '30', options: x264, codecString: /^avc1\.42c0/, bitDepth: 8 },
  {
    title: 'High with scaling lists',
    size: '176x144',
    rate: '15',
    options: ['-c:v', 'libx264', '-x264-params', 'cqm=jvt'],
    codecString: /^avc1\.6400/,
    bitDepth: 8,
  },
  {
    title: 'interlaced',
    size: '720x576',
    rate: '25',
    options: ['-c:v', 'libx264', '-flags', '+ildct+ilme'],
    codecString: /^avc1\.6400/,
    bitDepth: 8,
  },
  { title: '4:4:4', size: '178x146', rate: '30000/1001', options: [...x264, '-pix_fmt', 'yuv444p'], codecString: /^avc1\.f4/, bitDepth: 8 },
  {
    title: '10 bit 4:2:2',
    size: '178x146',
    rate: '50',
    options: [...x264, '-pix_fmt', 'yuv422p10'],
    codecString: /^avc1\.7a/,
    bitDepth: 10,
  },
];

const h265Cases: readonly EncoderCase[] = [
  { title: 'cropped 1080p', size: '1920x1080', rate: '30', options: [...x265, quiet], codecString: /^hev1\.1\.6\.L/, bitDepth: 8 },
  {
    title: 'predicted reference sets and scaling lists',
    size: '322x242',
    rate: '30000/1001',
    options: ['-c:v', 'libx265', '-preset', 'medium', '-x265-params', `${quiet}:scaling-list=default:bframes=4:ref=4:temporal-layers=3`],
    codecString: /^hev1\.1\.6\.L/,
    bitDepth: 8,
  },
  {
    title: '10 bit',
    size: '162x122',
    rate: '25',
    options: [...x265, quiet, '-pix_fmt', 'yuv420p10'],
    codecString: /^hev1\.2\.4\.L/,
    bitDepth: 10,
  },
  { title: '4:4:4', size: '170x130', rate: '25', options: [...x265, quiet, '-pix_fmt', 'yuv444p'], codecString: /^hev1\.4\./, bitDepth: 8 },
];

describe('parameter sets of real encoders', () => {
  let oracle: FfmpegOracle;
  before(() => {
    oracle = new FfmpegOracle();
  });
  after(() => oracle[Symbol.dispose]());

  async function encode({ size, rate, options }: EncoderCase): Promise<VideoTrack> {
    const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}`, '-frames:v', '6', '-threads', '1'];
    const file = await Mp4File.open(bytesReader(readFileSync(oracle.make('case.mp4', [...picture, ...options]))));
    const track = file.tracks.find((candidate) => candidate.kind === 'video');
    assert.ok(track !== undefined);
    return track;
  }

  function assertDescribed(
    expected: EncoderCase,
    track: VideoTrack,
    sps: { width: number; height: number; bitDepthLuma: number; fps?: number },
  ): void {
    const [units = 0, perSecond = 1] = expected.rate.split('/').map(Number);
    assert.equal(`${sps.width}x${sps.height}`, expected.size);
    assert.equal(`${track.width}x${track.height}`, expected.size);
    assert.equal(sps.bitDepthLuma, expected.bitDepth);
    assert.ok(Math.abs((sps.fps ?? 0) - units / perSecond) < 0.001, `${sps.fps} frames per second`);
    assert.match(track.codecString, expected.codecString);
  }

  for (const encoderCase of h264Cases) {
    test(`H.264 ${encoderCase.title} tells its size, depth and frame rate`, async () => {
      const track = await encode(encoderCase);
      const [sps] = parseAvcC(track.config).sps;
      assert.ok(sps !== undefined);
      assertDescribed(encoderCase, track, parseH264Sps(sps));
    });
  }

  for (const encoderCase of h265Cases) {
    test(`H.265 ${encoderCase.title} tells its size, depth and frame rate`, async () => {
      const track = await encode(encoderCase);
      const [sps] = parseHvcC(track.config).sps;
      assert.ok(sps !== undefined);
      assertDescribed(encoderCase, track, parseH265Sps(sps));
    });
  }
});
