import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { LiveSession } from '@cardea/api';
import { createDepacketiser, parseRtpPacket, RtpReorderBuffer } from '@cardea/media';
import { type MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, type RtpPacket } from 'werift';
import { makeFilm } from '../support/film.ts';
import { LossyRelay } from '../support/lossy-relay.ts';
import { type PlatformProcess, startPlatformProcess, unlimited } from '../support/platform-process.ts';
import { StampedCamera, stampsIn } from '../support/stamped-camera.ts';
import { eventually } from './eventually.ts';
import { h264Codec } from './media-matrix/over-whep.ts';

/** One in fifty is a bad line at home, and a usual one over the air. */
const LOSS = 0.02;
const SEED = 20_261;
const PICTURES = 100;
/** More than the camera sends before a key frame that it has just begun has reached the viewer. */
const KEYFRAME_PACKETS = 10;
/** Of whoever asks for a key frame rather than wait. */
const IMPATIENT_DEPTH = 4;
const UNSETTLED_PACKETS = 100;

let platform: PlatformProcess;
let camera: StampedCamera;

before(async () => {
  platform = await startPlatformProcess({
    ...unlimited,
    'rtsp.listen': '127.0.0.1:0',
    'webrtc.listen': '127.0.0.1:0',
    'rtmp.listen': 'off',
    'wake.listen': 'off',
  });
  const { client, homeId, url } = platform.owner;
  camera = await StampedCamera.open(url, await makeFilm({ seconds: 8, kbps: 2_000, width: 640, height: 360, gopSec: 2 }));
  await camera.device.start();
  await camera.device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  await eventually('a known camera', async () =>
    (await client.call('device.list')).items.find(({ capabilities }) => capabilities !== undefined),
  );
});
after(async () => {
  await camera.device.stop();
  await platform[Symbol.asyncDispose]();
});

async function openLive(): Promise<LiveSession['urls']> {
  const { client } = platform.owner;
  return (await client.call('live.create', { params: { id: camera.device.id }, body: { channel: 1, stream: 'main' } })).urls;
}

