import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessUnit, Track } from '../access-unit.ts';
import { bytesOf, hexOf } from '../box-bytes.test.ts';
import { buildHvcC } from '../h265.ts';
import { MediaError } from '../media-error.ts';
import { buildOpusConfig, opusTrack } from '../opus.ts';
import { FlvDemuxer } from './flv-demuxer.ts';
import { FlvMuxer } from './flv-muxer.ts';
import { FlvSplitter, type FlvTag, flvFileHeader, flvType } from './flv-tag.ts';

const avcC = bytesOf('014d400dffe10018674d400deca0a0fd80880000030008000003019078a14cb001000468ce0fc8');
const hvcC = buildHvcC({
  vps: [bytesOf('40010c01ffff01600000030090000003000003003c959409')],
  sps: [bytesOf('42010101600000030090000003000003003ca00a080f16595952930bc05a020000030002000003003210')],
  pps: [bytesOf('4401c073c189')],
});
const video = { kind: 'video', id: 7, timescale: 90_000, width: 160, height: 120 } as const;
const h264: Track = { ...video, codec: 'h264', codecString: 'avc1.4d400d', config: avcC };
const h265: Track = { ...video, codec: 'h265', codecString: 'hvc1.1.6.L60.90', config: hvcC };
const av1: Track = { ...video, codec: 'av1', codecString: 'av01.0.08M.08', config: bytesOf('81080c00') };
const aac: Track = {
  kind: 'audio',
  id: 9,
  timescale: 48_000,
  codec: 'aac',
  codecString: 'mp4a.40.2',
  config: bytesOf('1190'),
  sampleRate: 48_000,
  channels: 2,
};
const alaw: Track = {
  ...aac,
  codec: 'g711a',
  codecString: 'alaw',
  config: new Uint8Array(),
  timescale: 8_000,
  sampleRate: 8_000,
  channels: 1,
};

const unit = (values: Partial<AccessUnit> = {}): AccessUnit => ({
  trackId: 7,
  dts: 90_000,
  pts: 93_600,
  duration: 3_600,
  keyframe: true,
  data: bytesOf('0000000165'),
  ...values,
});
const wire = (muxer: FlvMuxer, ...units: readonly AccessUnit[]) => hexOf(Buffer.concat(units.flatMap((one) => muxer.tagParts(one))));

/** What a demuxer makes of tags. */
function demuxed(tags: readonly FlvTag[]) {
  const tracks: (readonly Track[])[] = [];
  const units: AccessUnit[] = [];
  const demuxer = new FlvDemuxer({ onTracks: (news) => tracks.push(news), onUnits: (news) => units.push(...news) });
  for (const tag of tags) demuxer.push(tag);
  return { tracks, units };
}

function tagsOf(muxer: FlvMuxer, units: readonly AccessUnit[]): readonly FlvTag[] {
  const media = units.map((one) => {
    const { type, timestampMs, head, data } = muxer.message(one);
    return { type, timestampMs, data: Uint8Array.of(...head, ...data) };
  });
  return [...muxer.headers(), ...media];
}

test('the header of a file says whether it holds sound and pictures', () => {
  assert.equal(hexOf(flvFileHeader({ hasAudio: true, hasVideo: true })), '464c5601050000000900000000');
  assert.equal(hexOf(new FlvMuxer([h264]).fileHeader()), '464c5601010000000900000000');
});

test('an H.264 picture is a tag of video with its time, the way to its showing and the size behind it', () => {
  const muxer = new FlvMuxer([h264]);
  assert.equal(wire(muxer, unit()), '0900000a0003e8000000001701000028000000016500000015');
  assert.equal(wire(muxer, unit({ keyframe: false, pts: 86_400 })), '0900000a0003e80000000027' + '01ffffd8000000016500000015');
});

test('a time beyond 24 bits keeps its highest byte apart', () => {
  const muxer = new FlvMuxer([{ ...h264, timescale: 1_000 }]);
  assert.equal(wire(muxer, unit({ dts: 0x1234_5678, pts: 0x1234_5678 })).slice(8, 16), '34567812');
});

