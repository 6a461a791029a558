import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { type AccessUnit, parseInitSegment, type VideoTrack } from '@cardea/media';
import { FanOut } from './fan-out.ts';
import { LiveStream, type Publisher } from './live-stream.ts';
import { FakeSocket } from './testing/fake-socket.ts';
import { picture, plainTrack } from './testing/media.ts';
import { webSocketFmp4 } from './websocket/websocket-fmp4.ts';

const publisher: Publisher = { stop: () => {} };
const fail = (error: unknown): never => assert.fail(String(error));

function createOutput() {
  const clock = new VirtualClock();
  const counters = { bytesIn: 0, bytesOut: 0, skips: 0, tooSlow: 0 };
  const stream = new LiveStream({ onPublishing: () => {}, onEnded: () => {}, onSinkFailed: fail });
  const output = new FanOut({ format: webSocketFmp4, stream, clock, counters });
  const write = (...units: readonly AccessUnit[]) => stream.write(publisher, units);
  const begin = (track: VideoTrack = plainTrack) => {
    stream.open(publisher);
    stream.begin(publisher, [track]);
  };
  return { clock, counters, stream, output, write, begin };
}

function join(output: FanOut, onTooSlow = () => {}) {
  const socket = new FakeSocket();
  const subscription = output.join({ socket, onTooSlow });
  return { socket, leave: () => subscription[Symbol.dispose]() };
}

test('a viewer gets what it is, how it begins, and then one fragment for each picture', () => {
  const { output, write, begin } = createOutput();
  const { socket } = join(output);
  begin();
  write(picture(0));
  write(picture(1));
  const [mime, init] = socket.messages;
  assert.equal(mime, '{"mime":"video/mp4; codecs=\\"avc1.42c01e\\""}');
  assert.equal(parseInitSegment(Buffer.from(init ?? ''))[0]?.codecString, 'avc1.42c01e');
  assert.deepEqual(socket.times, [[0], [40]]);
});

test('every viewer is given the very same bytes', () => {
  const { counters, output, write, begin } = createOutput();
  const [one, other] = [join(output), join(output)];
  begin();
  write(picture(0));
  assert.equal(one.socket.writes[1], other.socket.writes[1]);
  const sizeBytes = one.socket.writes.reduce((sum, { length }) => sum + length, 0);
  assert.equal(counters.bytesOut, 2 * sizeBytes);
});

test('who comes late starts at the kept key frame, in one write, and goes on without a gap', () => {
  const { output, write, begin } = createOutput();
  join(output);
  begin();
  for (let index = 20; index < 30; index += 1) write(picture(index, { gop: 20 }));
  const { socket } = join(output);
  assert.equal(socket.writes.length, 1);
  write(picture(30, { gop: 20 }));
  assert.deepEqual(socket.times, [[0, 40, 80, 120, 160, 200, 240, 280, 320, 360], [400]]);
});

test('viewers that come together share the bytes they start with', () => {
  const { output, write, begin } = createOutput();
  begin();
  write(picture(0));
  const [one, other] = [join(output), join(output)];
  assert.equal(one.socket.writes[0], other.socket.writes[0]);
});

test('with two hundred viewers pictures wait up to 50 ms and leave together', async () => {
  const { clock, output, write, begin } = createOutput();
  const viewers = Array.from({ length: 200 }, () => join(output));
  begin();
  write(picture(0));
  await clock.advance(20);
  write(picture(1));
  await clock.advance(29);
  assert.deepEqual(viewers[0]?.socket.times, []);
  await clock.advance(1);
  assert.deepEqual(viewers[0]?.socket.times, [[0, 40]]);
  const late = join(output);
  assert.deepEqual(late.socket.times, [[0, 40]]);
});

test('a picture that waits to leave reaches a newcomer once', async () => {
  const { clock, output, write, begin } = createOutput();
  for (let n = 0; n < 200; n += 1) join(output);
  begin();
  write(picture(0));
  await clock.advance(50);
  write(picture(1));
  const { socket } = join(output);
  await clock.advance(50);
  assert.deepEqual(socket.times, [[0], [40]]);
});

test('a key frame does not wait for the window of the group before it', () => {
  const { output, write, begin } = createOutput();
  const viewers = Array.from({ length: 200 }, () => join(output));
  begin();
  write(picture(0));
  write(picture(25));
  assert.deepEqual(viewers[0]?.socket.times, [[0]]);
});

test('a publisher that comes back with the same codec goes on without a new beginning', () => {
  const { output, write, begin } = createOutput();
  const { socket } = join(output);
  begin();
  write(picture(0));
  begin();
  write(picture(0));
  assert.equal(socket.messages.length, 4);
  assert.deepEqual(socket.times, [[0], [40]]);
});

