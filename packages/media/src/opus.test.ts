import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, hexOf } from './box-bytes.test.ts';
import { MediaError } from './media-error.ts';
import { buildOpusConfig, opusTrack } from './opus.ts';

test('an Opus configuration names channels, pre-skip and the rate before encoding', () => {
  assert.equal(hexOf(buildOpusConfig(2)), '000201380000bb80000000');
  assert.equal(hexOf(buildOpusConfig(1, 0, 16_000)), '0001000000003e80000000');
});

test('Opus always sounds at 48 kHz', () => {
  const { codecString, sampleRate, channels } = opusTrack(2, 48_000, buildOpusConfig(1, 312, 16_000));
  assert.deepEqual({ codecString, sampleRate, channels }, { codecString: 'opus', sampleRate: 48_000, channels: 1 });
});

test('an Opus configuration cut short, of another version or without channels is refused', () => {
  for (const wrong of ['', '0001', '010101380000bb80000000', '000001380000bb80000000']) {
    assert.throws(() => opusTrack(1, 48_000, bytesOf(wrong)), MediaError, wrong);
  }
});
