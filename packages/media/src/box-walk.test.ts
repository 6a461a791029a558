import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessUnit, AudioTrack, VideoTrack } from './access-unit.ts';
import { boxOf, bytesOf, joined } from './box-bytes.test.ts';
import { checkFragmentedMp4 } from './box-walk.ts';
import { bytesReader } from './byte-reader.ts';
import { Fmp4Muxer } from './fmp4-muxer.ts';
import { randomAccessIndex } from './random-access-index.ts';

const video: VideoTrack = {
  kind: 'video',
  id: 1,
  timescale: 90_000,
  codec: 'av1',
  codecString: 'av01.0.08M.08',
  config: bytesOf('81080c00'),
  width: 320,
  height: 240,
};
const audio: AudioTrack = {
  kind: 'audio',
  id: 2,
  timescale: 48_000,
  codec: 'aac',
  codecString: 'mp4a.40.2',
  config: bytesOf('1188'),
  sampleRate: 48_000,
  channels: 1,
};
const muxer = new Fmp4Muxer([video, audio]);
const init = muxer.initSegment();

function picture(dts: number, keyframe: boolean): AccessUnit {
  return { trackId: 1, dts, pts: dts, duration: 3600, keyframe, data: Uint8Array.of(1, 2, 3) };
}

const recording = joined(
  init,
  muxer.fragment([picture(900_000, true), picture(903_600, false)], 1),
  muxer.fragment(
    [picture(907_200, false), { trackId: 2, dts: 480_000, pts: 480_000, duration: 1024, keyframe: true, data: bytesOf('09') }],
    2,
  ),
);

async function reasonOf(bytes: Uint8Array): Promise<string> {
  const { ok, reason } = await checkFragmentedMp4(bytes);
  assert.equal(ok, false);
  return reason ?? '';
}

test('a recording is described by its codecs, duration, fragments and first key frame', async () => {
  const report = {
    ok: true,
    codecs: 'av01.0.08M.08,mp4a.40.2',
    durationMs: 120,
    fragments: 2,
    tracks: [video, audio],
    keyframeFirst: true,
  };
  assert.deepEqual(await checkFragmentedMp4(recording), report);
  const withIndex = joined(boxOf('free', '00'), recording, randomAccessIndex([{ trackId: 1, time: 0, moofOffset: 0 }]));
  assert.deepEqual(await checkFragmentedMp4(withIndex), report);
});

test('a recording that starts between key frames is told apart', async () => {
  const { ok, keyframeFirst } = await checkFragmentedMp4(joined(init, muxer.fragment([picture(0, false)], 1)));
  assert.deepEqual({ ok, keyframeFirst }, { ok: true, keyframeFirst: false });
});

test('only headers are read, never the payload', async () => {
  const reads: number[] = [];
  const payload = new Uint8Array(5_000_000);
  const big = joined(init, muxer.fragment([{ ...picture(0, true), data: payload }], 1));
  const inner = bytesReader(big);
  const report = await checkFragmentedMp4({
    sizeBytes: inner.sizeBytes,
    read: (offset, length) => {
      reads.push(length);
      return inner.read(offset, length);
    },
  });
  assert.equal(report.ok, true);
  assert.ok(Math.max(...reads) < 2000, `reads of ${reads.join(', ')} bytes`);
});

test('a recording cut short is not whole, and the fragments before the cut are still counted', async () => {
  const report = await checkFragmentedMp4(recording.subarray(0, recording.length - 1));
  assert.deepEqual([report.ok, report.fragments, report.codecs], [false, 1, 'av01.0.08M.08,mp4a.40.2']);
});

test('what is not a fragmented MP4 says why', async () => {
  const moof = boxOf('moof', boxOf('mfhd', '00000000 00000001'));
  const mdat = boxOf('mdat', '00');
  const fileType = boxOf('ftyp', '69736f36 00000000');
  const cases: readonly (readonly [RegExp, Uint8Array])[] = [
    [/no moov/, bytesOf('')],
    [/cut short/, bytesOf('00000008 6674')],
    [/beyond the end/, bytesOf('00000000 66747970')],
    [/says it has 7 bytes/, bytesOf('00000007 66747970')],
    [/says it has 15 bytes/, bytesOf('00000001 66747970 000000000000000f')],
    [/too large/, bytesOf('00000001 66747970 ffffffffffffffff')],
    [/before ftyp/, init.subarray(28)],
    [/moof comes before moov/, joined(fileType, moof)],
    [/mdat without a moof/, joined(init, mdat)],
    [/a moof without mdat/, joined(init, moof, moof)],
    [/the last moof has no mdat/, joined(init, moof)],
    [/no fragment/, init],
    [/a second moov/, joined(init, init.subarray(28))],
    [/beyond its parent/, joined(fileType, boxOf('moov', '00000010 6d766864 00'))],
    [/moov has no mvhd/, joined(fileType, boxOf('moov'))],
  ];
  for (const [reason, bytes] of cases) assert.match(await reasonOf(bytes), reason);
});

test('limits hold: header sizes, number of boxes, tracks', async () => {
  const fileType = boxOf('ftyp');
  const free = boxOf('free');
  const many = Buffer.concat(Array.from({ length: 10_001 }, () => free));
  assert.match(await reasonOf(joined(fileType, boxOf('moov', new Uint8Array(1 << 20)))), /moov is too large/);
  assert.match(await reasonOf(joined(init, boxOf('moof', new Uint8Array(256 << 10)))), /moof is too large/);
  assert.match(await reasonOf(many), /too many boxes/);
  assert.match(await reasonOf(joined(fileType, boxOf('moov', many))), /too many boxes/);
  assert.match(await reasonOf(joined(init, boxOf('moof', many), boxOf('mdat'))), /too many boxes/);
  const mvhd = boxOf('mvhd', '00000000 00000000 00000000 000003e8');
  assert.match(await reasonOf(joined(fileType, boxOf('moov', mvhd, ...Array.from({ length: 33 }, () => boxOf('trak'))))), /33 tracks/);
});

test('a file of 900 bytes that declares billions of samples costs no memory', async () => {
  const hostile = joined(
    init,
    boxOf(
      'moof',
      boxOf('traf', boxOf('tfhd', '00020010 00000001 00000001'), boxOf('tfdt', '00000000 00000000'), boxOf('trun', '00000000 ffffffff')),
    ),
    boxOf('mdat', '00'),
  );
  const before = process.memoryUsage().rss;
  assert.match(await reasonOf(hostile), /samples/);
  assert.ok(process.memoryUsage().rss - before < 16 << 20);
});

test('a reader that fails is not mistaken for a malformed file', async () => {
  const broken = { sizeBytes: 100, read: () => Promise.reject(new TypeError('the disk is gone')) };
  await assert.rejects(checkFragmentedMp4(broken), TypeError);
});
