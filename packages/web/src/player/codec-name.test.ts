import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecNames, videoCodecName } from './codec-name.ts';

test('codecs are called as people call them', () => {
  assert.equal(codecNames('video/mp4; codecs="hvc1.1.6.L93.B0,mp4a.40.2"'), 'H.265, AAC');
  assert.equal(codecNames('video/mp4; codecs="avc1.64001f"'), 'H.264');
  assert.equal(videoCodecName('video/mp4; codecs="hvc1.1.6.L93.B0,mp4a.40.2"'), 'H.265');
});

test('an unknown codec keeps its own name', () => {
  assert.equal(codecNames('video/mp4; codecs="evc1.new"'), 'evc1.new');
  assert.equal(codecNames('video/mp4'), 'video/mp4');
});
