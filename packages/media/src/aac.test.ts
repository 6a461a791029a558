import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacCodecString, aacTrack, buildAudioSpecificConfig, parseAudioSpecificConfig } from './aac.ts';
import { bytesOf as bytes, hexOf as hex } from './box-bytes.test.ts';
import { MediaError } from './media-error.ts';

test('AAC LC at the usual rates takes two bytes', () => {
  assert.equal(hex(buildAudioSpecificConfig({ objectType: 2, sampleRate: 44_100, channels: 2 })), '1210');
  assert.equal(hex(buildAudioSpecificConfig({ objectType: 2, sampleRate: 48_000, channels: 1 })), '1188');
  assert.equal(hex(buildAudioSpecificConfig({ objectType: 2, sampleRate: 16_000, channels: 8 })), '1438');
});

test('a rate outside the table is written in full and comes back', () => {
  const config = buildAudioSpecificConfig({ objectType: 2, sampleRate: 12_345, channels: 2 });
  assert.equal(hex(config), '1780181c90');
  assert.deepEqual(parseAudioSpecificConfig(config), { objectType: 2, sampleRate: 12_345, channels: 2 });
});

test('the rate after spectral band replication counts, and parametric stereo has two channels', () => {
  assert.deepEqual(parseAudioSpecificConfig(bytes('2b8a0800')), { objectType: 5, sampleRate: 44_100, channels: 1 });
  assert.deepEqual(parseAudioSpecificConfig(bytes('eb8a0800')), { objectType: 29, sampleRate: 44_100, channels: 2 });
});

test('a configuration describes its track', () => {
  const config = bytes('1210');
  assert.equal(aacCodecString(config), 'mp4a.40.2');
  assert.deepEqual(aacTrack(2, 44_100, config), {
    kind: 'audio',
    id: 2,
    timescale: 44_100,
    codec: 'aac',
    codecString: 'mp4a.40.2',
    config,
    sampleRate: 44_100,
    channels: 2,
  });
});

test('reserved rates and layouts, torn and impossible configurations are refused', () => {
  for (const wrong of ['', '12', '1690', '1278']) assert.throws(() => parseAudioSpecificConfig(bytes(wrong)), MediaError, wrong);
  assert.throws(() => buildAudioSpecificConfig({ objectType: 2, sampleRate: 48_000, channels: 7 }), MediaError);
  assert.throws(() => buildAudioSpecificConfig({ objectType: 5, sampleRate: 48_000, channels: 2 }), MediaError);
  assert.throws(() => buildAudioSpecificConfig({ objectType: 2, sampleRate: 0, channels: 2 }), MediaError);
});