/** Speaks RTSP for a client whose media come by way of a lossy network: its ports become those of relays. */
async function openRtspProxy(address: URL, relays: DisposableStack & { readonly all: LossyRelay[] }): Promise<{ readonly port: number }> {
  const speakFor = async (client: Socket): Promise<void> => {
    const server = connect(Number(address.port), address.hostname);
    server.on('error', () => {}).pipe(client);
    client.on('error', () => {}).once('close', () => server.destroy());
    for await (const bytes of client) {
      let text = String(bytes);
      const [whole, ...ports] = /client_port=(\d+)-(\d+)/.exec(text) ?? [];
      const made: number[] = [];
      for (const [index, port] of ports.entries()) {
        const relay = relays.use(await LossyRelay.open({ seed: SEED + index, loss: LOSS, clientPort: Number(port) }));
        relays.all.push(relay);
        made.push(relay.portForServer);
      }
      if (whole !== undefined) text = text.replace(whole, `client_port=${made.join('-')}`);
      server.write(text);
    }
  };
  const proxy = createServer((client) => void speakFor(client).catch(() => {}));
  relays.defer(() => proxy.close());
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const bound = proxy.address();
  return { port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
}

test('over RTSP and UDP that loses one packet in fifty ffprobe sees pictures to the end', async () => {
  using relays = Object.assign(new DisposableStack(), { all: [] as LossyRelay[] });
  const address = new URL((await openLive()).rtsp ?? '');
  const { port } = await openRtspProxy(address, relays);
  const shown = address.href.replace(address.host, `127.0.0.1:${port}`);
  const args = ['-v', 'quiet', '-rtsp_transport', 'udp', '-i', shown, '-read_intervals', '%+4'];
  const { stdout } = await promisify(execFile)('ffprobe', [...args, '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0'], {
    timeout: 60_000,
  });
  const packets = stdout.trim().split('\n');
  const times = packets.map((line) => Number(line.split(',')[0])).filter((time) => !Number.isNaN(time));
  const lost = relays.all.reduce((sum, relay) => sum + relay.lost, 0);
  assert.ok(lost > 5, `${lost} packets were lost`);
  assert.ok(packets.filter((line) => /,K/.test(line)).length >= 2, 'there was a key frame again');
  assert.ok(Math.max(...times) - Math.min(...times) > 3, `pictures of ${Math.max(...times) - Math.min(...times)} s`);
  assert.ok(times.length > 60, `${times.length} pictures`);
});

/** Somebody who watches over WebRTC by way of a network that loses packets, with an implementation that is not the platform's. */
class LossyViewer implements AsyncDisposable {
  /** Of the pictures that came whole, in their order. */
  readonly stamps: number[] = [];
  readonly sequences = new Set<number>();
  private readonly peer: RTCPeerConnection;
  private readonly video = createDepacketiser({ codec: 'h264', trackId: 1 });
  private readonly order: RtpReorderBuffer;
  private ssrc = 0;

  /** @param feedback what it may ask of the platform @param depth packets it waits for one that is missing */
  constructor(feedback: typeof h264Codec.rtcpFeedback, depth?: number) {
    this.order = new RtpReorderBuffer(depth);
    this.peer = new RTCPeerConnection({
      codecs: { video: [new RTCRtpCodecParameters({ ...h264Codec, rtcpFeedback: feedback })], audio: [] },
      iceServers: [],
      iceAdditionalHostAddresses: ['127.0.0.1'],
      bundlePolicy: 'max-bundle',
    });
    this.peer.onTrack.subscribe((track: MediaStreamTrack) => track.onReceiveRtp.subscribe((packet) => this.take(packet)));
    this.peer.addTransceiver('video', { direction: 'recvonly' });
  }

  /** Whether what was lost leaves it with pictures it cannot show. */
  get needsKeyframe(): boolean {
    return this.video.needsKeyframe;
  }

  async watch(loss: number): Promise<LossyRelay> {
    const { whep = '' } = await openLive();
    await this.peer.setLocalDescription(await this.peer.createOffer());
    const headers = { 'content-type': 'application/sdp' };
    // Without an address of the viewer the platform has no other way to it than the one it is heard by.
    const body = (this.peer.localDescription?.sdp ?? '').replaceAll(/a=candidate:.*\r\n/g, '');
    const answer = await fetch(whep, { method: 'POST', headers, body });
    const sdp = await answer.text();
    assert.equal(answer.status, 201, sdp);
    const [, serverPort = ''] = /a=candidate:\S+ 1 udp \d+ \S+ (\d+) typ host/i.exec(sdp) ?? [];
    const relay = await LossyRelay.open({ seed: SEED, loss, serverPort: Number(serverPort) });
    // Every way to the platform leads over the network that loses packets.
    const led = sdp.replace(/(a=candidate:\S+ 1 udp \d+) \S+ \d+ typ/gi, `$1 127.0.0.1 ${relay.port} typ`);
    await this.peer.setRemoteDescription({ type: 'answer', sdp: led });
    return relay;
  }

  /** Asks for a key frame (PLI). */
  async askKeyframe(): Promise<void> {
    await this.peer.getReceivers()[0]?.sendRtcpPLI(this.ssrc);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.close();
  }

  private take(packet: RtpPacket): void {
    this.sequences.add(packet.header.sequenceNumber);
    this.ssrc = packet.header.ssrc;
    for (const next of this.order.push(parseRtpPacket(packet.serialize()))) {
      for (const { data } of this.video.push(next)) this.stamps.push(...stampsIn(data));
    }
  }
}

test('over WebRTC that loses one packet in fifty a viewer asks again for what it misses and sees the pictures whole', async () => {
  await using viewer = new LossyViewer(h264Codec.rtcpFeedback);
  const { sequences, stamps } = viewer;
  using relay = await viewer.watch(LOSS);
  await eventually('a hundred pictures', async () => (new Set(stamps).size >= PICTURES ? true : undefined), 60_000);

  assert.ok(relay.lost > 5, `${relay.lost} packets were lost`);
  // What was lost a moment ago may still be asked for.
  const settled = [...sequences].slice(0, -UNSETTLED_PACKETS);
  const first = settled[0] ?? 0;
  const count = Math.max(...settled.map((sequence) => (sequence - first) & 0xffff)) + 1;
  const missing = Array.from({ length: count }, (_, step) => (first + step) & 0xffff).filter((sequence) => !sequences.has(sequence));
  assert.deepEqual(missing, []);
});

test('over WebRTC a viewer that lost a key frame asks for one, and sees whole pictures long before the camera makes the next', async () => {
  await using viewer = new LossyViewer([{ type: 'nack', parameter: 'pli' }], IMPATIENT_DEPTH);
  const { stamps } = viewer;
  using relay = await viewer.watch(0);
  const newestKeyframe = (): number => camera.keyframeStamps.at(-1) ?? Number.NaN;
  // Late in a group of pictures the line breaks, until the next key frame is lost.
  await eventually('a picture late in its group', async () => ((stamps.at(-1) ?? 0) - newestKeyframe() > 1_000 ? true : undefined));
  const before = newestKeyframe();
  relay.isCut = true;
  await eventually('the next key frame', async () => (newestKeyframe() > before ? true : undefined));
  const lost = newestKeyframe();
  const lostBefore = relay.lost;
  await eventually('its packets to be lost', async () => (relay.lost > lostBefore + KEYFRAME_PACKETS ? true : undefined));
  relay.isCut = false;
  await eventually('the viewer to notice', async () => (viewer.needsKeyframe ? true : undefined));
  const [askedAtMs, seen] = [performance.now(), stamps.length];
  await viewer.askKeyframe();
  await eventually('whole pictures', async () => (stamps.length > seen ? true : undefined));
  assert.deepEqual(stamps.slice(seen, seen + 1), [lost], 'it begins with the key frame that was lost');
  assert.ok(newestKeyframe() === lost || performance.now() - askedAtMs > 1_000, 'long before the next one');
});
