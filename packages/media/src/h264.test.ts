import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf as bytes, hexOf as hex, nalUnitOf } from './box-bytes.test.ts';
import { buildAvcC, h264CodecString, h264Track, isH264Keyframe, parseAvcC, parseH264Sps } from './h264.ts';
import { MediaError } from './media-error.ts';

const mainSps = bytes('674d400deca0a0fd80880000030008000003019078a14cb0');
const mainPps = bytes('68ce0fc8');
const mainConfig = '014d400dffe10018674d400deca0a0fd80880000030008000003019078a14cb001000468ce0fc8';

test('a Main profile SPS tells size, level and frame rate', () => {
  assert.deepEqual(parseH264Sps(mainSps), {
    profileIdc: 77,
    constraints: 0x40,
    levelIdc: 13,
    chromaFormatIdc: 1,
    bitDepthLuma: 8,
    bitDepthChroma: 8,
    width: 320,
    height: 240,
    fps: 25,
  });
});

test('parameter sets become an avcC record and come back', () => {
  const config = buildAvcC([mainSps], [mainPps]);
  assert.equal(hex(config), mainConfig);
  const parsed = parseAvcC(config);
  assert.deepEqual([parsed.sps.map(hex), parsed.pps.map(hex), parsed.nalLengthBytes], [[hex(mainSps)], [hex(mainPps)], 4]);
  assert.equal(h264CodecString(config), 'avc1.4d400d');
  assert.deepEqual(h264Track(1, 90_000, config), {
    kind: 'video',
    id: 1,
    timescale: 90_000,
    codec: 'h264',
    codecString: 'avc1.4d400d',
    config,
    width: 320,
    height: 240,
  });
});

test('a VUI cut short costs the frame rate, not the picture size', () => {
  const { width, height, fps } = parseH264Sps(mainSps.subarray(0, 13));
  assert.deepEqual({ width, height, fps }, { width: 320, height: 240, fps: undefined });
});

test('an IDR slice anywhere in an access unit makes it a key frame', () => {
  assert.equal(isH264Keyframe(bytes('00000002 0910 00000002 6588')), true);
  assert.equal(isH264Keyframe(bytes('00000002 0910 00000002 4188')), false);
});

test('what is no SPS and what leaves no picture is refused', () => {
  assert.throws(() => parseH264Sps(mainPps), MediaError);
  assert.throws(() => parseH264Sps(Uint8Array.of(0x67)), MediaError);
  assert.throws(() => parseAvcC(bytes('014d400dffe1ffff67')), MediaError);
  assert.throws(() => buildAvcC([], [mainPps]), MediaError);
});

test('scaling lists and a picture order of type 1 are read past to the cropped size', () => {
  const sps = nalUnitOf('67640028', [
    '1', // SPS id 0
    '010', // 4:2:0
    '1 1 0', // 8 bit
    '1', // scaling lists
    `1 ${'1'.repeat(16)}`, // the first written out
    '1 000010001', // the second ends at once: the default
    '0 0 0 0 0 0',
    '1', // frame numbers of 4 bits
    '010', // picture order of type 1
    '0 1 011',
    '011 010 00101', // a cycle of two
    '1 0', // one reference frame
    '0000001111000', // 120 macroblocks wide
    '0000001000100', // 68 high
    '1 1', // frames only
    '1 1 1 1 00101', // 8 lines cropped at the bottom
    '0', // no VUI
    '1',
  ]);
  const { width, height, fps } = parseH264Sps(sps);
  assert.deepEqual([width, height, fps], [1920, 1080, undefined]);
});
