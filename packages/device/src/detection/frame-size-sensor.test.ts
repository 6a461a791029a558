import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VideoTrack } from '@cardea/media';
import { FrameSizeSensor } from './frame-size-sensor.ts';

const FPS = 20;
const GOP = 40;
const track: VideoTrack = {
  kind: 'video',
  id: 1,
  timescale: 90_000,
  codec: 'h264',
  codecString: 'avc1.64001f',
  config: new Uint8Array(),
  width: 640,
  height: 360,
};

function watching(sensitivity = 5) {
  const levels: number[] = [];
  const sensor = new FrameSizeSensor({ sensitivity, onReading: ({ level }) => levels.push(level) });
  sensor.begin({ tracks: [track], startMonotonicMs: 0 });
  let frame = 0;
  /** Pictures of so many bytes, key frames ten times as large. Returns the levels read meanwhile. */
  const send = (bytes: number, seconds: number): readonly number[] => {
    levels.length = 0;
    for (const end = frame + seconds * FPS; frame < end; frame += 1) {
      const keyframe = frame % GOP === 0;
      // Sizes of real pictures are never even.
      const sizeBytes = Math.round((keyframe ? 20_000 : bytes) * (0.8 + ((frame * 7) % 5) / 10));
      const dts = frame * (90_000 / FPS);
      sensor.unit({ trackId: 1, dts, pts: dts, duration: 90_000 / FPS, keyframe, data: new Uint8Array(sizeBytes) });
    }
    return [...levels];
  };
  return { send };
}

test('pictures that grow mean motion, from the first second on', () => {
  const { send } = watching();
  assert.ok(send(1_000, 30).every((level) => level < 0.5));
  const moving = send(4_000, 4);
  assert.ok(
    moving.slice(1).every((level) => level > 1),
    moving.join(' '),
  );
  assert.ok(
    send(1_000, 4)
      .slice(1)
      .every((level) => level < 0.5),
  );
});

test('an encoder that begins with large pictures does not move anything', () => {
  const { send } = watching();
  send(8_000, 2);
  send(3_000, 2);
  assert.ok(send(1_000, 20).every((level) => level < 1));
});

test('a busier scene becomes usual after some minutes', () => {
  const { send } = watching();
  send(1_000, 30);
  const levels = send(3_000, 120);
  assert.ok((levels[2] ?? 0) > 1);
  assert.ok((levels.at(-1) ?? 9) < 1);
});

test('a sharper setting sees a smaller growth', () => {
  for (const [sensitivity, seen] of [
    [1, false],
    [10, true],
  ] as const) {
    const { send } = watching(sensitivity);
    send(1_000, 30);
    assert.equal((send(1_600, 3).at(-1) ?? 0) > 1, seen);
  }
});