test('after a change of codec viewers are told the new type and start at its key frame', () => {
  const { output, write, begin } = createOutput();
  const { socket } = join(output);
  begin();
  write(picture(0));
  begin({ ...plainTrack, codecString: 'avc1.640028', config: Uint8Array.of(1, 0x64, 0, 0x28, 0xff, 0xe1, 0, 0, 1, 0, 0) });
  write(picture(1));
  write(picture(25));
  assert.equal(socket.messages[3], '{"mime":"video/mp4; codecs=\\"avc1.640028\\""}');
  assert.deepEqual(socket.times, [[0], [40]]);
});

test('a viewer that takes nothing is skipped and closed while the others miss no picture', () => {
  const { counters, output, write, begin } = createOutput();
  let closed = 0;
  const stalled = join(output, () => {
    closed += 1;
    stalled.leave();
  });
  const healthy = join(output);
  begin();
  write(picture(0));
  stalled.socket.writableLength = 8 * 1024 * 1024;
  for (let index = 1; index < 60; index += 1) write(picture(index));
  assert.equal(healthy.socket.times.length, 60);
  assert.equal(stalled.socket.times.length, 1);
  assert.equal(closed, 1);
  assert.deepEqual([counters.skips, counters.tooSlow, output.viewers], [1, 1, 1]);
});

test('a burst of kept pictures from the camera makes nobody too slow', () => {
  const { counters, output, write, begin } = createOutput();
  const { socket } = join(output);
  begin();
  for (let index = 0; index < 50; index += 1) {
    write(picture(index, { gop: 50, sizeBytes: 40_000 }));
    socket.writableLength += 40_000;
  }
  assert.equal(socket.times.length, 50);
  assert.equal(counters.skips, 0);
});

test('while nobody watches nothing is muxed', () => {
  const { counters, output, write, begin } = createOutput();
  const { leave } = join(output);
  begin();
  write(picture(0));
  leave();
  const before = counters.bytesOut;
  write(picture(1));
  assert.equal(counters.bytesOut, before);
  assert.equal(output.viewers, 0);
});

test('sound that a format has no way to say is left out, viewers are told where it is heard, and the pictures go on', () => {
  const { output, stream } = createOutput();
  const { socket } = join(output);
  const sound = {
    kind: 'audio',
    id: 2,
    timescale: 8_000,
    codec: 'g711u',
    codecString: 'ulaw',
    config: new Uint8Array(),
    sampleRate: 8_000,
    channels: 1,
  } as const;
  stream.open(publisher);
  stream.begin(publisher, [plainTrack, sound]);
  const heard = { trackId: 2, dts: 0, pts: 0, duration: 160, keyframe: true, data: new Uint8Array(160) };
  stream.write(publisher, [picture(0), heard]);
  stream.write(publisher, [heard, picture(1)]);
  const late = join(output);
  const about = '{"mime":"video/mp4; codecs=\\"avc1.42c01e\\"","leftOut":[{"codec":"g711u","outputs":["flv","rtsp"]}]}';
  assert.equal(socket.messages[0], about);
  assert.deepEqual(socket.times, [[0], [40]]);
  assert.deepEqual(late.socket.times, [[0, 40]]);
});

test('a format that fails, at once or when its window ends, sends its own viewers away and leaves the publisher alone', async () => {
  for (const latency of ['low', 'relaxed'] as const) {
    const clock = new VirtualClock();
    const failures: unknown[] = [];
    const stops: string[] = [];
    const stream = new LiveStream({ onPublishing: () => {}, onEnded: () => {}, onSinkFailed: (error) => failures.push(error) });
    const failure = new Error('this cannot be said');
    const broken = {
      name: 'broken',
      head: () => ({
        opening: Buffer.from('head'),
        messages: [],
        fragment: () => {
          throw failure;
        },
      }),
    };
    const counters = { bytesIn: 0, bytesOut: 0, skips: 0, tooSlow: 0 };
    const output = new FanOut({ format: broken, stream, latency, clock, counters });
    const healthy = join(new FanOut({ format: webSocketFmp4, stream, clock, counters }));
    const from: Publisher = { stop: (reason) => void stops.push(reason) };
    let sentAway = 0;
    join(output, () => {
      sentAway += 1;
    });
    stream.open(from);
    stream.begin(from, [plainTrack]);
    for (let number = 0; number < 10; number += 1) {
      stream.write(from, [picture(number)]);
      await clock.advance(40);
    }
    assert.deepEqual([failures, sentAway, output.viewers, stops], [[failure], 1, 0, []], latency);
    assert.equal(healthy.socket.times.length, 10, latency);
  }
});
