import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, hexOf } from './box-bytes.test.ts';
import { MediaError } from './media-error.ts';
import { buildOpusConfig, opusConfigOf, opusHeadOf, opusPacketSamples, opusTrack } from './opus.ts';

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

test('an Opus configuration is the same in MP4 and in Ogg, but for the order of its bytes', () => {
  const head = '4f70757348656164' + '01' + '02' + '3801' + '80bb0000' + '0000' + '00';
  assert.equal(hexOf(opusHeadOf(buildOpusConfig(2))), head);
  assert.equal(hexOf(opusConfigOf(bytesOf(head))), '000201380000bb80000000');
  assert.throws(() => opusConfigOf(bytesOf('4f70757348656164')), MediaError);
});

test('a packet of Opus says how long it sounds', () => {
  const samples = (packet: string): number => opusPacketSamples(bytesOf(packet));
  assert.equal(samples(''), 0);
  assert.equal(samples('fc'), 960); // CELT, 20 ms, one frame
  assert.equal(samples('e1'), 240); // CELT, 2.5 ms, two frames
  assert.equal(samples('1b03'), 8_640); // SILK, 60 ms, three frames
  assert.equal(samples('60'), 480); // hybrid, 10 ms
});
