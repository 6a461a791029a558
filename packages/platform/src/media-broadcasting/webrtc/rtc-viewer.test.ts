import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { buildKeyframeRequest, buildReceiverReport, parseRtcp, parseRtpPacket } from '@cardea/media';
import { type RtcUnit, RtcViewer } from './rtc-viewer.ts';

const SSRC = 7;

function unit(timestamp: number, { packets = 1, isKeyframe = false, kind = 'video' as RtcUnit['kind'] } = {}): RtcUnit {
  const made = Array.from({ length: packets }, (_, index) =>
    Buffer.from([0x80, index === packets - 1 ? 0x80 : 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, SSRC, index & 0xff]),
  );
  return { kind, packets: made, timestamp, isKeyframe };
}

class Rig {
  readonly clock = new VirtualClock();
  readonly counters = { bytesIn: 0, bytesOut: 0, skips: 0, tooSlow: 0 };
  readonly sent: Buffer[] = [];
  asked = 0;
  kept: readonly RtcUnit[] = [];
  readonly viewer = new RtcViewer({
    lanes: { video: { payloadType: 108, ssrc: SSRC, send: (packet) => void this.sent.push(Buffer.from(packet)) } },
    burst: () => this.kept,
    onNeedsKeyframe: () => {
      this.asked += 1;
    },
    clock: this.clock,
    counters: this.counters,
  });

  get packets() {
    return this.sent.map((bytes) => parseRtpPacket(bytes));
  }
}

/** RFC 4585 6.2.1. */
function nack(...sequences: readonly number[]): Uint8Array {
  return Uint8Array.from(
    sequences.flatMap((sequence) => [0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, SSRC, sequence >> 8, sequence & 0xff, 0, 0]),
  );
}

test('packets that all viewers share go out with the numbers of this one', () => {
  const rig = new Rig();
  rig.kept = [unit(10, { packets: 2, isKeyframe: true }), unit(11)];
  rig.viewer.restart();
  rig.viewer.take(unit(3_610));
  assert.deepEqual(
    rig.packets.map(({ payloadType, sequence, timestamp, marker }) => [payloadType, sequence, timestamp, marker]),
    [
      [108, 0, 10, false],
      [108, 1, 10, true],
      [108, 2, 11, true],
      [108, 3, 3_610, true],
    ],
  );
  rig.viewer.take(unit(1, { kind: 'audio' }));
  assert.equal(rig.sent.length, 4);
});

test('without kept pictures a viewer asks for a key frame and shows nothing before it', () => {
  const rig = new Rig();
  rig.viewer.restart();
  rig.viewer.take(unit(1));
  assert.deepEqual([rig.asked, rig.sent.length], [1, 0]);
  rig.viewer.take(unit(2, { isKeyframe: true }));
  assert.equal(rig.sent.length, 1);
});

test('what got lost is sent again as it was, and what never was is not', () => {
  const rig = new Rig();
  rig.viewer.take(unit(5, { packets: 3, isKeyframe: true }));
  rig.viewer.take(unit(6));
  rig.viewer.receive(nack(1, 3, 9));
  assert.deepEqual(
    rig.packets.slice(4).map(({ sequence, timestamp }) => [sequence, timestamp]),
    [
      [1, 5],
      [3, 6],
    ],
  );
  rig.viewer.receive(Uint8Array.of(1, 2, 3));
  assert.equal(rig.sent.length, 6);
});

test('a viewer may ask for the picture anew once a second', async () => {
  const rig = new Rig();
  rig.kept = [unit(1, { isKeyframe: true })];
  rig.viewer.restart();
  const ask = () => rig.viewer.receive(buildKeyframeRequest(1, SSRC));
  ask();
  assert.equal(rig.sent.length, 1);
  await rig.clock.advance(1_000);
  ask();
  ask();
  assert.equal(rig.sent.length, 2);
});

test('a large picture goes out in steps, in order, and those behind it wait', async () => {
  const rig = new Rig();
  rig.viewer.take(unit(1, { packets: 100, isKeyframe: true }));
  rig.viewer.take(unit(2));
  assert.equal(rig.sent.length, 48);
  await rig.clock.advance(5);
  assert.equal(rig.sent.length, 96);
  await rig.clock.advance(5);
  assert.deepEqual(
    rig.packets.map(({ sequence }) => sequence),
    Array.from({ length: 101 }, (_, index) => index),
  );
  assert.equal(rig.packets.at(-1)?.timestamp, 2);
  assert.equal(rig.clock.pendingTimers, 0);
});

test('a viewer that falls too far behind, or loses too much, goes on at the next key frame', () => {
  const rig = new Rig();
  rig.viewer.take(unit(1, { packets: 3_600, isKeyframe: true }));
  assert.equal(rig.counters.skips, 1);
  rig.viewer.take(unit(2));
  assert.equal(rig.sent.length, 0);
  rig.viewer.take(unit(3, { isKeyframe: true }));
  assert.equal(rig.sent.length, 1);
  const loss = { ssrc: SSRC, fractionLost: 0.5, packetsLost: 10, highestSequence: 1, jitter: 0 };
  rig.viewer.receive(buildReceiverReport(1, [loss], 'viewer'));
  rig.viewer.take(unit(4));
  assert.deepEqual([rig.sent.length, rig.counters.skips], [1, 2]);
});

test('reports say where the timestamps lie on the clock and how much was sent', () => {
  const rig = new Rig();
  rig.viewer.report(1_767_225_600_000, { video: 9 });
  rig.viewer.take(unit(5, { packets: 2, isKeyframe: true }));
  rig.viewer.report(1_767_225_600_000, { video: 9 });
  const [report] = parseRtcp(rig.sent.at(-1) ?? Buffer.alloc(0));
  assert.deepEqual(report, {
    type: 'senderReport',
    ssrc: SSRC,
    sentAt: 1_767_225_600_000,
    rtpTimestamp: 9,
    packets: 2,
    payloadBytes: 2,
    reports: [],
  });
  assert.equal(rig.sent.length, 3);
});
