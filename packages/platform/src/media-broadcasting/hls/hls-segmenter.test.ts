import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { picture, plainTrack } from '../testing/media.ts';
import { HlsSegmenter } from './hls-segmenter.ts';
import { HlsWindow } from './hls-window.ts';

/** How many pictures the parts have of the last segment that is whole, after groups of as many pictures, 25 a second. */
function lastPartsOf(...groups: readonly number[]): readonly number[] {
  const window = new HlsWindow({ targetDurationSec: 2, firstSequence: 0 });
  const segmenter = new HlsSegmenter({ window, clock: new VirtualClock(), onChange: () => {}, onDropped: () => {} });
  segmenter.onTracks([plainTrack]);
  let count = 0;
  for (const pictures of [...groups, 1]) {
    for (let index = 0; index < pictures; index += 1) {
      const startsWithKeyframe = index === 0;
      segmenter.onBatch({ units: [{ ...picture(count), keyframe: startsWithKeyframe }], startsWithKeyframe });
      count += 1;
    }
  }
  const last = window.playlist('T').split('#EXTINF').at(-2) ?? '';
  return [...last.matchAll(/#EXT-X-PART:DURATION=([\d.]+)/g)].map(([, seconds]) => Math.round(Number(seconds) * 25));
}

test('a segment of two seconds comes out in seven parts, none of which is a single picture', () => {
  assert.deepEqual(lastPartsOf(50, 50, 50, 50), [8, 7, 7, 7, 7, 7, 7]);
});

test('only the last part of a segment is shorter than the others', () => {
  assert.deepEqual(lastPartsOf(25, 25, 25, 25), [7, 7, 7, 4]);
});

test('a segment that is longer or shorter than the one before has parts of the usual length', () => {
  assert.deepEqual(lastPartsOf(25, 25, 25, 50), [7, 7, 7, 7, 7, 7, 7, 1]);
  assert.deepEqual(lastPartsOf(50, 50, 50, 25), [8, 7, 7, 3]);
});
