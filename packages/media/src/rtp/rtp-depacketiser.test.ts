import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { aacTrack } from '../aac.ts';
import type { AccessUnit } from '../access-unit.ts';
import { bytesOf, hexOf } from '../box-bytes.test.ts';
import { FfmpegOracle, h264, h265 } from '../ffmpeg-oracle.test.ts';
import { h264Track } from '../h264.ts';
import { joinAnnexB, splitLengthPrefixed } from '../nal-units.ts';
import { h264Scheme, h265Scheme } from './nal-scheme.ts';
import { createDepacketiser, type RtpDepacketiser, type RtpFrame } from './rtp-depacketiser.ts';
import { parseRtpPacket, type RtpPacket } from './rtp-packet.ts';
import { RtpPacketiser } from './rtp-packetiser.ts';

const sps = '674d400deca0a0fd80880000030008000003019078a14cb0';
const pps = '68ce0fc8';
const config = `014d400dffe10018${sps}010004${pps}`;
const video = h264Track(1, 90_000, bytesOf(config));

function unitOf(index: number, { keyframe = false, sizeBytes = 3_000 } = {}): AccessUnit {
  const data = new Uint8Array(4 + sizeBytes).fill(index);
  new DataView(data.buffer).setUint32(0, sizeBytes);
  data.set([keyframe ? 0x65 : 0x41, 0x88], 4);
  return { trackId: 1, dts: index * 3_600, pts: index * 3_600, duration: 3_600, keyframe, data };
}

function packetsOf(units: readonly AccessUnit[]): readonly RtpPacket[] {
  const packetiser = new RtpPacketiser(video, { payloadType: 96, ssrc: 1, sequence: 0xfffd });
  return units.flatMap((unit) => packetiser.packets(unit)).map((packet) => parseRtpPacket(packet));
}

function feed(depacketiser: RtpDepacketiser, packets: readonly RtpPacket[]): readonly RtpFrame[] {
  return packets.flatMap((packet) => [...depacketiser.push(packet)]);
}

test('pictures come back as they were, and the track out of their parameter sets', () => {
  const units = [unitOf(1, { keyframe: true }), unitOf(2), unitOf(3, { sizeBytes: 20 })];
  const depacketiser = createDepacketiser({ codec: 'h264', trackId: 1 });
  assert.equal(depacketiser.track, undefined);
  const frames = feed(depacketiser, packetsOf(units));
  assert.deepEqual(
    frames,
    units.map(({ pts, keyframe, data }) => ({ pts, keyframe, data })),
  );
  assert.deepEqual(depacketiser.track, video);
});

test('after a lost packet nothing comes out before the next key frame', () => {
  const units = [unitOf(1, { keyframe: true }), unitOf(2), unitOf(3), unitOf(4, { keyframe: true }), unitOf(5)];
  for (const lost of [4, 5, 6]) {
    const depacketiser = createDepacketiser({ codec: 'h264', trackId: 1 });
    const frames = feed(
      depacketiser,
      packetsOf(units).filter((_, index) => index !== lost),
    );
    assert.deepEqual(
      frames.map(({ pts }) => pts / 3_600),
      [1, 4, 5],
    );
  }
});

test('a picture whose first slice was lost is not shown', () => {
  const depacketiser = createDepacketiser({ codec: 'h264', trackId: 1, parameterSets: [bytesOf(sps), bytesOf(pps)] });
  const packet = { marker: true, payloadType: 96, sequence: 9, timestamp: 0, ssrc: 1 };
  // first_mb_in_slice is not 0.
  assert.deepEqual(depacketiser.push({ ...packet, payload: bytesOf('654888') }), []);
  assert.equal(depacketiser.needsKeyframe, true);
  assert.equal(depacketiser.push({ ...packet, sequence: 10, payload: bytesOf('658888') }).length, 1);
  assert.equal(depacketiser.needsKeyframe, false);
});

test('several AAC frames in a packet and one frame in several come back', () => {
  const depacketiser = createDepacketiser({ track: aacTrack(2, 48_000, bytesOf('1190')) });
  const header = { marker: true, payloadType: 97, ssrc: 1 };
  const both = { ...header, sequence: 1, timestamp: 5_000, payload: bytesOf('0020 0010 0018 aaaa bbbbbb') };
  const [head, tail] = ['0010 0030 010203', '0010 0030 040506'].map((payload, index) => ({
    ...header,
    sequence: 2 + index,
    timestamp: 7_048,
    payload: bytesOf(payload),
  }));
  assert.ok(head && tail);
  assert.deepEqual(
    feed(depacketiser, [both, head, tail]).map(({ pts, data }) => [pts, hexOf(data)]),
    [
      [5_000, 'aaaa'],
      [6_024, 'bbbbbb'],
      [7_048, '010203040506'],
    ],
  );
  assert.deepEqual(depacketiser.push({ ...head, sequence: 9, payload: bytesOf('0011 00') }), []);
});

describe('the packets of ffmpeg', { concurrency: true }, () => {
  let oracle: FfmpegOracle;
  before(() => {
    oracle = new FfmpegOracle();
  });
  after(() => oracle[Symbol.dispose]());

  for (const [codec, encode, scheme, inBand] of [
    ['h264', h264, h264Scheme, 'h264_mp4toannexb'],
    ['h265', h265, h265Scheme, 'hevc_mp4toannexb'],
  ] as const) {
    test(`${codec} sent by ffmpeg decodes to every picture it sent`, async () => {
      const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=1'];
      const path = oracle.make(`source-${codec}.mp4`, [...source, ...encode]);
      const depacketiser = createDepacketiser({ codec, trackId: 1 });
      const frames = feed(depacketiser, await sentByFfmpeg(path, inBand));
      const { track } = depacketiser;
      assert.ok(track?.kind === 'video');
      assert.deepEqual([track.width, track.height, frames.length, frames[0]?.keyframe], [320, 240, 25, true]);
      const nalUnits = [...scheme.parameterSetsOf(track.config), ...frames.flatMap(({ data }) => splitLengthPrefixed(data))];
      assert.equal(oracle.frames(oracle.write(`back.${codec}`, joinAnnexB(nalUnits))).length, 25);
    });
  }
});

/** Everything ffmpeg sends of a file over RTP, at the pace of the file; `inBand` names the filter that repeats parameter sets. */
async function sentByFfmpeg(path: string, inBand: string): Promise<readonly RtpPacket[]> {
  const socket = createSocket('udp4');
  const received: Uint8Array[] = [];
  socket.on('message', (bytes) => received.push(bytes));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const target = `rtp://127.0.0.1:${port}?rtcpport=${port}`;
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-re', '-i', path, '-c', 'copy', '-bsf:v', inBand, '-f', 'rtp', target]);
  // What ffmpeg sent stands in the queue of the socket before this.
  socket.send('end', port, '127.0.0.1');
  while (received.at(-1)?.length !== 3) await once(socket, 'message');
  socket.close();
  return received.filter((bytes) => bytes.length > 3 && !isRtcp(bytes)).map((bytes) => parseRtpPacket(bytes));
}

function isRtcp(bytes: Uint8Array): boolean {
  const type = bytes[1] ?? 0;
  return type >= 200 && type <= 206;
}
