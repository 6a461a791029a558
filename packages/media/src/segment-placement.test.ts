import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessUnit, Track } from './access-unit.ts';
import { Fmp4Muxer } from './fmp4-muxer.ts';
import { readRecordedSegment } from './recorded-segment.ts';
import { leadOf, placeSegment } from './segment-placement.ts';

const config = Uint8Array.from([1, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0, 4, 0x67, 0x42, 0xc0, 0x0a, 1, 0, 2, 0x68, 0xce]);
const video: Track = { id: 1, kind: 'video', codec: 'h264', codecString: 'avc1.42c00a', timescale: 1_000, config, width: 16, height: 16 };
const sound: Track = {
  ...{ id: 2, kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', timescale: 8_000 },
  ...{ config: Uint8Array.from([0x15, 0x88]), sampleRate: 8_000, channels: 1 },
};

/** Four groups of pictures of a second, of which every second picture is shown before the one decoded before it. */
function recorded() {
  const muxer = new Fmp4Muxer([video, sound]);
  const fragments = [0, 1, 2, 3].map((second) => {
    const pictures = [0, 1, 2, 3].map((index): AccessUnit => {
      const dts = 5_000 + second * 1_000 + index * 250;
      const shown = [0, 500, 250, 750][index] ?? 0;
      return {
        trackId: 1,
        dts,
        pts: 5_250 + second * 1_000 + shown,
        duration: 250,
        keyframe: index === 0,
        data: Uint8Array.of(second, index),
      };
    });
    const sounds = [0, 1].map((index): AccessUnit => {
      const dts = 42_000 + second * 8_000 + index * 4_000;
      return { trackId: 2, dts, pts: dts, duration: 4_000, keyframe: true, data: Uint8Array.of(second, 9) };
    });
    return muxer.fragment([...pictures, ...sounds], second + 1);
  });
  return readRecordedSegment(Buffer.concat([muxer.initSegment(), ...fragments]));
}

function picturesOf(fragments: readonly (readonly AccessUnit[])[]): readonly (readonly [number, number])[] {
  const shown = fragments.flat().filter(({ trackId }) => trackId === 1);
  return shown.map(({ pts, data }) => [pts, (data[0] ?? 0) * 10 + (data[1] ?? 0)] as const).toSorted(([one], [other]) => one - other);
}

test('a segment is moved to where it belongs, pictures and sound together', () => {
  const placed = placeSegment(recorded(), 60_000);
  assert.equal(placed.length, 4);
  assert.deepEqual(picturesOf(placed).slice(0, 3), [
    [60_000, 0],
    [60_250, 2],
    [60_500, 1],
  ]);
  assert.equal(placed[0]?.find(({ trackId }) => trackId === 2)?.pts, 480_000);
});

test('a part begins with the key frame at or before its beginning and ends with the picture at or after its end', () => {
  const cut = placeSegment(recorded(), 0, { fromMs: 1_400, toMs: 2_100 });
  const times = picturesOf(cut).map(([pts]) => pts);
  assert.equal(times[0], 1_000);
  assert.ok(times.includes(2_250), 'the first picture after the end');
  assert.ok((times.at(-1) ?? 0) <= 2_500, 'no more than what it is decoded from');
  const heard = cut.flat().filter(({ trackId }) => trackId === 2);
  assert.deepEqual(
    heard.map(({ pts }) => pts / 8),
    [1_000, 1_500, 2_000],
  );
});

test('nothing before the beginning is wanted of a part that begins with its segment', () => {
  assert.equal(picturesOf(placeSegment(recorded(), 0, { fromMs: -5_000 })).length, 16);
  assert.deepEqual(placeSegment({ tracks: [video], fragments: [] }, 0), []);
});

test('by how much decoding comes first is told', () => {
  const segment = recorded();
  assert.equal(leadOf(placeSegment(segment, 0), segment.tracks), 250);
  assert.equal(leadOf(placeSegment(segment, 1_000), segment.tracks), 0);
});
