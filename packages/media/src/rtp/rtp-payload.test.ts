import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacTrack } from '../aac.ts';
import type { AccessUnit, AudioTrack, Track } from '../access-unit.ts';
import { bytesOf, hexOf } from '../box-bytes.test.ts';
import { h264Track } from '../h264.ts';
import { MediaError } from '../media-error.ts';
import { buildOpusConfig, opusTrack } from '../opus.ts';
import { rtpFormatOf } from './rtp-format.ts';
import { parseRtpPacket } from './rtp-packet.ts';
import { RtpPacketiser } from './rtp-packetiser.ts';

const sps = '674d400deca0a0fd80880000030008000003019078a14cb0';
const pps = '68ce0fc8';
const video = h264Track(1, 90_000, bytesOf(`014d400dffe10018${sps}010004${pps}`));
const g711: AudioTrack = {
  kind: 'audio',
  id: 2,
  timescale: 8_000,
  codec: 'g711a',
  codecString: 'alaw',
  config: new Uint8Array(0),
  sampleRate: 8_000,
  channels: 1,
};

function unitOf(data: string, { keyframe = true, pts = 0 } = {}): AccessUnit {
  return { trackId: 1, dts: pts, pts, duration: 3_600, keyframe, data: bytesOf(data) };
}

/** Payloads in hex, each with `!` behind it where the marker is set; at most 32 bytes each. */
function payloadsOf(track: Track, unit: AccessUnit): readonly string[] {
  const packetiser = new RtpPacketiser(track, { payloadType: 96, ssrc: 1, maxPacketBytes: 44 });
  const packets = packetiser.packets(unit).map((packet) => parseRtpPacket(packet));
  return packets.map(({ payload, marker }) => `${hexOf(payload)}${marker ? '!' : ''}`);
}

test('a picture that fits is one packet, and its delimiter is left out', () => {
  assert.deepEqual(payloadsOf(video, unitOf('00000002 09f0 00000003 419a22', { keyframe: false })), ['419a22!']);
});

test('a key frame follows its parameter sets in one aggregation packet', () => {
  assert.deepEqual(payloadsOf(video, unitOf('00000003 658884')), [sps, pps, '658884!']);
  const wide = new RtpPacketiser(video, { payloadType: 96, ssrc: 1 })
    .packets(unitOf('00000003 658884'))
    .map((packet) => parseRtpPacket(packet));
  assert.deepEqual(
    wide.map(({ payload }) => hexOf(payload)),
    [`780018${sps}0004${pps}`, '658884'],
  );
});

test('parameter sets that a key frame brings itself are not sent twice', () => {
  assert.deepEqual(payloadsOf(video, unitOf('00000002 6742 00000002 6801 00000002 6588')), ['78000267420002' + '6801', '6588!']);
});

test('a picture that does not fit goes in fragments of the same size', () => {
  const body = Array.from({ length: 65 }, (_, index) => index.toString(16).padStart(2, '0')).join('');
  const [first, second, third, ...rest] = payloadsOf(video, unitOf(`00000042 41${body}`, { keyframe: false }));
  assert.deepEqual(rest, []);
  assert.equal(first, `5c81${body.slice(0, 60)}`);
  assert.equal(second, `5c01${body.slice(60, 120)}`);
  assert.equal(third, `5c41${body.slice(120)}!`);
});

test('H.265 has two bytes of header in aggregates and fragments', () => {
  const [vps, sps265, pps265] = ['40010c01ffff', '42010101600000030090000003000003003ca00a080f16595952930bc05a02', '4401c172b46240'];
  const config = `0101600000009000000000003cf000fcfdf8f800000f03a000010006${vps}a10001001f${sps265}a200010007${pps265}`;
  const track: Track = { ...video, codec: 'h265', config: bytesOf(config) };
  const packetiser = new RtpPacketiser(track, { payloadType: 98, ssrc: 1, maxPacketBytes: 72 });
  const body = '11'.repeat(80);
  const payloads = packetiser.packets(unitOf(`00000052 2601${body}`)).map((packet) => hexOf(parseRtpPacket(packet).payload));
  assert.deepEqual(payloads, [`60010006${vps}001f${sps265}0007${pps265}`, `620193${body.slice(0, 114)}`, `620153${body.slice(114)}`]);
});

test('an AAC frame states its size, also when it goes in pieces', () => {
  const track = aacTrack(2, 48_000, bytesOf('1190'));
  assert.deepEqual(payloadsOf(track, unitOf('212223')), ['00100018212223!']);
  const frame = 'ab'.repeat(40);
  assert.deepEqual(payloadsOf(track, unitOf(frame)), [`00100140${frame.slice(0, 56)}`, `00100140${frame.slice(56)}!`]);
  assert.throws(() => payloadsOf(track, { ...unitOf('21'), data: new Uint8Array(8_192) }), MediaError);
});

test('Opus frames go as they are, and G.711 as many samples as fit', () => {
  const opus = opusTrack(2, 48_000, buildOpusConfig(2));
  assert.deepEqual(payloadsOf(opus, unitOf('fc'.repeat(50))), ['fc'.repeat(50)]);
  const packetiser = new RtpPacketiser(g711, { payloadType: 8, ssrc: 1, maxPacketBytes: 44, timestampOffset: 0xffff_fff0 });
  const packets = packetiser.packets(unitOf('d5'.repeat(40))).map((packet) => parseRtpPacket(packet));
  assert.deepEqual(
    packets.map(({ payload, timestamp }) => [payload.length, timestamp]),
    [
      [32, 0xffff_fff0],
      [8, 0x10],
    ],
  );
});

test('G.711 taken at 16 kHz says so, and its timestamps count its samples', () => {
  const wide = { ...g711, timescale: 16_000, sampleRate: 16_000 };
  assert.deepEqual(rtpFormatOf(wide), { encoding: 'PCMA', clockRate: 16_000, parameters: {} });
  const packetiser = new RtpPacketiser(wide, { payloadType: 97, ssrc: 1 });
  const stamps = [0, 320].flatMap((pts) =>
    packetiser.packets(unitOf('d5'.repeat(320), { pts })).map((packet) => parseRtpPacket(packet).timestamp),
  );
  assert.deepEqual(stamps, [0, 320]);
});

test('timestamps are on the clock of the format, sequences go on from packet to packet', () => {
  const track = { ...video, timescale: 1_000 };
  const packetiser = new RtpPacketiser(track, { payloadType: 96, ssrc: 5, sequence: 0xffff, timestampOffset: 1_000 });
  const packets = [40, 80].flatMap((pts) => packetiser.packets(unitOf('00000002 419a', { keyframe: false, pts })));
  assert.deepEqual(
    packets.map((packet) => parseRtpPacket(packet)).map(({ sequence, timestamp, ssrc }) => [sequence, timestamp, ssrc]),
    [
      [0xffff, 4_600, 5],
      [0, 8_200, 5],
    ],
  );
});

test('a picture whose lengths lie is refused', () => {
  assert.throws(() => payloadsOf(video, unitOf('00000009 6588')), MediaError);
});
