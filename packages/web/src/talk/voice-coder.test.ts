import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VoiceCoder } from './voice-coder.ts';

test('a tenth of a second of silence is five frames of 160 silent bytes', () => {
  const coder = new VoiceCoder('g711u', 48_000);
  const frames = Array.from({ length: 37 }, () => coder.push(new Float32Array(128))).flat();
  assert.deepEqual(
    frames.map((frame) => [frame.length, ...new Set(frame)]),
    [
      [160, 0xff],
      [160, 0xff],
      [160, 0xff],
      [160, 0xff],
    ],
  );
  assert.equal(coder.push(new Float32Array(64)).length, 1);
});

test('what is too loud is cut and does not turn over', () => {
  const [frame] = new VoiceCoder('g711a', 8_000).push(new Float32Array(160).fill(1.5));
  assert.deepEqual([...new Set(frame)], [0xaa]);
});
