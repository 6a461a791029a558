import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, silentLogger, sleep, VirtualClock } from '@cardea/core';
import type { AccessUnit, VideoTrack } from '@cardea/media';
import type { CameraStream, MediaReceiver, ReadOptions } from './camera.ts';
import { StreamReader } from './stream-reader.ts';

const track: VideoTrack = {
  kind: 'video',
  id: 1,
  timescale: 1_000,
  codec: 'h264',
  codecString: 'avc1.64001f',
  config: new Uint8Array(),
  width: 2,
  height: 2,
};

/** An encoder with ten pictures a second and a key frame each second, whose reads can be counted, broken and silenced. */
class Encoder {
  reads = 0;
  readonly stream: CameraStream;
  trouble: 'none' | 'fails' | 'silent' = 'none';

  constructor() {
    const video = { codec: 'h264', width: 2, height: 2, fps: 10, kbps: 1 } as const;
    this.stream = { name: 'main', video, gopSec: 1, read: (receiver, options) => this.read(receiver, options) };
  }

  private async read(receiver: MediaReceiver, { clock, signal }: ReadOptions): Promise<void> {
    this.reads += 1;
    receiver.begin({ tracks: [track], startMonotonicMs: clock.monotonicMs() });
    for (let index = 0; !signal.aborted; index += 1) {
      if (this.trouble === 'fails') throw new Error('the lens fell off');
      const dts = index * 100;
      if (this.trouble === 'none')
        receiver.unit({ trackId: 1, dts, pts: dts, duration: 100, keyframe: index % 10 === 0, data: new Uint8Array([index]) });
      await sleep(clock, 100, { signal });
    }
  }
}

class Sink implements MediaReceiver {
  runs = 0;
  readonly units: AccessUnit[] = [];

  begin(): void {
    this.runs += 1;
  }

  unit(unit: AccessUnit): void {
    this.units.push(unit);
  }
}

function open(): { clock: VirtualClock; encoder: Encoder; reader: StreamReader } {
  const clock = new VirtualClock();
  const encoder = new Encoder();
  return { clock, encoder, reader: new StreamReader(encoder.stream, { clock, logger: silentLogger, random: createRandom(clock) }) };
}

test('two who watch share one read of the camera, which ends with the last of them', async () => {
  const { clock, encoder, reader } = open();
  const [first, second] = [new Sink(), new Sink()];
  const a = reader.attach(first);
  const b = reader.attach(second);
  await clock.advance(1_000);
  assert.equal(encoder.reads, 1);
  assert.equal(first.units.length, 11);
  assert.equal(first.units[5]?.data, second.units[5]?.data);
  a[Symbol.dispose]();
  await clock.advance(500);
  b[Symbol.dispose]();
  await clock.advance(5_000);
  assert.equal(second.units.length, 16);
  assert.equal(clock.pendingTimers, 0);
});

test('a newcomer starts at once with the newest key frame', async () => {
  const { clock, reader } = open();
  reader.attach(new Sink());
  await clock.advance(2_700);
  const late = new Sink();
  reader.attach(late);
  assert.equal(late.units[0]?.keyframe, true);
  assert.deepEqual(
    late.units.map((unit) => unit.dts),
    [2_000, 2_100, 2_200, 2_300, 2_400, 2_500, 2_600, 2_700],
  );
  await reader[Symbol.asyncDispose]();
});

test('pictures from before are kept as long as somebody wants them, and no longer', async () => {
  const { clock, reader } = open();
  const hold = reader.hold(3_000);
  await clock.advance(8_500);
  const sink = new Sink();
  reader.attach(sink, { preRollMs: 3_000 });
  assert.equal(sink.units[0]?.dts, 5_000);
  assert.equal(reader.availableFrom(3_000), clock.now() - 3_500);
  hold[Symbol.dispose]();
  await clock.advance(1_500);
  const later = new Sink();
  reader.attach(later, { preRollMs: 3_000 });
  assert.equal(later.units[0]?.dts, 10_000);
  await reader[Symbol.asyncDispose]();
});

test('a camera that fails is read again, with growing patience', async () => {
  const { clock, encoder, reader } = open();
  const sink = new Sink();
  reader.attach(sink);
  await clock.advance(500);
  encoder.trouble = 'fails';
  await clock.advance(20_000);
  assert.ok(encoder.reads >= 4 && encoder.reads <= 7, `${encoder.reads} reads`);
  encoder.trouble = 'none';
  await clock.advance(31_000);
  assert.equal(sink.runs, encoder.reads);
  assert.equal(sink.units.at(-1)?.keyframe === undefined, false);
  await reader[Symbol.asyncDispose]();
});

test('a camera that is silent from the start is read again, whatever fraction of a millisecond that was at', {
  timeout: 10_000,
}, async () => {
  const { clock, encoder, reader } = open();
  encoder.trouble = 'silent';
  // 3,192.3 + 5,000 - 3,192.3 is a little less than 5,000.
  await clock.advance(3_192.3);
  reader.attach(new Sink());
  await clock.advance(9_000);
  assert.equal(encoder.reads, 2);
  await reader[Symbol.asyncDispose]();
});

test('a camera that falls silent is read again', async () => {
  const { clock, encoder, reader } = open();
  reader.attach(new Sink());
  await clock.advance(1_000);
  encoder.trouble = 'silent';
  await clock.advance(4_000);
  assert.equal(encoder.reads, 1);
  await clock.advance(3_000);
  assert.equal(encoder.reads, 2);
  await reader[Symbol.asyncDispose]();
});
