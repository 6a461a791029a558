import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createFile, MP4BoxBuffer } from 'mp4box';
import { bytesReader } from './byte-reader.ts';
import { aac, FfmpegOracle, h264, testPicture, testTone } from './ffmpeg-oracle.test.ts';
import { Fmp4Muxer } from './fmp4-muxer.ts';
import { Mp4File } from './mp4-file.ts';
import { randomAccessIndex } from './random-access-index.ts';

test('mp4box reads a recording with its random access index: same codecs, sizes and times', async () => {
  using oracle = new FfmpegOracle();
  const source = oracle.make('source.mp4', [...testPicture, ...testTone, ...h264, '-bf', '2', ...aac]);
  const file = await Mp4File.open(bytesReader(readFileSync(source)));
  const muxer = new Fmp4Muxer(file.tracks);
  const parts = [muxer.initSegment()];
  let moofOffset = parts[0]?.length ?? 0;
  const entries = [];
  for (const { id } of file.tracks) {
    for (const [index, { pts, keyframe }] of file.samples(id).entries()) {
      if (keyframe && id === 1) entries.push({ trackId: id, time: pts, moofOffset });
      const fragment = muxer.fragment([await file.readSample(id, index)], parts.length);
      parts.push(fragment);
      moofOffset += fragment.length;
    }
  }
  parts.push(randomAccessIndex(entries));

  const box = createFile();
  const errors: string[] = [];
  box.onError = (module, message) => errors.push(`${module}: ${message}`);
  box.appendBuffer(MP4BoxBuffer.fromArrayBuffer(new Uint8Array(Buffer.concat(parts)).buffer, 0), true);

  const info = box.getInfo();
  assert.deepEqual(errors, []);
  assert.equal(info.isFragmented, true);
  assert.deepEqual(
    info.tracks.map(({ id, codec, timescale }) => ({ id, codec, timescale })),
    file.tracks.map(({ id, codecString, timescale }) => ({ id, codec: codecString, timescale })),
  );
  for (const { id } of file.tracks) {
    const seen = box.getTrackSamplesInfo(id).map(({ dts, cts, size, is_sync }) => ({ dts, pts: cts, sizeBytes: size, keyframe: is_sync }));
    const expected = file.samples(id).map(({ dts, pts, sizeBytes, keyframe }) => ({ dts, pts, sizeBytes, keyframe }));
    assert.deepEqual(seen, expected);
  }
  assert.deepEqual(
    box.boxes.slice(-1).map(({ type, size }) => ({ type, size })),
    [{ type: 'mfra', size: 8 + 24 + entries.length * 19 + 16 }],
  );
});
