import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf as bytes, hexOf as hex, nalUnitOf } from './box-bytes.test.ts';
import { buildHvcC, h265CodecString, h265Track, isH265Keyframe, parseHvcC } from './h265.ts';
import { parseH265Sps } from './h265-sps.ts';
import { MediaError } from './media-error.ts';

const vps = bytes('40010c01ffff01600000030090000003000003003c959409');
const sps = bytes('42010101600000030090000003000003003ca00a080f16595952930bc05a020000030002000003003210');
const pps = bytes('4401c073c189');
const config = [
  '01' + '01' + '60000000' + '900000000000' + '3c',
  'f000' + 'fc' + 'fd' + 'f8' + 'f8' + '0000' + '0f',
  '03',
  `a000010018${hex(vps)}`,
  `a10001002a${hex(sps)}`,
  `a200010006${hex(pps)}`,
].join('');

test('a Main profile SPS tells size, depth and frame rate', () => {
  const { profileTierLevel, ...rest } = parseH265Sps(sps);
  assert.equal(hex(profileTierLevel), '01600000009000000000003c');
  assert.deepEqual(rest, {
    temporalLayers: 1,
    temporalIdNested: true,
    chromaFormatIdc: 1,
    bitDepthLuma: 8,
    bitDepthChroma: 8,
    width: 320,
    height: 240,
    fps: 25,
  });
});

test('parameter sets become an hvcC record and come back', () => {
  const built = buildHvcC({ vps: [vps], sps: [sps], pps: [pps] });
  assert.equal(hex(built), config);
  const parsed = parseHvcC(built);
  assert.deepEqual([parsed.vps.map(hex), parsed.sps.map(hex), parsed.pps.map(hex)], [[hex(vps)], [hex(sps)], [hex(pps)]]);
  assert.equal(h265Track(1, 90_000, built).width, 320);
});

test('the codec string names profile, compatibility, tier, level and constraints', () => {
  assert.equal(h265CodecString(bytes(config)), 'hvc1.1.6.L60.90');
  const main10High = bytes(`01 62 20000000 b00000000000 99 ${config.slice(26)}`);
  assert.equal(h265CodecString(main10High, 'hev1'), 'hev1.A2.4.H153.B0');
});

test('random access pictures are key frames', () => {
  assert.equal(isH265Keyframe(bytes('00000003 460150 00000003 260188')), true);
  assert.equal(isH265Keyframe(bytes('00000003 020188')), false);
});

test('what is no SPS, and a record that ends too early, is refused', () => {
  assert.throws(() => parseH265Sps(vps), MediaError);
  assert.throws(() => parseH265Sps(sps.subarray(0, 12)), MediaError);
  assert.throws(() => parseHvcC(bytes(config).subarray(0, 60)), MediaError);
  assert.throws(() => buildHvcC({ vps: [], sps: [sps], pps: [pps] }), MediaError);
});

test('scaling lists, PCM, predicted reference sets and a long VUI are read past to the frame rate', () => {
  const fields = [
    '0000 000 1',
    '0'.repeat(8 + 32 + 48 + 8),
    '1', // SPS id 0
    '010', // 4:2:0
    '00000000101000001', // 320 wide
    '000000011110001', // 240 high
    '0',
    '1 1', // 8 bit
    '00101', // POC in 8 bits
    '1 1 1 1', // one sub-layer ordering
    '1 1 1 1 1 1',
    '1 1', // scaling lists
    ...['0 1'.repeat(6), '0 1'.repeat(6), '0 1'.repeat(6)], // three sizes copied from their references
    `1 00101 ${'1'.repeat(64)} 0 1`, // the largest size, one list written out
    '0 0', // no AMP, SAO
    '1 0111 0111 1 1 0', // PCM
    '011', // two short-term sets
    '010 011 1 1 1 1 1 1', // one before, two after, each used
    '1 0 1 1 01 01 00', // predicted: used, kept, kept, dropped
    '1 010 00000001 1', // one long-term picture
    '0 0',
    '1', // VUI
    '1 11111111 0000000000000001 0000000000000001',
    '1 0',
    '1 101 1 1 000000010000000100000001',
    '1 1 1',
    '0 0 0',
    '1 1 1 1 1', // default display window
    '1',
    '00000000000000000000001111101001', // 1001
    '00000000000000000111010100110000', // 30000
    '1',
  ];
  const { width, height, fps } = parseH265Sps(nalUnitOf('4201', fields));
  assert.deepEqual([width, height, fps], [320, 240, 30_000 / 1001]);
});
