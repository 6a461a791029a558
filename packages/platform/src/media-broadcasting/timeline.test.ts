import assert from 'node:assert/strict';
import { test } from 'node:test';
import { picture, plainTrack } from './testing/media.ts';
import { Timeline } from './timeline.ts';

const audioTrack = { ...plainTrack, id: 2, timescale: 48_000 };

function place(timeline: Timeline, unit: ReturnType<typeof picture>): number | undefined {
  return timeline.place(unit, { isKeyframe: unit.keyframe })?.dts;
}

test('a camera that sends its clock of the day starts at 0, sound and picture moved alike', () => {
  const timeline = new Timeline();
  timeline.begin([plainTrack, audioTrack]);
  const dayMs = 1_767_225_600_000;
  assert.equal(place(timeline, { ...picture(0), dts: dayMs }), 0);
  assert.equal(place(timeline, { ...picture(1), dts: dayMs + 40 }), 40);
  assert.equal(place(timeline, { ...picture(1), trackId: 2, dts: dayMs * 48 + 960 }), 960);
});

test('a publisher that comes back goes on where the pictures ended', () => {
  const timeline = new Timeline();
  timeline.begin([plainTrack]);
  place(timeline, picture(0));
  place(timeline, picture(1));
  timeline.begin([plainTrack]);
  assert.equal(place(timeline, { ...picture(0), dts: 900_000 }), 80);
});

test('a unit that would go back in time is left out', () => {
  const timeline = new Timeline();
  timeline.begin([plainTrack]);
  place(timeline, picture(0));
  place(timeline, picture(2));
  assert.equal(place(timeline, picture(1)), undefined);
  assert.equal(place(timeline, picture(3)), 120);
});

test('a camera clock that jumps costs the pictures until the next key frame and no more', () => {
  const timeline = new Timeline();
  timeline.begin([plainTrack]);
  place(timeline, picture(0));
  assert.equal(place(timeline, { ...picture(1), dts: 86_400_000 }), undefined);
  assert.equal(place(timeline, { ...picture(0), dts: 86_400_040 }), 40);
  assert.equal(place(timeline, { ...picture(1), dts: 86_400_080 }), 80);
});

test('a camera clock set back is followed at the next key frame', () => {
  const timeline = new Timeline();
  timeline.begin([plainTrack]);
  place(timeline, { ...picture(0), dts: 10_000 });
  assert.equal(place(timeline, { ...picture(1), dts: 4_000 }), undefined);
  assert.equal(place(timeline, { ...picture(0), dts: 4_040 }), 40);
});

test('sound that is sent a second ahead of the pictures moves nothing', () => {
  const timeline = new Timeline();
  timeline.begin([plainTrack, audioTrack]);
  place(timeline, picture(0));
  place(timeline, { ...picture(1), trackId: 2, dts: 96_000 });
  assert.equal(place(timeline, { ...picture(0), dts: 40 }), 40);
});

test('lost pictures leave their gap', () => {
  const timeline = new Timeline();
  timeline.begin([plainTrack]);
  place(timeline, picture(0));
  assert.equal(place(timeline, { ...picture(0), dts: 5_000 }), 5_000);
});
