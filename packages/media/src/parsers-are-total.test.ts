import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { parseAudioSpecificConfig } from './aac.ts';
import type { Track } from './access-unit.ts';
import { assertTotal } from './assert-total.test.ts';
import { av1CodecString } from './av1.ts';
import { bytesOf } from './box-bytes.test.ts';
import { checkFragmentedMp4 } from './box-walk.ts';
import { bytesReader } from './byte-reader.ts';
import { aac, FfmpegOracle, h264 } from './ffmpeg-oracle.test.ts';
import { Fmp4Muxer } from './fmp4-muxer.ts';
import { parseFragment, parseInitSegment } from './fmp4-reader.ts';
import { Fmp4Splitter } from './fmp4-splitter.ts';
import { h264CodecString, parseH264Sps } from './h264.ts';
import { h265CodecString } from './h265.ts';
import { parseH265Sps } from './h265-sps.ts';
import { Mp4File } from './mp4-file.ts';
import { annexBToLengthPrefixed, lengthPrefixedToAnnexB } from './nal-units.ts';
import { opusTrack } from './opus.ts';

describe('no input, however broken, gets more out of a parser than a MediaError', () => {
  let oracle: FfmpegOracle;
  let progressive: Uint8Array;
  let fragmented: Uint8Array;
  let init: Uint8Array;
  let fragment: Uint8Array;
  let tracks: readonly Track[];

  before(async () => {
    oracle = new FfmpegOracle();
    const source = [
      '-f',
      'lavfi',
      '-i',
      'color=size=64x64:rate=25:duration=0.4',
      '-f',
      'lavfi',
      '-i',
      'anullsrc=sample_rate=16000:cl=mono',
    ];
    const path = oracle.make('seed.mp4', [...source, '-shortest', ...h264, '-bf', '2', ...aac]);
    progressive = readFileSync(path);
    fragmented = readFileSync(oracle.make('seed-fragmented.mp4', ['-i', path, '-c', 'copy', '-movflags', 'frag_every_frame+empty_moov']));
    const file = await Mp4File.open(bytesReader(progressive));
    tracks = file.tracks;
    const muxer = new Fmp4Muxer(tracks);
    init = muxer.initSegment();
    const units = tracks.flatMap(({ id }) => [0, 1, 2].map((index) => file.readSample(id, index)));
    fragment = muxer.fragment(await Promise.all(units), 1);
  });
  after(() => oracle[Symbol.dispose]());

  test('init segments', () => assertTotal([init], parseInitSegment));

  test('fragments', () => assertTotal([fragment], (bytes) => parseFragment(bytes, tracks)));

  test('streams', () =>
    assertTotal([Buffer.concat([init, fragment, fragment]), fragmented], (bytes) => {
      const splitter = new Fmp4Splitter();
      for (let at = 0; at < bytes.length; at += 100) splitter.push(bytes.slice(at, at + 100));
    }));

  test('recordings, which are reported and not thrown at all', () =>
    assertTotal([Buffer.concat([init, fragment, fragment]), fragmented], async (bytes) => {
      assert.equal(typeof (await checkFragmentedMp4(bytes)).ok, 'boolean');
    }));

  test('files and the samples in them', () =>
    assertTotal([progressive, fragmented, Buffer.concat([init, fragment])], async (bytes) => {
      const file = await Mp4File.open(bytesReader(bytes));
      for (const { id } of file.tracks) if (file.samples(id).length > 0) await file.readSample(id, 0);
    }));

  test('parameter sets and codec configurations', async () => {
    const sps264 = bytesOf('674d400deca0a0fd80880000030008000003019078a14cb0');
    const sps265 = bytesOf('42010101600000030090000003000003003ca00a080f16595952930bc05a020000030002000003003210');
    const avcC = bytesOf('014d400dffe10018674d400deca0a0fd80880000030008000003019078a14cb001000468ce0fc8');
    const hvcC = bytesOf('0101600000009000000000003cf000fcfdf8f800000f03a1000100084201010160000003');
    await assertTotal([sps264], parseH264Sps);
    await assertTotal([sps265], parseH265Sps);
    await assertTotal([avcC], (bytes) => h264CodecString(bytes));
    await assertTotal([hvcC], (bytes) => h265CodecString(bytes));
    await assertTotal([bytesOf('2b8a0800'), bytesOf('1780181c90')], parseAudioSpecificConfig);
    await assertTotal([bytesOf('81080c00')], av1CodecString);
    await assertTotal([bytesOf('000101380000bb80000000')], (bytes) => opusTrack(1, 48_000, bytes));
  });

  test('NAL units of either form', async () => {
    await assertTotal([bytesOf('00000001674200000168ce0000000000016588000003')], annexBToLengthPrefixed);
    await assertTotal([bytesOf('00000002674200000002658800000001ff')], lengthPrefixedToAnnexB);
  });
});
