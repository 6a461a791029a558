import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { boxOf, bytesOf, joined } from './box-bytes.test.ts';
import { bytesReader } from './byte-reader.ts';
import { aac, FfmpegOracle, h264, testPicture, testTone } from './ffmpeg-oracle.test.ts';
import { MediaError, type MediaErrorCode } from './media-error.ts';
import { Mp4File } from './mp4-file.ts';

function fails(code: MediaErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof MediaError && error.code === code;
}

describe('opening a file', () => {
  let oracle: FfmpegOracle;
  let plain: Uint8Array;
  before(() => {
    oracle = new FfmpegOracle();
    plain = readFileSync(oracle.make('plain.mp4', [...testPicture, ...testTone, ...h264, '-bf', '2', ...aac]));
  });
  after(() => oracle[Symbol.dispose]());

  const open = (name: string, options: readonly string[]): Promise<Mp4File> =>
    Mp4File.open(bytesReader(readFileSync(oracle.make(name, options))));

  test('its tracks, duration and samples are there without reading the payload', async () => {
    const reads: number[] = [];
    const inner = bytesReader(plain);
    const file = await Mp4File.open({
      sizeBytes: inner.sizeBytes,
      read: (offset, length) => {
        reads.push(length);
        return inner.read(offset, length);
      },
    });
    assert.deepEqual(
      file.tracks.map(({ codecString, timescale }) => [codecString, timescale]),
      [
        ['avc1.4d400b', 12_800],
        ['mp4a.40.2', 48_000],
      ],
    );
    assert.equal(file.durationMs, 3000);
    assert.equal(file.samples(1).length, 75);
    assert.ok(reads.reduce((sum, length) => sum + length, 0) < 10_000);
  });

  test('decoding starts at 0 and no picture is shown before it is decoded', async () => {
    const file = await open('signed.mp4', [...testPicture, ...testTone, ...h264, '-bf', '2', ...aac, '-movflags', 'negative_cts_offsets']);
    const samples = file.samples(1);
    assert.equal(samples[0]?.dts, 0);
    assert.deepEqual(
      samples.filter(({ dts, pts }) => pts < dts),
      [],
    );
  });

  test('a silent file has one track', async () => {
    const file = await open('silent.mp4', [...testPicture, ...h264]);
    assert.deepEqual(
      file.tracks.map(({ kind }) => kind),
      ['video'],
    );
  });

  test('sound nobody here can carry is left out', async () => {
    const file = await open('mp3.mp4', [...testPicture, ...testTone, ...h264, '-c:a', 'libmp3lame']);
    assert.deepEqual(
      file.tracks.map(({ kind }) => kind),
      ['video'],
    );
  });

  test('AV1 is taken as it is', async () => {
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=5:duration=1'];
    const file = await open('av1.mp4', [...picture, '-c:v', 'libaom-av1', '-cpu-used', '8']);
    assert.match(file.tracks[0]?.codecString ?? '', /^av01\.0\.\d\dM\.08$/);
    assert.equal(file.samples(1).length, 5);
  });

  test('a file without usable video is refused as an unsupported codec', async () => {
    await assert.rejects(open('sound.mp4', [...testTone, ...aac]), fails('CODEC_UNSUPPORTED'));
    await assert.rejects(open('mpeg4.mp4', [...testPicture, '-c:v', 'mpeg4']), fails('CODEC_UNSUPPORTED'));
  });

  test('what is no MP4 file, or ends too early, is refused as malformed', async () => {
    const cases = [
      bytesOf(''),
      bytesOf('00'),
      Buffer.from('#EXTM3U\n'),
      boxOf('ftyp'),
      joined(boxOf('ftyp'), boxOf('moov')),
      plain.subarray(0, 5000),
    ];
    for (const bytes of cases) await assert.rejects(Mp4File.open(bytesReader(bytes)), fails('OBJECT_MISMATCH'));
  });

  test('asking for what is not there is an invalid request', async () => {
    const file = await Mp4File.open(bytesReader(plain));
    assert.throws(() => file.samples(9), fails('INVALID_REQUEST'));
    await assert.rejects(file.readSample(1, 75), fails('INVALID_REQUEST'));
  });

  test('a file that shrinks while it is read is noticed', async () => {
    let bytes = plain;
    const file = await Mp4File.open({ sizeBytes: plain.length, read: async (offset, length) => bytes.subarray(offset, offset + length) });
    bytes = plain.subarray(0, 100);
    await assert.rejects(file.readSample(1, 70), fails('OBJECT_MISMATCH'));
  });
});
