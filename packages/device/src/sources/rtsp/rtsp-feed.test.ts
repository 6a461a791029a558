import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { type AccessUnit, aacTrack, buildSenderReport, h264Track, parseRtpPacket, RtpPacketiser } from '@cardea/media';
import type { MediaRun } from '../../camera.ts';
import { RtspFeed } from './rtsp-feed.ts';

const FRAME_MS = 40;
const FRAME_TICKS = 3_600;
const config = Buffer.from('014d400dffe10018674d400deca0a0fd80880000030008000003019078a14cb001000468ce0fc8', 'hex');
const picture = h264Track(1, 90_000, config);
const sound = aacTrack(2, 16_000, Uint8Array.of(0x14, 0x08));

let clock: VirtualClock;
let runs: MediaRun[];
let units: AccessUnit[];
let holes: number;
let feed: RtspFeed;
let pictures: RtpPacketiser;

beforeEach(() => {
  clock = new VirtualClock(1_767_225_600_000);
  runs = [];
  units = [];
  holes = 0;
  pictures = new RtpPacketiser(picture, { payloadType: 96, ssrc: 1, sequence: 0xfff0 });
  feed = new RtspFeed({
    streams: [
      { kind: 'video', source: { codec: 'h264', trackId: 1 }, payloadType: 96 },
      { kind: 'audio', source: { track: sound }, payloadType: 97 },
    ],
    receiver: { begin: (run) => void runs.push(run), unit: (unit) => void units.push(unit) },
    clock,
    reorderDepth: 0,
    onHole: () => {
      holes += 1;
    },
  });
});

/** The packets of one picture of three packets; `shown` counts pictures from the first. */
function packetsOf(shown: number, keyframe: boolean): readonly Uint8Array[] {
  const sizeBytes = 3_000;
  const data = new Uint8Array(4 + sizeBytes).fill(7);
  new DataView(data.buffer).setUint32(0, sizeBytes);
  data.set([keyframe ? 0x65 : 0x41, 0x88], 4);
  const pts = 0xffff_0000 + shown * FRAME_TICKS;
  return pictures.packets({ trackId: 1, dts: pts, pts, duration: FRAME_TICKS, keyframe, data });
}

function send(shown: number, { keyframe = false, without = -1 } = {}): void {
  for (const [index, packet] of packetsOf(shown, keyframe).entries()) if (index !== without) feed.rtp(0, packet);
}

/** Pictures one frame time apart, a key frame each 25; the clock of the camera runs at `pace` of ours. */
async function play(from: number, count: number, pace = 1): Promise<void> {
  for (let shown = from; shown < from + count; shown += 1) {
    send(shown, { keyframe: shown % 25 === 0 });
    await clock.advance(FRAME_MS / pace);
  }
}

test('pictures stand where they came, from the first key frame on and over the end of the 32 bits of RTP time', async () => {
  await play(20, 30);
  assert.equal(runs.length, 1);
  assert.equal(runs[0]?.startMonotonicMs, 5 * FRAME_MS);
  assert.deepEqual([units[0]?.dts, units[0]?.keyframe, units.at(-1)?.dts], [0, true, 24 * FRAME_TICKS]);
  assert.ok(units.every(({ dts, pts, duration }) => dts === pts && duration === FRAME_TICKS));
});

test('a picture of which a packet is lost is left out with what leans on it, and told once', async () => {
  await play(0, 5);
  send(5, { without: 1 });
  // So many later packets show that it does not come any more.
  await play(6, 50);
  const shown = units.map(({ dts }) => dts / FRAME_TICKS);
  assert.deepEqual(shown.slice(0, 6), [0, 1, 2, 3, 4, 25]);
  assert.deepEqual([holes, runs.length], [1, 1]);
});

test('packets that overtake each other lose nothing', async () => {
  const [first, ...rest] = [...packetsOf(0, true), ...packetsOf(1, false)];
  assert.ok(first !== undefined);
  for (const packet of [first, ...rest.toReversed()]) feed.rtp(0, packet);
  assert.deepEqual([units.length, holes], [2, 0]);
});

test('a camera whose clock runs off is lined up again where it is half a second off', async () => {
  const offMs = (): number => clock.monotonicMs() - (runs.at(-1)?.startMonotonicMs ?? 0) - ((units.at(-1)?.dts ?? 0) / 90_000) * 1_000;
  // Ten milliseconds a second too fast.
  await play(0, 25 * 50, 1.01);
  assert.equal(runs.length, 1);
  assert.ok(offMs() < -400, `${offMs()} ms`);
  await play(25 * 50, 25 * 5, 1.01);
  assert.equal(runs.length, 2);
  assert.ok(Math.abs(offMs()) < 100, `${offMs()} ms`);
});

test('a time line that jumps goes on in a new run at the next key frame', async () => {
  await play(0, 10);
  await play(100_010, 20);
  assert.equal(runs.length, 2);
  assert.deepEqual([units.length, units[10]?.keyframe, units[10]?.dts], [15, true, 0]);
});

test('pictures that are shown after ones behind them are decoded in time once it is known how far they are apart', () => {
  const order = [0, 2, 1, 4, 3];
  for (const group of [0, 5, 10]) for (const [index, shown] of order.entries()) send(group + shown, { keyframe: index === 0 });
  assert.equal(feed.reorderDepth, 1);
  const last = units.slice(-5).map(({ dts, pts }) => [dts, pts].map((ticks) => ticks / FRAME_TICKS));
  assert.deepEqual(
    last.map(([dts = 0, pts = 0]) => pts - dts),
    [1, 2, 0, 2, 0],
  );
  assert.ok(last.every(([dts = 0], index) => index === 0 || dts > (last[index - 1]?.[0] ?? 0)));
});

test('sound goes to its pictures by what the camera reports of both', async () => {
  const voice = new RtpPacketiser(sound, { payloadType: 97, ssrc: 2, sequence: 1 });
  const frames = (index: number): void => {
    const pts = 5_000 + index * 1_024;
    for (const packet of voice.packets({ trackId: 2, dts: pts, pts, duration: 1_024, keyframe: true, data: Uint8Array.of(1, 2, 3) }))
      feed.rtp(1, packet);
  };
  send(0, { keyframe: true });
  const [first] = packetsOf(1, false);
  assert.ok(first !== undefined);
  const { timestamp } = parseRtpPacket(first);
  await clock.advance(200);
  frames(0);
  assert.equal(units.at(-1)?.dts, 3_200, 'by its arrival, 200 ms after the picture');
  const report = { packets: 1, payloadBytes: 1, reports: [] };
  // The camera made this sound 300 ms after the first picture.
  feed.rtcp(0, buildSenderReport({ ...report, ssrc: 1, sentAt: 1_000_040, rtpTimestamp: timestamp }, 'c'));
  feed.rtcp(1, buildSenderReport({ ...report, ssrc: 2, sentAt: 1_000_300, rtpTimestamp: 5_000 }, 'c'));
  frames(1);
  assert.equal(units.at(-1)?.dts, 4_800 + 1_024);
});

test('what is no RTP, or of another stream, is as if it had not come', () => {
  feed.rtp(0, Uint8Array.of(1, 2, 3));
  feed.rtcp(0, Uint8Array.of(0x80));
  feed.rtp(7, packetsOf(0, true)[0] ?? new Uint8Array());
  assert.deepEqual([runs.length, units.length], [0, 0]);
});
