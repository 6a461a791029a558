import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger, VirtualClock } from '@cardea/core';
import { type AccessUnit, jpegSize } from '@cardea/media';
import type { StreamName } from '@cardea/protocol';
import type { Camera, MediaReceiver, MediaRun } from '../camera.ts';
import { createFileCamera } from './file.ts';
import { createSimulatedCamera } from './simulated.ts';

const MINUTE_AT = 1_767_225_600_000;

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-sources-'));
});
after(() => rm(directory, { recursive: true, force: true }));

/** Remembers what arrives and when. */
class Recorder implements MediaReceiver {
  readonly runs: MediaRun[] = [];
  readonly units: { readonly unit: AccessUnit; readonly run: MediaRun; readonly arrivedMs: number; readonly at: number }[] = [];
  private readonly clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  begin(run: MediaRun): void {
    this.runs.push(run);
  }

  unit(unit: AccessUnit): void {
    const run = this.runs.at(-1);
    assert.ok(run);
    const timescale = run.tracks.find((track) => track.id === unit.trackId)?.timescale ?? 1;
    const at = run.startMonotonicMs + (unit.dts / timescale) * 1_000;
    this.units.push({ unit, run, arrivedMs: this.clock.monotonicMs(), at });
  }

  get pictures(): { readonly unit: AccessUnit; readonly arrivedMs: number; readonly at: number }[] {
    return this.units.filter(({ unit, run }) => run.tracks.find((track) => track.id === unit.trackId)?.kind === 'video');
  }
}

async function play(
  camera: Camera,
  name: StreamName,
  clock: VirtualClock,
  watch: (recorder: Recorder, pass: (ms: number) => Promise<void>) => Promise<void>,
) {
  const stream = camera.channels[0]?.streams.find((candidate) => candidate.name === name);
  assert.ok(stream);
  const recorder = new Recorder(clock);
  const stop = new AbortController();
  const reading = stream.read(recorder, { signal: stop.signal, clock });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 20) {
      await clock.advance(20);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  await pass(100);
  await watch(recorder, pass);
  stop.abort();
  await reading;
}

test('the simulated camera shows the true second of the minute and starts with a key frame that is due', async () => {
  const clock = new VirtualClock(MINUTE_AT + 7_300);
  await using camera = await createSimulatedCamera({ clock, logger: silentLogger });
  await play(camera, 'sub', clock, async (recorder, pass) => {
    await pass(3_000);
    const [first] = recorder.pictures;
    assert.equal(first?.unit.keyframe, true);
    assert.equal(first?.at, -1_300, 'the key frame of second 6');
    assert.ok((first?.arrivedMs ?? 99) <= 40, 'at once');
    for (const { at, arrivedMs } of recorder.pictures) assert.ok(arrivedMs >= at - 0.01, 'no picture comes before its time');
    assert.ok((recorder.pictures.at(-1)?.at ?? 0) > 2_900);
    assert.equal(recorder.pictures.length, 4_400 / 40 + 1);
  });
});

test('the loop goes on over the minute without a gap, in picture and sound', async () => {
  const clock = new VirtualClock(MINUTE_AT + 57_000);
  await using camera = await createSimulatedCamera({ clock, logger: silentLogger, scene: 'garden' });
  await play(camera, 'sub', clock, async (recorder, pass) => {
    await pass(6_000);
    assert.equal(recorder.runs.length, 1);
    for (const track of recorder.runs[0]?.tracks ?? []) {
      const units = recorder.units.filter(({ unit }) => unit.trackId === track.id).map(({ unit }) => unit);
      for (const [index, unit] of units.entries()) {
        const next = units[index + 1];
        if (next !== undefined) assert.equal(next.dts, unit.dts + unit.duration, `${track.kind} ${index}`);
      }
    }
  });
});

test('after a step of the clock the picture is lined up again, and time does not run back', async () => {
  const clock = new VirtualClock(MINUTE_AT);
  await using camera = await createSimulatedCamera({ clock, logger: silentLogger });
  await play(camera, 'sub', clock, async (recorder, pass) => {
    await pass(1_000);
    clock.jump(5_500);
    await pass(5_000);
    assert.equal(recorder.runs.length, 2);
    const [, second] = recorder.runs;
    assert.equal(((clock.now() - clock.monotonicMs() + (second?.startMonotonicMs ?? 0)) % 60_000) % 2_000, 0);
    const times = recorder.pictures.map(({ at }) => at);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });
});

test('a file is played over and over, H.265 with B-frames and sound too', async () => {
  const path = join(directory, 'clip.mp4');
  ffmpeg(
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x180:rate=25:duration=2',
    '-f',
    'lavfi',
    '-i',
    'sine=duration=2',
    '-c:v',
    'libx265',
    '-x265-params',
    'log-level=none:bframes=2',
    '-tag:v',
    'hvc1',
    '-c:a',
    'aac',
    '-shortest',
    path,
  );
  const clock = new VirtualClock(MINUTE_AT);
  await using camera = await createFileCamera({ path, clock });
  const [channel] = camera.channels;
  assert.equal(channel?.streams[0]?.video.codec, 'h265');
  assert.equal(channel?.streams[0]?.video.fps, 25);
  await play(camera, 'main', clock, async (recorder, pass) => {
    await pass(5_000);
    assert.ok(recorder.pictures.length > 120);
    const dts = recorder.pictures.map(({ unit }) => unit.dts);
    for (let index = 1; index < dts.length; index += 1) assert.ok((dts[index] ?? 0) > (dts[index - 1] ?? 0));
  });
});

test('a picture of a file shows the size that was asked for', async () => {
  const path = join(directory, 'still.mp4');
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10:duration=1', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', path);
  const clock = new VirtualClock(MINUTE_AT);
  await using camera = await createFileCamera({ path, clock });
  const options = { clock, signal: new AbortController().signal };
  const full = await camera.channels[0]?.takePicture?.({ stream: 'main', quality: 80 }, options);
  assert.deepEqual(jpegSize(full?.jpeg ?? new Uint8Array()), { width: 320, height: 180 });
  const small = await camera.channels[0]?.takePicture?.({ stream: 'main', quality: 20, width: 160 }, options);
  assert.deepEqual(jpegSize(small?.jpeg ?? new Uint8Array()), { width: 160, height: 90 });
});

test('a file that is missing or no video is refused with its name', async () => {
  const clock = new VirtualClock();
  const path = join(directory, 'text.mp4');
  await writeFile(path, 'this is no video');
  await assert.rejects(createFileCamera({ path, clock }), { status: 'CODEC_UNSUPPORTED' });
  await assert.rejects(createFileCamera({ path: join(directory, 'absent.mp4'), clock }), { status: 'INVALID_STATE' });
});

test('the simulated camera takes a picture of the moment, in any size', async () => {
  const clock = new VirtualClock(MINUTE_AT + 12_000);
  await using camera = await createSimulatedCamera({ clock, logger: silentLogger });
  const options = { clock, signal: new AbortController().signal };
  const picture = await camera.channels[0]?.takePicture?.({ stream: 'main', quality: 80 }, options);
  assert.equal(picture?.capturedAt, MINUTE_AT + 12_000);
  assert.deepEqual(jpegSize(picture?.jpeg ?? new Uint8Array()), { width: 1_280, height: 720 });
});

function ffmpeg(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args]);
  assert.equal(status, 0, stderr.toString());
}
