import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, SystemClock, silentLogger } from '@cardea/core';
import { CameraStreams } from '../camera-streams.ts';
import { DeviceClock } from '../device-clock.ts';
import { createSimulatedCamera } from '../sources/simulated.ts';
import { GrayDecoder } from './gray-decoder.ts';

const clock = new DeviceClock(new SystemClock());
const size = { width: 160, height: 90, picturesPerSec: 3, clock, logger: silentLogger };

test('a stream of the camera is decoded to small gray pictures, which are those of the scene', async () => {
  await using camera = await createSimulatedCamera({ clock, logger: silentLogger });
  await using streams = new CameraStreams(camera, { clock, random: createRandom(clock), logger: silentLogger });
  const { promise, resolve } = Promise.withResolvers<void>();
  const pictures: Uint8Array[] = [];
  await using decoder = new GrayDecoder({
    ...size,
    onPicture: (gray) => {
      pictures.push(gray);
      if (pictures.length === 4) resolve();
    },
    stuckAfterMs: 20_000,
  });
  using _attachment = streams.reader(1, 'sub').attach(decoder);
  await Promise.race([promise, decoder.failed]);
  assert.equal(pictures[0]?.length, 14_400);
  // The frame cells at the bottom right are black and white: cell 15 of 24 is the last bit of the scene, 1.
  const [picture] = pictures;
  const cell = (index: number): number => picture?.[89 * 160 + 112 + index * 2] ?? -1;
  assert.deepEqual(
    [12, 13, 14, 15].map((index) => cell(index) > 127),
    [false, false, false, true],
  );
});

test('a decoder that gets no pictures out is given up', async () => {
  await using decoder = new GrayDecoder({ ...size, onPicture: () => {}, stuckAfterMs: 300 });
  await assert.rejects(decoder.failed, { status: 'INVALID_STATE' });
});

test('without ffmpeg on the PATH that is said', async (t) => {
  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = '/nonexistent';
  await using decoder = new GrayDecoder({ ...size, onPicture: () => {}, stuckAfterMs: 5_000 });
  await assert.rejects(decoder.failed, { status: 'CODEC_UNSUPPORTED' });
});
