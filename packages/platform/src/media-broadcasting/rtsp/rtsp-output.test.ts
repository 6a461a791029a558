import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type Clock, SystemClock, VirtualClock } from '@cardea/core';
import { attributeOf, buildBye, interleave, parseRtcp, parseRtpPacket, parseSdp, parseTransport, type RtspResponse } from '@cardea/media';
import { requestKeyframe } from '@cardea/protocol';
import { makeCertificate } from '../testing/certificate.ts';
import { type Clip, makeClip } from '../testing/media.ts';
import { camera, createRig, type Rig } from '../testing/rig.ts';
import { RtspClient } from '../testing/rtsp-client.ts';
import { VmPublisher } from '../testing/vm-publisher.ts';
import { until } from '../testing/ws-viewer.ts';

const run = promisify(execFile);

let directory: string;
let clip: Clip;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-rtsp-'));
  clip = await makeClip(directory);
});
after(() => rm(directory, { recursive: true }));

interface Watched extends AsyncDisposable {
  readonly rig: Rig;
  readonly sessionId: string;
  readonly url: string;
  readonly publisher: VmPublisher;
}

async function watched(clock: Clock = new VirtualClock(), media: Clip = clip, seconds = 1.5): Promise<Watched> {
  const rig = await createRig(clock);
  const { urls, sessionId } = await rig.service.startLive(await rig.proof('anna'), camera);
  assert.ok(urls.rtsp !== undefined);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, media);
  publisher.publishMore(seconds);
  await until(() => rig.service.snapshot().bytesIn > 0);
  return { rig, sessionId, url: urls.rtsp, publisher, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

/** Lets time pass while the camera sends a little more of its clip every nine seconds. */
async function letPass(clock: VirtualClock, seconds: number, { rig, publisher }: Watched): Promise<void> {
  for (let left = seconds; left > 0; left -= 9) {
    const before = rig.service.snapshot().bytesIn;
    publisher.publishMore(0.2);
    await until(() => rig.service.snapshot().bytesIn > before);
    await clock.advance(Math.min(9, left) * 1_000);
  }
}

function controlsOf({ body }: RtspResponse): readonly string[] {
  return parseSdp(new TextDecoder().decode(body)).media.map(({ attributes }) => attributeOf(attributes, 'control') ?? '');
}

const tcp = { Transport: 'RTP/AVP/TCP;unicast' };

/** Sets up `tracks` of the address (all by default) over the connection and plays. */
async function play(client: RtspClient, url: string, tracks?: readonly number[]): Promise<string> {
  return (await playing(client, url, tracks)).session;
}

async function playing(
  client: RtspClient,
  url: string,
  tracks?: readonly number[],
): Promise<{ readonly session: string; readonly starts: string }> {
  const controls = controlsOf(await client.ask('DESCRIBE', url));
  let session = '';
  for (const [index, control] of controls.entries()) {
    if (tracks !== undefined && !tracks.includes(index)) continue;
    const { statusCode, headers } = await client.ask('SETUP', control, tcp);
    assert.equal(statusCode, 200);
    session = headers.session?.split(';')[0] ?? '';
  }
  const { headers, statusCode } = await client.ask('PLAY', url, { Session: session });
  assert.equal(statusCode, 200);
  return { session, starts: headers['rtp-info'] ?? '' };
}

test('the address of a live session carries a token that encoders and players take', async () => {
  await using live = await watched();
  assert.match(live.url, /^rtsp:\/\/127\.0\.0\.1:\d+\/7h3kq0v9xw2m5n8d1c4t6r0yzb\/1\/main\?token=[\w-]{1,40}$/);
});

test('where RTSP is off, or its port is taken, no address of it is handed out', async () => {
  await using live = await watched();
  for (const rtspPort of [undefined, Number(new URL(live.url).port)]) {
    await using rig = await createRig(new VirtualClock(), { rtspPort });
    const { urls } = await rig.service.startLive(await rig.proof('anna'), camera);
    assert.deepEqual([urls.rtsp, urls.ws.slice(0, 5)], [undefined, 'ws://']);
  }
});

test('a viewer gets picture and sound from the kept key frame on, reports first', async () => {
  await using live = await watched();
  using client = await RtspClient.connect(live.url);
  assert.match((await client.ask('OPTIONS', live.url)).headers.public ?? '', /DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER/);
  await play(client, live.url);
  live.publisher.publishMore(1);
  await until(() => client.frames.length > 50);
  const [picture, sound, first] = client.frames;
  assert.ok(picture && sound && first);
  assert.deepEqual([parseRtcp(picture.payload)[0]?.type, parseRtcp(sound.payload)[0]?.type], ['senderReport', 'senderReport']);
  assert.deepEqual([picture.channel, sound.channel, first.channel], [1, 3, 0]);
  const [report] = parseRtcp(picture.payload);
  assert.ok(report?.type === 'senderReport');
  // The camera was 1.5 s ahead of its first picture when the viewer came, at the time the virtual clock starts with.
  const aheadSec = ((report.rtpTimestamp - parseRtpPacket(first.payload).timestamp) >>> 0) / 90_000;
  assert.ok(Math.abs(aheadSec - 0.5) < 0.05, `${aheadSec} s since the key frame of second 1`);
  assert.equal(report.sentAt, 1_767_225_600_000);
  // STAP-A: the parameter sets before the key frame.
  assert.equal((parseRtpPacket(first.payload).payload[0] ?? 0) & 0x1f, 24);
  for (const channel of [0, 2]) {
    const packets = client.frames.filter((frame) => frame.channel === channel).map(({ payload }) => parseRtpPacket(payload));
    assert.ok(packets.length > 10);
    const start = packets[0]?.sequence ?? 0;
    assert.deepEqual(
      packets.map(({ sequence }) => (sequence - start) & 0xffff),
      [...packets.keys()],
    );
  }
});

test('who comes later gets the same packets', async () => {
  await using live = await watched();
  using first = await RtspClient.connect(live.url);
  using second = await RtspClient.connect(live.url);
  await play(first, live.url);
  await play(second, live.url);
  live.publisher.publishMore(0.4);
  const media = (client: RtspClient) =>
    client.frames.filter(({ channel }) => channel % 2 === 0).map(({ payload }) => Buffer.from(payload).toString('hex'));
  await until(() => media(first).length > 30 && media(first).length === media(second).length);
  assert.deepEqual(media(second), media(first));
  assert.equal(live.rig.service.snapshot().viewers, 2);
});

test('the answer to PLAY names the packets that come first', async () => {
  await using live = await watched();
  using alone = await RtspClient.connect(live.url);
  using later = await RtspClient.connect(live.url);
  for (const client of [alone, later]) {
    const { starts } = await playing(client, live.url);
    await until(() => [0, 2].every((channel) => client.frames.some((frame) => frame.channel === channel)));
    const told = starts.split(',').map((start) => /\/track\d\?token=[\w-]+;(.*)$/.exec(start)?.[1]);
    const came = [0, 2].map((channel) => {
      const { sequence, timestamp } = parseRtpPacket(client.frames.find((frame) => frame.channel === channel)?.payload ?? new Uint8Array());
      return `seq=${sequence};rtptime=${timestamp}`;
    });
    assert.deepEqual(told, came);
  }
});

test('a viewer that wants the sound alone gets nothing else', async () => {
  await using live = await watched();
  using client = await RtspClient.connect(live.url);
  await play(client, live.url, [1]);
  live.publisher.publishMore(1);
  await until(() => client.frames.length > 20);
  assert.deepEqual([...new Set(client.frames.map(({ channel }) => channel))].sort(), [2, 3]);
});

test('pause and play go on without a gap in the numbers of the packets', async () => {
  await using live = await watched();
  using client = await RtspClient.connect(live.url);
  const session = await play(client, live.url, [0]);
  await until(() => client.frames.length > 5);
  assert.equal((await client.ask('PAUSE', live.url, { Session: session })).statusCode, 200);
  assert.equal(live.rig.service.snapshot().viewers, 0);
  assert.equal((await client.ask('PLAY', live.url, { Session: session })).statusCode, 200);
  assert.equal(live.rig.service.snapshot().viewers, 1);
  assert.equal((await client.ask('TEARDOWN', live.url, { Session: session })).statusCode, 200);
  await until(() => client.isOver);
  assert.equal(live.rig.service.snapshot().viewers, 0);
});

test('where no key frame is kept the camera is asked for one', async () => {
  await using live = await watched(new VirtualClock(), clip, 0);
  live.rig.device.answer(requestKeyframe, () => ({ at: 1 }));
  using client = await RtspClient.connect(live.url);
  await play(client, live.url);
  await until(() => live.rig.device.methods.includes(requestKeyframe.method));
  live.publisher.publishMore(0.4);
  await until(() => client.frames.length > 20);
});

test('a wrong, a foreign and a missing token get one answer, whatever the address names', async () => {
  await using live = await watched();
  const bare = live.url.split('?')[0] ?? '';
  const addresses = [
    bare,
    `${bare}?token=`,
    `${bare}?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`,
    live.url.replace('/main', '/sub'),
    live.url.replace(camera.deviceId, '00000000000000000000000000'),
    live.url.replace(camera.deviceId, 'no-device'),
  ];
  const answers = new Set<string>();
  for (const address of addresses) {
    using client = await RtspClient.connect(live.url);
    const { statusCode, headers, body } = await client.ask('DESCRIBE', address, { Authorization: 'Digest username="a"' });
    answers.add(JSON.stringify([statusCode, headers, new TextDecoder().decode(body)]));
  }
  assert.equal(answers.size, 1);
  const [answer = ''] = answers;
  assert.match(answer, /^\[401,.*Bearer.*no user name and no password/);
});

test('what cannot be done in a state, or at all, is said so', async () => {
  await using live = await watched();
  using client = await RtspClient.connect(live.url);
  const [video = ''] = controlsOf(await client.ask('DESCRIBE', live.url));
  const status = async (method: string, url: string, headers = {}) => (await client.ask(method, url, headers)).statusCode;
  assert.equal(await status('PLAY', live.url), 455);
  assert.equal(await status('PAUSE', live.url), 455);
  assert.equal(await status('RECORD', live.url), 501);
  assert.equal(await status('SETUP', live.url, tcp), 459);
  assert.equal(await status('SETUP', video.replace('track0', 'track7'), tcp), 404);
  assert.equal(await status('SETUP', video, { Transport: 'RTP/AVP;multicast' }), 461);
  assert.equal(await status('SETUP', video, { Transport: 'RTP/AVP/TCP;interleaved=300-301' }), 400);
  assert.equal(await status('DESCRIBE', 'http://127.0.0.1/'), 400);
  assert.equal(await status('PLAY', live.url, { Session: 'ffffffffffffffff' }), 454);
  client.send(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'));
  await until(() => client.isOver);
});

test('an ended session and a revoked right end the viewing', async () => {
  await using live = await watched();
  using ended = await RtspClient.connect(live.url);
  await play(ended, live.url);
  live.rig.service.end(live.rig.principal('anna'), live.sessionId);
  await until(() => ended.isOver);
  assert.deepEqual(
    parseRtcp(ended.frames.at(-1)?.payload ?? new Uint8Array()).map(({ type }) => type),
    ['bye'],
  );
  using late = await RtspClient.connect(live.url);
  assert.equal((await late.ask('DESCRIBE', live.url)).statusCode, 401);

  const again = await live.rig.service.startLive(await live.rig.proof('ben'), camera);
  const url = again.urls.rtsp ?? '';
  using revoked = await RtspClient.connect(url);
  await play(revoked, url);
  await live.rig.db.deleteFrom('home_member').where('user_id', '=', 'ben').execute();
  live.rig.bus.publish({ type: 'revoked', scope: 'user', id: 'ben' });
  await until(() => revoked.isOver);
});

test('an RTCP goodbye frees the viewer at once', async () => {
  await using live = await watched();
  using client = await RtspClient.connect(live.url);
  await play(client, live.url);
  assert.equal(live.rig.service.snapshot().viewers, 1);
  client.send(interleave([{ channel: 1, packet: buildBye(1) }]));
  await until(() => live.rig.service.snapshot().viewers === 0);
});

test('a stranger has ten seconds, who set up without playing a minute, and a keep-alive begins it anew', async () => {
  const clock = new VirtualClock();
  await using live = await watched(clock);
  using stranger = await RtspClient.connect(live.url);
  await stranger.ask('OPTIONS', '*');
  using idle = await RtspClient.connect(live.url);
  await idle.ask('DESCRIBE', live.url);
  await letPass(clock, 8, live);
  await stranger.ask('OPTIONS', '*');
  await letPass(clock, 3, live);
  await until(() => stranger.isOver);
  await letPass(clock, 40, live);
  assert.equal((await idle.ask('GET_PARAMETER', live.url)).statusCode, 200);
  await letPass(clock, 40, live);
  assert.equal((await idle.ask('OPTIONS', live.url)).statusCode, 200);
  await letPass(clock, 61, live);
  await until(() => idle.isOver);
});

interface DatagramClient extends Disposable {
  readonly packets: readonly Uint8Array[];
  report(packet: Uint8Array): void;
}

/** Watches the picture over UDP, RTP and RTCP on one port. */
async function playOverUdp(client: RtspClient, url: string): Promise<DatagramClient> {
  const [video = ''] = controlsOf(await client.ask('DESCRIBE', url));
  const socket = createSocket('udp4');
  const packets: Uint8Array[] = [];
  socket.on('message', (packet) => packets.push(packet));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const { headers } = await client.ask('SETUP', video, { Transport: `RTP/AVP;unicast;client_port=${port}-${port}` });
  const [, rtcp = 0] = parseTransport(headers.transport ?? '')[0]?.server ?? [];
  assert.ok(rtcp % 2 === 1);
  assert.equal((await client.ask('PLAY', url)).statusCode, 200);
  return { packets, report: (packet) => socket.send(packet, rtcp, '127.0.0.1'), [Symbol.dispose]: () => socket.close() };
}

test('a viewer over UDP gets a burst at a pace, and is gone after a minute of silence', async () => {
  const clock = new VirtualClock();
  await using live = await watched(clock);
  using client = await RtspClient.connect(live.url);
  using media = await playOverUdp(client, live.url);
  await until(() => media.packets.length >= 16);
  const { length } = media.packets;
  await clock.advance(1_000);
  await until(() => media.packets.length > length);
  await letPass(clock, 50, live);
  assert.equal((await client.ask('GET_PARAMETER', live.url)).statusCode, 200);
  await letPass(clock, 50, live);
  assert.equal(live.rig.service.snapshot().viewers, 1);
  await letPass(clock, 61, live);
  await until(() => live.rig.service.snapshot().viewers === 0);
});

test('an RTCP goodbye over UDP frees the viewer at once, and one from elsewhere does not', async () => {
  await using live = await watched();
  using client = await RtspClient.connect(live.url);
  using media = await playOverUdp(client, live.url);
  using other = await RtspClient.connect(live.url);
  using otherMedia = await playOverUdp(other, live.url);
  assert.equal(live.rig.service.snapshot().viewers, 2);
  otherMedia.report(buildBye(1));
  await until(() => live.rig.service.snapshot().viewers === 1);
  media.report(buildBye(1));
  await until(() => live.rig.service.snapshot().viewers === 0);
});

test('a viewer that does not read delays nobody', async () => {
  await using live = await watched(new SystemClock());
  using stuck = await RtspClient.connect(live.url);
  await play(stuck, live.url);
  stuck.stopReading();
  using reading = await RtspClient.connect(live.url);
  await play(reading, live.url);
  live.publisher.publishMore(5);
  await until(() => reading.frames.length > 200);
});

test('over TLS no media goes over UDP, and another certificate is shown from the next connection on', async () => {
  const rtsps = { host: '127.0.0.1', port: 0, certificate: async () => makeCertificate(directory) };
  await using rig = await createRig(new VirtualClock(), { rtsps });
  const { urls } = await rig.service.startLive(await rig.proof('anna'), camera);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  publisher.publishMore(1.5);
  await until(() => rig.service.snapshot().bytesIn > 0);
  const shown: string[] = [];
  for (const _ of ['before', 'after']) {
    using client = await RtspClient.connect(urls.rtsps ?? '');
    shown.push(client.certificateDigest);
    const [control = ''] = controlsOf(await client.ask('DESCRIBE', urls.rtsps ?? ''));
    assert.match(control, /^rtsps:/);
    assert.equal((await client.ask('SETUP', control, { Transport: 'RTP/AVP;unicast;client_port=5000-5001' })).statusCode, 461);
    assert.equal((await client.ask('SETUP', control, tcp)).statusCode, 200);
    rig.service.useCertificate(makeCertificate(directory));
  }
  assert.equal(new Set(shown).size, 2);
});

describe('players that others wrote', { concurrency: true }, () => {
  for (const [codec, transport] of [
    ['h264', 'tcp'],
    ['h264', 'udp'],
    ['h265', 'tcp'],
  ] as const) {
    test(`ffprobe sees ${codec} and sound over ${transport}`, async () => {
      await using live = await watched(new SystemClock(), codec === 'h264' ? clip : await makeClip(directory, codec));
      using _camera = filming(live.publisher);
      const fields = 'stream=codec_name,width,height,sample_rate:packet=codec_type,pts_time';
      const args = ['-v', 'error', '-rtsp_transport', transport, '-i', live.url, '-read_intervals', '%+2', '-show_entries', fields];
      const { stdout, stderr } = await run('ffprobe', [...args, '-of', 'json'], { maxBuffer: 1 << 26, timeout: 30_000 });
      assert.equal(stderr, '');
      const probed = JSON.parse(stdout) as ProbeOutput;
      assert.deepEqual(
        probed.streams.map(({ codec_name, width, sample_rate }) => [codec_name === 'hevc' ? 'h265' : codec_name, width ?? sample_rate]),
        [
          [codec, 320],
          ['aac', '48000'],
        ],
      );
      for (const kind of ['video', 'audio']) {
        const times = probed.packets.filter(({ codec_type }) => codec_type === kind).map(({ pts_time }) => Number(pts_time));
        assert.ok(times.length > 20, `${kind} ${times.length}`);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
      }
    });
  }

  test('ffprobe sees picture and sound over TLS', async () => {
    const rtsps = { host: '127.0.0.1', port: 0, certificate: async () => makeCertificate(directory) };
    await using rig = await createRig(new SystemClock(), { rtsps, rtspPort: undefined });
    const { urls } = await rig.service.startLive(await rig.proof('anna'), camera);
    assert.deepEqual([urls.rtsp, urls.rtsps?.slice(0, 18)], [undefined, 'rtsps://127.0.0.1:']);
    const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
    publisher.publishMore(1.5);
    await until(() => rig.service.snapshot().bytesIn > 0);
    using _camera = filming(publisher);
    const args = ['-v', 'error', '-rtsp_transport', 'tcp', '-i', urls.rtsps ?? '', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0'];
    const { stdout, stderr } = await run('ffprobe', args, { timeout: 30_000 });
    assert.deepEqual([stdout.trim().split('\n'), stderr], [['h264', 'aac'], '']);
  });

  for (const transport of ['tcp', 'udp']) {
    test(`GStreamer takes picture and sound over ${transport}`, async () => {
      await using live = await watched(new SystemClock());
      using _camera = filming(live.publisher);
      const source = `rtspsrc location=${live.url} protocols=${transport} latency=100 name=camera`;
      const picture = 'camera. ! rtph264depay ! identity eos-after=50 ! fakesink';
      const sound = 'camera. ! rtpmp4gdepay ! identity eos-after=50 ! fakesink';
      const { stdout } = await run('gst-launch-1.0', `${source} ${picture} ${sound}`.split(' '), { timeout: 30_000 });
      assert.match(stdout, /Got EOS/);
    });
  }
});

interface ProbeOutput {
  readonly streams: readonly {
    readonly codec_name: string;
    readonly width?: number;
    readonly height?: number;
    readonly sample_rate?: string;
  }[];
  readonly packets: readonly { readonly codec_type: string; readonly pts_time: string }[];
}

/** Lets the camera send its clip at its own pace. */
function filming(publisher: VmPublisher): Disposable {
  const timer = setInterval(() => publisher.publishMore(0.04), 40);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