test('H.265, AV1 and Opus go out in the enhanced form, AAC and G.711 in the classic one', () => {
  assert.equal(hexOf(new FlvMuxer([h265]).headers()[1]?.data ?? bytesOf('')), `9068766331${hexOf(hvcC)}`);
  assert.equal(hexOf(new FlvMuxer([h265]).message(unit()).head), '9168766331000028');
  assert.equal(hexOf(new FlvMuxer([av1]).message(unit({ keyframe: false })).head), 'a161763031');
  const opus = opusTrack(9, 48_000, buildOpusConfig(2));
  assert.equal(hexOf(new FlvMuxer([opus]).headers()[1]?.data ?? bytesOf('')), '904f7075734f7075734865616401023801' + '80bb0000' + '000000');
  assert.equal(hexOf(new FlvMuxer([opus]).message(unit({ trackId: 9 })).head), '914f707573');
  assert.equal(hexOf(new FlvMuxer([aac]).headers()[1]?.data ?? bytesOf('')), 'af001190');
  assert.equal(hexOf(new FlvMuxer([aac]).message(unit({ trackId: 9 })).head), 'af01');
  assert.equal(new FlvMuxer([alaw]).headers().length, 1);
  assert.equal(hexOf(new FlvMuxer([alaw]).message(unit({ trackId: 9 })).head), '72');
});

test('G.711 at another rate than 8 kHz is refused, since FLV has no word for it', () => {
  assert.throws(() => new FlvMuxer([{ ...alaw, sampleRate: 16_000 } as Track]), { code: 'CODEC_UNSUPPORTED' });
});

test('whatever is muxed is read back, in any cuts', () => {
  for (const [picture, sound] of [
    [h264, aac],
    [h265, opusTrack(9, 48_000, buildOpusConfig(1))],
    [av1, alaw],
  ] as const) {
    const muxer = new FlvMuxer([picture, sound]);
    const key = unit({ pts: picture.codec === 'av1' ? 90_000 : 93_600 });
    const sounding = unit({ trackId: 9, dts: sound.timescale, pts: sound.timescale, data: Uint8Array.of(0xfc, 2, 3, 4) });
    const file = Buffer.concat([
      muxer.fileHeader(),
      ...fileTags(muxer.headers()),
      ...[key, sounding].flatMap((one) => muxer.tagParts(one)),
    ]);
    for (const size of [1, 7, file.length]) {
      const splitter = new FlvSplitter();
      const tags: FlvTag[] = [];
      for (let at = 0; at < file.length; at += size) tags.push(...splitter.push(file.subarray(at, at + size)));
      const { tracks, units } = demuxed(tags);
      assert.deepEqual(
        tracks.map((news) => news.map(({ codec, config }) => [codec, hexOf(config)])),
        [[picture, sound].map(({ codec, config }) => [codec, hexOf(config)])],
      );
      assert.deepEqual(
        units.map(({ trackId, dts, pts, keyframe, data }) => [trackId, dts, pts, keyframe, hexOf(data)]),
        [
          [1, 1_000, picture.codec === 'av1' ? 1_000 : 1_040, true, '0000000165'],
          [2, sound.timescale, sound.timescale, true, 'fc020304'],
        ],
      );
    }
  }
});

function fileTags(tags: readonly FlvTag[]): readonly Uint8Array[] {
  return tags.map(({ type, data }) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(11 + data.length);
    return Buffer.concat([Uint8Array.of(type, data.length >> 16, data.length >> 8, data.length, 0, 0, 0, 0, 0, 0, 0), data, size]);
  });
}

test('sound that was announced and comes a little later does not change the tracks again', () => {
  const muxer = new FlvMuxer([h264, aac]);
  const [metadata, videoConfig, audioConfig] = muxer.headers();
  assert.ok(metadata && videoConfig && audioConfig);
  const [, , , ...pictures] = tagsOf(muxer, [unit(), unit({ dts: 93_600, pts: 93_600, keyframe: false })]);
  const { tracks, units } = demuxed([metadata, videoConfig, ...pictures, audioConfig, ...pictures.slice(1)]);
  assert.deepEqual([tracks.length, tracks[0]?.length, units.length], [1, 2, 3]);
});

