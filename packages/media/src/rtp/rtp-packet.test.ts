import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, hexOf } from '../box-bytes.test.ts';
import { MediaError } from '../media-error.ts';
import { buildRtpPacket, parseRtpPacket, readdressRtpPacket, sequenceDistance, TimestampUnwrapper } from './rtp-packet.ts';

test('a packet is its fixed header and its parts in order', () => {
  const header = { marker: true, payloadType: 96, sequence: 0xfffe, timestamp: 0x01020304, ssrc: 0xa0b0c0d0 };
  const packet = buildRtpPacket(header, [bytesOf('6588'), bytesOf('84')]);
  assert.equal(hexOf(packet), '80e0fffe01020304a0b0c0d0658884');
  const { payload, ...read } = parseRtpPacket(packet);
  assert.deepEqual([read, hexOf(payload)], [header, '658884']);
});

test('contributing sources, a header extension and padding are read past', () => {
  const packet = bytesOf('b1 60 0001 00000002 00000003 11111111 bede 0001 aabbccdd 0102 000003');
  assert.equal(hexOf(parseRtpPacket(packet).payload), '0102');
});

test('what is no RTP packet is refused', () => {
  for (const bytes of ['', '40600001', '8060000100000002', 'a0600001000000020000000300', 'a060000100000002000000031f']) {
    assert.throws(() => parseRtpPacket(bytesOf(bytes)), MediaError);
  }
});

test('a receiver gets the same payload under its own numbers', () => {
  const packet = bytesOf('80e0000101020304a0b0c0d0 6588');
  const copy = readdressRtpPacket(packet, { payloadType: 102, sequence: 7, ssrc: 9 });
  assert.equal(hexOf(copy), '80e600070102030400000009' + '6588');
  assert.equal(hexOf(packet), '80e0000101020304a0b0c0d06588');
});

test('sequences and timestamps go on over their wrap', () => {
  assert.deepEqual([sequenceDistance(0xffff, 2), sequenceDistance(2, 0xffff), sequenceDistance(5, 5)], [3, -3, 0]);
  const clock = new TimestampUnwrapper();
  const times = [0xffff_f000, 0x0000_0800, 0xffff_ff00, 0x0000_1000].map((timestamp) => clock.unwrap(timestamp));
  assert.deepEqual(times, [0xffff_f000, 0x1_0000_0800, 0xffff_ff00, 0x1_0000_1000]);
});
