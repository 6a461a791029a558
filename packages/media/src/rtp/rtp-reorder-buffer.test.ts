import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtpReorderBuffer } from './rtp-reorder-buffer.ts';

function orderOf(buffer: RtpReorderBuffer, sequences: readonly number[]): readonly number[] {
  const packets = sequences.map((sequence) => ({
    marker: false,
    payloadType: 96,
    sequence,
    timestamp: 0,
    ssrc: 1,
    payload: new Uint8Array(1),
  }));
  return packets.flatMap((packet) => buffer.push(packet).map(({ sequence }) => sequence));
}

test('packets that overtook others come in sequence, over the wrap as well', () => {
  assert.deepEqual(orderOf(new RtpReorderBuffer(), [0xfffe, 1, 0, 0xffff, 2]), [0xfffe, 0xffff, 0, 1, 2]);
});

test('copies and packets that come too late are left out', () => {
  assert.deepEqual(orderOf(new RtpReorderBuffer(), [5, 5, 6, 5, 7, 6]), [5, 6, 7]);
});

test('a missing packet is not waited for forever', () => {
  assert.deepEqual(orderOf(new RtpReorderBuffer(3), [1, 3, 4, 5, 2, 6]), [1, 3, 4, 5, 6]);
});

test('a sender that counts from elsewhere is followed at once', () => {
  assert.deepEqual(orderOf(new RtpReorderBuffer(3), [1, 2, 30_000, 30_001]), [1, 2, 30_000, 30_001]);
});