test('sound that was announced and never comes is waited for half a second', () => {
  const [metadata, videoConfig] = new FlvMuxer([h264, aac]).headers();
  assert.ok(metadata && videoConfig);
  const pictures = Array.from({ length: 14 }, (_, index) => unit({ dts: index * 3_600, pts: index * 3_600 }));
  const [, , , ...tags] = tagsOf(new FlvMuxer([h264, aac]), pictures);
  assert.equal(demuxed([metadata, videoConfig, ...tags.slice(0, 13)]).units.length, 0);
  const { tracks, units } = demuxed([metadata, videoConfig, ...tags]);
  assert.deepEqual([tracks[0]?.length, units.length], [1, 14]);
});

test('times go on when their 32 bits are used up', () => {
  const muxer = new FlvMuxer([h264]);
  const at = (timestampMs: number): FlvTag => ({ type: flvType.video, timestampMs, data: bytesOf('1701000000') });
  const picture = (timestampMs: number): FlvTag => ({ ...at(timestampMs), data: Uint8Array.of(...at(0).data, 1) });
  const { units } = demuxed([...muxer.headers(), picture(0xffff_ffd8), picture(0)]);
  assert.deepEqual(
    units.map(({ dts }) => dts),
    [0xffff_ffd8, 0x1_0000_0000],
  );
});

test('rounding to milliseconds makes no gaps in the sound', () => {
  const frames = [0, 21, 43, 64, 85].map((timestampMs) => ({ type: flvType.audio, timestampMs, data: bytesOf('af0101') }));
  const picture = { type: flvType.video, timestampMs: 0, data: bytesOf('170100000001') };
  const { units } = demuxed([...new FlvMuxer([h264, aac]).headers(), picture, ...frames]);
  assert.deepEqual(
    units.filter(({ trackId }) => trackId === 2).map(({ dts, duration }) => [dts, duration]),
    [0, 1, 2, 3, 4].map((index) => [index * 1_024, 1_024]),
  );
});

test('a new configuration amid the stream announces the tracks anew, a repeated one does not', () => {
  const muxer = new FlvMuxer([h264]);
  const tags = tagsOf(muxer, [unit()]);
  const other = new FlvMuxer([{ ...h264, config: Uint8Array.of(...avcC, 0) } as Track]).headers();
  assert.equal(demuxed([...tags, ...muxer.headers()]).tracks.length, 1);
  assert.equal(demuxed([...tags, ...other]).tracks.length, 2);
});

test('pictures nothing here can carry are refused, sound nothing here can carry is left out', () => {
  const sorenson = { type: flvType.video, timestampMs: 0, data: bytesOf('120000') };
  assert.throws(() => demuxed([sorenson]), { code: 'CODEC_UNSUPPORTED' });
  const mp3 = { type: flvType.audio, timestampMs: 0, data: bytesOf('2f0102') };
  const { tracks } = demuxed([
    ...new FlvMuxer([h264]).headers(),
    mp3,
    { type: flvType.video, timestampMs: 0, data: bytesOf('170100000001') },
  ]);
  assert.deepEqual(
    tracks[0]?.map(({ kind }) => kind),
    ['video'],
  );
});

test('a modifier of Enhanced RTMP before a picture is passed over', () => {
  const muxer = new FlvMuxer([h265]);
  const modified = { type: flvType.video, timestampMs: 40, data: bytesOf('97' + '02000001' + '01' + '68766331' + '000028' + '0000000165') };
  assert.deepEqual(
    demuxed([...muxer.headers(), modified]).units.map(({ dts, pts, keyframe, data }) => [dts, pts, keyframe, hexOf(data)]),
    [[40, 80, true, '0000000165']],
  );
});

test('what is no FLV is said to be none', () => {
  assert.throws(() => new FlvSplitter().push(Buffer.from('GIF89a.......')), MediaError);
});
