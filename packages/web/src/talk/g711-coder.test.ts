import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { G711Law } from '@cardea/media';
import { G711Coder } from './g711-coder.ts';

/** The frames that come out of `sound` at 48 kHz, pushed as a microphone gives it, 128 samples at a time. */
function framesOf(law: G711Law, sound: Float32Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  using coder = new G711Coder(law, { rate: 48_000, onFrame: (frame) => frames.push(frame) });
  for (let at = 0; at < sound.length; at += 128) coder.push(sound.subarray(at, at + 128));
  return frames;
}

const tone = (hertz: number) => Float32Array.from({ length: 9_600 }, (_, index) => Math.sin((2 * Math.PI * hertz * index) / 48_000));

test('a tenth of a second of silence is five frames of 160 silent bytes', () => {
  const frames = framesOf('g711u', new Float32Array(4_800));
  assert.deepEqual(
    frames.map((frame) => [frame.length, ...new Set(frame)]),
    Array.from({ length: 5 }, () => [160, 0xff]),
  );
});

test('what is too loud is cut and does not turn over', () => {
  const frames = framesOf('g711a', new Float32Array(9_600).fill(1.5));
  assert.deepEqual([...new Set(frames.at(-1))], [0xaa]);
});

test('a voice comes through, and what is too high for a telephone does not come back as another tone', () => {
  // Of mu-law, 0x80 and 0x00 are the loudest.
  const loudest = (hertz: number) => Math.min(...(framesOf('g711u', tone(hertz)).at(-1) ?? []).map((code) => code & 0x7f));
  assert.ok(loudest(1_000) < 0x08, `a voice: ${loudest(1_000)}`);
  assert.ok(loudest(9_000) > 0x40, `a hiss: ${loudest(9_000)}`);
});
