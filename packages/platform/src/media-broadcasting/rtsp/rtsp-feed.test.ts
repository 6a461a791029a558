import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, VirtualClock } from '@cardea/core';
import { type AccessUnit, h264Track, parseRtcp, splitInterleaved } from '@cardea/media';
import { RtspFeed } from './rtsp-feed.ts';

const config = '014d400dffe10018674d400deca0a0fd80880000030008000003019078a14cb001000468ce0fc8';
const track = h264Track(1, 1_000, Buffer.from(config, 'hex'));

function pictureAt(sec: number): AccessUnit {
  return { trackId: 1, dts: sec * 1_000, pts: sec * 1_000, duration: 40, keyframe: true, data: Uint8Array.of(0, 0, 0, 2, 0x65, 0x88) };
}

/** Unix milliseconds at which the reports among `bytes` say that their packets were. */
function reportedIn(bytes: Uint8Array): readonly number[] {
  const reports = splitInterleaved(bytes).filter(({ channel }) => channel % 2 === 1);
  return reports.flatMap(({ payload }) => parseRtcp(payload)).flatMap((packet) => (packet.type === 'senderReport' ? [packet.sentAt] : []));
}

test('pictures that come late do not move the times that players make of the reports', async () => {
  const clock = new VirtualClock(1_000_000);
  const feed = new RtspFeed({ clock, random: createRandom(clock) });
  const head = feed.head([track]);
  assert.equal(head.opening.length, 0);
  const fragment = (sec: number): Uint8Array => head.fragment([pictureAt(sec)], 0)[0] ?? new Uint8Array();
  assert.deepEqual(reportedIn(fragment(0)), [1_000_000]);
  await clock.advance(1_000);
  assert.deepEqual(reportedIn(fragment(1)), []);
  await clock.advance(5_300);
  assert.deepEqual(reportedIn(fragment(6)), [1_006_001]);
  await clock.advance(5_000);
  assert.deepEqual(reportedIn(fragment(11.3)), [1_011_300]);
  assert.deepEqual(reportedIn(head.opening), [1_011_300]);
});
