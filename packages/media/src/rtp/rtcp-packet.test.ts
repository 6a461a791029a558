import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, hexOf } from '../box-bytes.test.ts';
import { MediaError } from '../media-error.ts';
import { buildBye, buildKeyframeRequest, buildReceiverReport, buildSenderReport, parseRtcp } from './rtcp-packet.ts';

test('a sender report carries the wall clock and the name of its source', () => {
  const report = { ssrc: 0x01020304, sentAt: 500, rtpTimestamp: 90_000, packets: 7, payloadBytes: 8_000 };
  const bytes = buildSenderReport(report, 'ab');
  // 2208988800.5 seconds since 1900.
  assert.equal(
    hexOf(bytes),
    '80c80006' + '01020304' + '83aa7e8080000000' + '00015f90' + '00000007' + '00001f40' + '81ca0003' + '01020304' + '0102616200000000',
  );
  assert.deepEqual(parseRtcp(bytes), [{ type: 'senderReport', ...report, reports: [] }]);
});

test('a receiver report tells losses, also those that copies made good', () => {
  const reports = [{ ssrc: 9, fractionLost: 0.25, packetsLost: -2, highestSequence: 0x1_0005, jitter: 30 }];
  assert.deepEqual(parseRtcp(buildReceiverReport(4, reports, 'x')), [{ type: 'receiverReport', ssrc: 4, reports }]);
});

test('a goodbye and requests for a key frame come back', () => {
  const compound = Uint8Array.from([...buildBye(7), ...buildKeyframeRequest(1, 8)]);
  assert.deepEqual(parseRtcp(compound), [
    { type: 'bye', ssrcs: [7] },
    { type: 'keyframeRequest', mediaSsrc: 8 },
  ]);
  assert.deepEqual(parseRtcp(bytesOf('84ce0004 00000001 00000000 0000000a 01000000')), [{ type: 'keyframeRequest', mediaSsrc: 10 }]);
});

test('packets asked for again are named one by one', () => {
  const sequences = [0xffff, 0, 15];
  assert.deepEqual(parseRtcp(bytesOf('81cd0003 00000001 00000002 ffff8001')), [{ type: 'nack', mediaSsrc: 2, sequences }]);
});

test('what is not understood is read past, what is cut short is refused', () => {
  assert.deepEqual(parseRtcp(bytesOf('80cc0002 00000001 61626364 a0cb0001 00000004')), [{ type: 'bye', ssrcs: [] }]);
  for (const bytes of ['80c8', '80c80001 00000001', '81c90001 00000001', '00c90000', 'a0cb0001 000000ff']) {
    assert.throws(() => parseRtcp(bytesOf(bytes)), MediaError);
  }
});
