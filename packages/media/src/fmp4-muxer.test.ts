import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessUnit, AudioTrack, VideoTrack } from './access-unit.ts';
import { hexOf as hex } from './box-bytes.test.ts';
import { Fmp4Muxer } from './fmp4-muxer.ts';
import { parseFragment } from './fmp4-reader.ts';
import { MediaError } from './media-error.ts';

const video: VideoTrack = {
  kind: 'video',
  id: 1,
  timescale: 90_000,
  codec: 'av1',
  codecString: 'av01.0.08M.08',
  config: Uint8Array.of(0x81, 8, 12, 0),
  width: 320,
  height: 240,
};
const audio: AudioTrack = {
  kind: 'audio',
  id: 2,
  timescale: 48_000,
  codec: 'aac',
  codecString: 'mp4a.40.2',
  config: Uint8Array.of(0x11, 0x88),
  sampleRate: 48_000,
  channels: 1,
};
const picture: AccessUnit = {
  trackId: 1,
  dts: 0x1_0000_0005,
  pts: 0x1_0000_0003,
  duration: 3000,
  keyframe: true,
  data: Uint8Array.of(1, 2, 3),
};
const sound: AccessUnit = { trackId: 2, dts: 7, pts: 7, duration: 1024, keyframe: true, data: Uint8Array.of(9) };

const isInvalid = (error: unknown): boolean => error instanceof MediaError && error.code === 'INVALID_REQUEST';

test('a fragment is one moof with a traf per track and one mdat, byte for byte', () => {
  const expected = [
    '000000b86d6f6f66',
    '000000106d6668640000000000000007',
    '0000005474726166',
    '0000001474666864000200200000000101010000',
    '0000001474666474010000000000000100000005',
    '000000247472756e01000f0100000001000000c0',
    '00000bb80000000302000000fffffffe',
    '0000004c74726166',
    '0000001474666864000200200000000202000000',
    '0000001474666474010000000000000000000007',
    '0000001c7472756e0100030100000001000000c3',
    '0000040000000001',
    '0000000c6d646174',
    '01020309',
  ];
  assert.equal(hex(new Fmp4Muxer([video, audio]).fragment([sound, picture], 7)), expected.join(''));
});

test('a track without units in a fragment takes no place in it', () => {
  const both = new Fmp4Muxer([video, audio]).fragment([sound], 1);
  const alone = new Fmp4Muxer([audio]).fragment([sound], 1);
  assert.equal(hex(both), hex(alone));
});

test('a sample lasts until the next one, so jitter does not add up to drift', () => {
  const dts = [0, 2990, 6020];
  const units = dts.map((time) => ({ ...picture, dts: time, pts: time }));
  const read = parseFragment(new Fmp4Muxer([video]).fragment(units, 1), [video]);
  assert.deepEqual(
    read.map((unit) => [unit.dts, unit.duration]),
    [
      [0, 2990],
      [2990, 3030],
      [6020, 3000],
    ],
  );
});

test('units of mixed tracks come back with their own times, flags and bytes', () => {
  const next = { ...picture, dts: picture.dts + 3000, pts: picture.dts + 9000, keyframe: false, data: Uint8Array.of(4) };
  const bytes = new Fmp4Muxer([video, audio]).fragment([picture, sound, next], 1);
  assert.deepEqual(parseFragment(bytes, [video, audio]), [picture, next, sound]);
});

test('the pieces of a fragment are its bytes, with the payload handed on uncopied', () => {
  const muxer = new Fmp4Muxer([video, audio]);
  const parts = muxer.fragmentParts([sound, picture], 7);
  assert.equal(hex(Buffer.concat(parts)), hex(muxer.fragment([sound, picture], 7)));
  assert.deepEqual([parts[1] === picture.data, parts[2] === sound.data], [true, true]);
});

test('what a fragment cannot express is refused', () => {
  const muxer = new Fmp4Muxer([video, audio]);
  const refused: Readonly<Record<string, readonly AccessUnit[]>> = {
    'nothing at all': [],
    'an unknown track': [{ ...picture, trackId: 3 }],
    'a time before 0': [{ ...sound, dts: -1 }],
    'a time between ticks': [{ ...picture, dts: 0.5 }],
    'a presentation time between ticks': [{ ...picture, dts: 0, pts: 0.5 }],
    'a presentation time far away': [{ ...picture, dts: 0, pts: 2 ** 31 }],
    'falling decode times': [picture, { ...picture, dts: picture.dts - 1 }],
    'an endless duration': [{ ...picture, duration: 2 ** 32 }],
  };
  for (const [title, units] of Object.entries(refused)) assert.throws(() => muxer.fragment(units, 1), isInvalid, title);
});

test('tracks that cannot be told apart or timed are refused', () => {
  assert.throws(() => new Fmp4Muxer([]), isInvalid);
  assert.throws(() => new Fmp4Muxer([video, { ...audio, id: 1 }]), isInvalid);
  assert.throws(() => new Fmp4Muxer([{ ...video, timescale: 0 }]), isInvalid);
  assert.throws(() => new Fmp4Muxer([{ ...video, id: 0 }]), isInvalid);
});
