import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoopbackLinks, silentLogger, VirtualClock } from '@cardea/core';
import { type AccessUnit, Fmp4Muxer } from '@cardea/media';
import { encodeMediaFrame, startMediaBroadcasting } from '@cardea/protocol';
import { IngestSession } from './ingest-session.ts';
import { LiveStream } from './live-stream.ts';
import { picture, plainTrack } from './testing/media.ts';

const example = startMediaBroadcasting.examples[0]?.frame;
const claims = {
  deviceId: '7h3kq0v9xw2m5n8d1c4t6r0yzb',
  sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG',
  channel: 1,
  stream: 'main',
  kind: 'live',
  epoch: 3,
} as const;
const token = 'eyJhbGciOiJFZERTQSJ9.e30.c2ln';
const muxer = new Fmp4Muxer([plainTrack]);

function createSession() {
  const clock = new VirtualClock();
  const counters = { bytesIn: 0, bytesOut: 0, skips: 0, tooSlow: 0 };
  const ends: string[] = [];
  const received: AccessUnit[] = [];
  const stream = new LiveStream({ onPublishing: () => {}, onEnded: (reason) => ends.push(reason), onSinkFailed: () => {} });
  stream.attach({ onTracks: () => {}, onBatch: ({ units }) => received.push(...units) });
  const [link, camera] = createLoopbackLinks();
  const answers: unknown[] = [];
  const closes: number[] = [];
  camera.open({ onText: (text) => answers.push(JSON.parse(text)), onBinary: () => {}, onClose: (code) => closes.push(code) });
  const session = new IngestSession({ link, claims, token, stream, clock, logger: silentLogger, counters });
  session.start();
  let seq = 0;
  const say = async (frame: object) => {
    camera.sendText(JSON.stringify(frame));
    await clock.advance(0);
  };
  const send = async (kind: 'init' | 'fragment', payload: Uint8Array, at = seq) => {
    camera.sendBinary(encodeMediaFrame({ kind, key: false, track: 0, seq: at, payload }));
    seq += 1;
    await clock.advance(0);
  };
  const sendPicture = (index: number) => send('fragment', muxer.fragment([picture(index)], index));
  return { clock, counters, ends, received, stream, session, camera, answers, closes, say, send, sendPicture };
}

function codeOf(answer: unknown): unknown {
  return typeof answer === 'object' && answer !== null && 'code' in answer ? answer.code : undefined;
}

async function createPublishing() {
  const publishing = createSession();
  await publishing.say({ ...example });
  await publishing.send('init', muxer.initSegment());
  return publishing;
}

test('a camera announces itself, sends its pictures, and they reach the stream', async () => {
  const { answers, counters, received, sendPicture, stream } = await createPublishing();
  await sendPicture(0);
  await sendPicture(1);
  assert.deepEqual(answers, [{ type: 'started', sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', idleTimeoutSec: 10 }]);
  assert.deepEqual(
    received.map(({ dts, keyframe, data }) => [dts, keyframe, data.length]),
    [
      [0, true, 100],
      [40, false, 100],
    ],
  );
  assert.equal(stream.publishing, true);
  assert.ok(counters.bytesIn > 200);
});

for (const [what, wrong] of Object.entries({
  'another token': { token: 'eyJhbGciOiJFZERTQSJ9.e30.b3Ro' },
  'another session': { sessionId: '01KDVAQ4D2V6Y8H0B3M5R7T9WX' },
  'another device': { deviceId: '00000000000000000000000000' },
  'another channel': { channel: 2 },
  'another stream': { stream: 'sub' },
  playback: { kind: 'playback' },
})) {
  test(`a camera that announces ${what} than it was asked for is refused`, async () => {
    const { answers, closes, say, stream } = createSession();
    await say({ ...example, ...wrong });
    assert.deepEqual(answers, [{ type: 'error', code: 1002, message: 'the credential does not allow this' }]);
    assert.deepEqual(closes, [1008]);
    assert.equal(stream.publishing, false);
  });
}

test('media before the announcement is refused', async () => {
  const { closes, send } = createSession();
  await send('init', muxer.initSegment());
  assert.deepEqual(closes, [1008]);
});

test('a camera that says nothing for five seconds is closed', async () => {
  const { clock, answers, closes } = createSession();
  await clock.advance(5_000);
  assert.deepEqual(answers, [{ type: 'error', code: 1005, message: 'no answer in time; whether it was done is unknown' }]);
  assert.deepEqual(closes, [1008]);
});

test('a camera without a key frame after three seconds is stopped', async () => {
  const { clock, answers, closes, ends, sendPicture } = await createPublishing();
  await sendPicture(1);
  await clock.advance(3_000);
  assert.deepEqual(answers[1], { type: 'stop', sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', reason: 'error' });
  assert.deepEqual([closes, ends], [[1000], ['error']]);
});

test('a camera that falls silent for ten seconds is stopped, one that sends now and then is not', async () => {
  const { clock, closes, ends, sendPicture } = await createPublishing();
  await sendPicture(0);
  await clock.advance(9_000);
  await sendPicture(1);
  await clock.advance(9_000);
  assert.deepEqual(closes, []);
  await clock.advance(1_000);
  assert.deepEqual([closes, ends], [[1000], ['error']]);
  assert.equal(clock.pendingTimers, 0);
});

test('a frame out of sequence ends the session', async () => {
  const { answers, closes, received, send } = await createPublishing();
  await send('fragment', muxer.fragment([picture(0)], 0), 2);
  assert.deepEqual(answers[1], { type: 'error', code: -32600, message: 'frame 2 came where 1 was due' });
  assert.deepEqual([closes, received], [[1008], []]);
});

test('bytes that are no fragment end the session and nothing else', async () => {
  const { answers, closes, ends, send } = await createPublishing();
  await send('fragment', new Uint8Array(64));
  assert.equal(codeOf(answers[1]), 1804);
  assert.deepEqual([closes, ends], [[1008], ['error']]);
});

test('a stream without pictures cannot be broadcast', async () => {
  const { answers, say, send } = createSession();
  await say({ ...example });
  const sound = {
    kind: 'audio',
    id: 1,
    timescale: 48_000,
    codec: 'aac',
    codecString: 'mp4a.40.2',
    sampleRate: 48_000,
    channels: 1,
  } as const;
  await send('init', new Fmp4Muxer([{ ...sound, config: Uint8Array.of(0x11, 0x88) }]).initSegment());
  assert.deepEqual(answers[1], { type: 'error', code: 1106, message: 'the codec cannot be used here' });
});

test('the reason a camera gives for its end is kept', async () => {
  const { clock, closes, ends, say, sendPicture } = await createPublishing();
  await sendPicture(0);
  await say({ type: 'stop', sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', reason: 'lowPower' });
  assert.deepEqual([closes, ends], [[1000], ['lowPower']]);
  assert.equal(clock.pendingTimers, 0);
});

test('a connection that breaks ends the session without a reason', async () => {
  const { clock, camera, ends } = await createPublishing();
  camera.close(1006, '');
  await clock.advance(0);
  assert.deepEqual(ends, ['lost']);
});

test('a second connection of the same session takes over', async () => {
  const { clock, answers, stream } = await createPublishing();
  stream.open({ stop: () => {} });
  await clock.advance(0);
  assert.deepEqual(answers[1], { type: 'stop', sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', reason: 'replaced' });
});
