import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAudioFrame, encodeAudioFrame, startTalkAudio } from './audio-frame.ts';
import { decodeFrame } from './index.ts';

test('a coded frame of sound goes with a big-endian sequence number', () => {
  const bytes = encodeAudioFrame({ seq: 0xfffffffe, payload: Uint8Array.of(0xf8, 0xff) });
  assert.deepEqual(bytes, Uint8Array.of(0xff, 0xff, 0xff, 0xfe, 0xf8, 0xff));
  assert.deepEqual(decodeAudioFrame(bytes), { seq: 4_294_967_294, payload: Uint8Array.of(0xf8, 0xff) });
});

test('a binary message without sound in it is no frame', () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(4)]) assert.equal(decodeAudioFrame(bytes), undefined);
});

test('the first text message says which sound follows', () => {
  assert.deepEqual(decodeFrame([startTalkAudio], '{"type":"start","codec":"opus","sampleRate":48000,"channels":1}'), {
    type: 'start',
    codec: 'opus',
    sampleRate: 48_000,
    channels: 1,
  });
  assert.equal(decodeFrame([startTalkAudio], '{"type":"start","codec":"opus"}'), undefined);
});
