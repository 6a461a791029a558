import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessUnit, Track } from './access-unit.ts';
import { Fmp4Muxer } from './fmp4-muxer.ts';
import { readRecordedSegment } from './recorded-segment.ts';
import { moveSegment } from './segment-move.ts';
import { placeSegment } from './segment-placement.ts';

const config = Uint8Array.from([1, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0, 4, 0x67, 0x42, 0xc0, 0x0a, 1, 0, 2, 0x68, 0xce]);
const video: Track = { id: 1, kind: 'video', codec: 'h264', codecString: 'avc1.42c00a', timescale: 1_000, config, width: 16, height: 16 };
const sound: Track = {
  ...{ id: 2, kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', timescale: 8_000 },
  ...{ config: Uint8Array.from([0x15, 0x88]), sampleRate: 8_000, channels: 1 },
};
const muxer = new Fmp4Muxer([video, sound]);

/** Two seconds of pictures, the first of which is presented a quarter of a second after it is decoded, and of sound. */
function recorded(between: readonly Uint8Array[] = []): Uint8Array {
  const fragments = [0, 1].map((second) => {
    const pictures = [0, 1].map((index): AccessUnit => {
      const dts = 5_000 + second * 1_000 + index * 500;
      return { trackId: 1, dts, pts: dts + 250, duration: 500, keyframe: index === 0, data: Uint8Array.of(second, index) };
    });
    const dts = 42_000 + second * 8_000;
    const heard = { trackId: 2, dts, pts: dts, duration: 8_000, keyframe: true, data: Uint8Array.of(9, second) };
    return muxer.fragment([...pictures, heard], second + 1);
  });
  const [first = new Uint8Array(), second = new Uint8Array()] = fragments;
  return Buffer.concat([muxer.initSegment(), first, ...between, second]);
}

function box(type: string): Uint8Array {
  return Buffer.concat([Buffer.from([0, 0, 0, 12]), Buffer.from(type, 'latin1'), Buffer.alloc(4)]);
}

test('a segment that is moved as it stands has the frames it has when it is taken apart and placed', () => {
  const expected = placeSegment(readRecordedSegment(recorded()), 60_000);
  const bytes = Buffer.from(Buffer.concat([recorded(), box('free')]));
  const moved = moveSegment(bytes, { atMs: 60_000, sequence: 7 });
  assert.ok(moved);
  assert.equal(moved.fragments, 2);
  const read = readRecordedSegment(Buffer.concat([muxer.initSegment(), moved.bytes])).fragments;
  assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(expected)));
  const numbers = [...Buffer.from(moved.bytes).toString('latin1').matchAll(/mfhd/g)].map(({ index }) =>
    Buffer.from(moved.bytes).readUInt32BE(index + 8),
  );
  assert.deepEqual(numbers, [7, 8]);
  assert.equal(moved.bytes.buffer, bytes.buffer, 'no frame is copied');
});

test('what depends on a place or time of its own, or would begin before time, is left as it was', () => {
  const early = recorded();
  const asItWas = Buffer.from(early);
  assert.equal(moveSegment(early, { atMs: 0, sequence: 1 }), undefined, 'decoding would begin before 0');
  assert.deepEqual(Buffer.from(early), asItWas);
  const described = recorded();
  const tfhd = Buffer.from(described).indexOf('tfhd');
  // default-base-is-moof is taken away.
  described[tfhd + 5] = 0;
  assert.equal(moveSegment(described, { atMs: 60_000, sequence: 1 }), undefined);
  assert.equal(moveSegment(recorded([box('emsg')]), { atMs: 60_000, sequence: 1 }), undefined);
  assert.throws(() => moveSegment(early.subarray(0, early.length - 3), { atMs: 0, sequence: 1 }), { code: 'OBJECT_MISMATCH' });
  assert.throws(() => moveSegment(early.subarray(muxer.initSegment().length), { atMs: 0, sequence: 1 }), { code: 'OBJECT_MISMATCH' });
});
