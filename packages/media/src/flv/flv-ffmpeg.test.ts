import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { AccessUnit, Track } from '../access-unit.ts';
import { assertTotal } from '../assert-total.test.ts';
import { bytesReader } from '../byte-reader.ts';
import { aac, FfmpegOracle, h264, type ProbedFrame } from '../ffmpeg-oracle.test.ts';
import { Mp4File } from '../mp4-file.ts';
import { ChunkReader } from '../rtmp/chunk-reader.ts';
import { writeChunks } from '../rtmp/chunk-writer.ts';
import { RtmpPublishSession } from '../rtmp/rtmp-publish-session.ts';
import { decodeAmf0 } from './amf0.ts';
import { FlvDemuxer } from './flv-demuxer.ts';
import { FlvMuxer } from './flv-muxer.ts';
import { FlvSplitter, flvTagParts } from './flv-tag.ts';

describe('FLV beside ffmpeg', () => {
  let oracle: FfmpegOracle;
  let mp4: string;
  let flv: string;

  before(() => {
    oracle = new FfmpegOracle();
    const inputs = [
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=160x120:rate=25:duration=1',
      '-f',
      'lavfi',
      '-i',
      'sine=sample_rate=48000:duration=1',
    ];
    mp4 = oracle.make('source.mp4', [...inputs, ...h264, '-bf', '2', ...aac]);
    flv = oracle.make('source.flv', ['-i', mp4, '-c', 'copy']);
  });
  after(() => oracle[Symbol.dispose]());

  test('what ffmpeg wrote is read with every unit in its place', async () => {
    const tracks: Track[] = [];
    const units: AccessUnit[] = [];
    const demuxer = new FlvDemuxer({ onTracks: (news) => tracks.push(...news), onUnits: (news) => units.push(...news) });
    for (const tag of new FlvSplitter().push(readFileSync(flv))) demuxer.push(tag);
    assert.deepEqual(
      tracks.map(({ codec, codecString }) => [codec, codecString]),
      (await sourceOf(mp4)).tracks.map(({ codec, codecString }) => [codec, codecString]),
    );
    const pictures = units.filter(({ trackId }) => trackId === 1);
    assert.equal(pictures.length, 25);
    assert.deepEqual(
      pictures.slice(0, 3).map(({ dts }) => dts - (pictures[0]?.dts ?? 0)),
      [0, 40, 80],
    );
    const { units: source } = await sourceOf(mp4);
    const bytes = (all: readonly AccessUnit[], id: number) =>
      Buffer.concat(all.filter(({ trackId }) => trackId === id).map(({ data }) => data));
    assert.ok(bytes(units, 1).equals(bytes(source, 1)));
    // The file leaves out the sound before its beginning, which FLV has no word for.
    assert.ok(bytes(units, 2).subarray(-bytes(source, 2).length).equals(bytes(source, 2)));
  });

  test('what is written here ffprobe reads with the same frames at the same times', async () => {
    const { tracks, units } = await sourceOf(mp4);
    const muxer = new FlvMuxer(tracks);
    const headers = muxer.headers().flatMap((tag) => flvTagParts(tag, tag.data, new Uint8Array()));
    const path = oracle.write(
      'ours.flv',
      Buffer.concat([muxer.fileHeader(), ...headers, ...units.flatMap((unit) => muxer.tagParts(unit))]),
    );
    const expected = oracle.frames(flv).slice(1);
    const round = (frames: readonly ProbedFrame[]) =>
      frames.map(({ kind, keyframe, timeSec, sizeBytes }) => [kind, keyframe, timeSec.toFixed(2), sizeBytes]).sort();
    assert.deepEqual(round(oracle.frames(path)), round(expected));
  });

  test('no input, however broken, gets more out of these parsers than a MediaError', async () => {
    const file = readFileSync(flv);
    const tags = new FlvSplitter().push(file);
    const demux = (bytes: Uint8Array): void => {
      const demuxer = new FlvDemuxer({ onTracks: () => {}, onUnits: () => {} });
      const splitter = new FlvSplitter();
      for (let at = 0; at < bytes.length; at += 500) for (const tag of splitter.push(bytes.slice(at, at + 500))) demuxer.push(tag);
    };
    await assertTotal([file.subarray(0, 6_000)], demux);
    const media = Buffer.concat(
      tags.slice(0, 8).map((tag) => writeChunks({ ...tag, streamId: 1 }, { chunkStreamId: 4, chunkSizeBytes: 128 })),
    );
    await assertTotal([media], (bytes) => new ChunkReader(() => {}).push(bytes));
    await assertTotal([tags[0]?.data ?? new Uint8Array()], decodeAmf0);
    const hello = Buffer.concat([Uint8Array.of(3), new Uint8Array(2 * 1_536)]);
    await assertTotal([Buffer.concat([hello, connectAndPublish, media])], (bytes) => {
      const session: RtmpPublishSession = new RtmpPublishSession({
        hmac: () => new Uint8Array(32),
        randomBytes: (length) => new Uint8Array(length),
        send: () => {},
        onPublish: () => session.accept(),
        onMedia: () => {},
        onUnpublish: () => {},
      });
      for (let at = 0; at < bytes.length; at += 700) session.push(bytes.slice(at, at + 700));
    });
  });
});

/** `connect` and `publish` as an encoder sends them, in chunks. */
const connectAndPublish = Buffer.from(
  '0300000000003c1400000000020007636f6e6e656374003ff00000000000000300036170700200027' +
    '66d0005746355726c02000b72746d703a2f2f682f766d000009' +
    '030000000000231401000000' +
    '0200077075626c69736800401400000000000005020003' +
    '4b45590200046c697665',
  'hex',
);

async function sourceOf(path: string): Promise<{ readonly tracks: readonly Track[]; readonly units: readonly AccessUnit[] }> {
  const file = await Mp4File.open(bytesReader(readFileSync(path)));
  const units: AccessUnit[] = [];
  for (const { id } of file.tracks) for (const index of file.samples(id).keys()) units.push(await file.readSample(id, index));
  return { tracks: file.tracks, units };
}
