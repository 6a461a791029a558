import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { parseFragment, parseInitSegment } from '@cardea/media';
import { makeCertificate } from '../testing/certificate.ts';
import { type Clip, makeClip, picture, plainTrack } from '../testing/media.ts';
import { camera, createRig, type Rig, type RigOptions } from '../testing/rig.ts';
import { RtmpPublisher } from '../testing/rtmp-publisher.ts';
import { until, WsViewer } from '../testing/ws-viewer.ts';

/** Programs start slowly on a machine that is busy. */
const START_MS = 30_000;

let directory: string;
let clip: Clip;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-rtmp-'));
  clip = await makeClip(directory);
});
after(() => rm(directory, { recursive: true }));

/** A camera that knows nothing but RTMP. */
const createRtmpRig = (clock = new VirtualClock(), options: RigOptions = {}) =>
  createRig(clock, { carriers: ['rtmp', 'rtmps'], ...options });
const startLive = async (rig: Rig) => await rig.service.startLive(await rig.proof('anna'), camera);

/** Kinds and key frames of what a viewer received, as ffprobe sees them. */
async function probe(media: Buffer): Promise<readonly string[]> {
  const path = join(directory, 'received.mp4');
  await writeFile(path, media);
  const fields = ['-show_entries', 'frame=media_type,key_frame', '-of', 'csv=p=0'];
  const output = execFileSync('ffprobe', ['-v', 'error', ...fields, path], { encoding: 'utf8' });
  const lines = output.trim().split('\n');
  return lines.map((line) => line.split(',', 2).join());
}

function run(command: string, ...args: readonly string[]): ChildProcess & AsyncDisposable {
  const child = spawn(command, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return Object.assign(child, {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  });
}

test('a camera that knows RTMP alone is given an address an encoder can use as it stands', async () => {
  await using rig = await createRtmpRig();
  await startLive(rig);
  const { protocol, url, token } = rig.device.pushTarget;
  assert.equal(protocol, 'rtmp');
  assert.match(url, /^rtmp:\/\/127\.0\.0\.1:\d+\/vm\/[0-9A-Z]{26}\?token=[A-Za-z0-9_-]{32}$/);
  assert.ok(url.endsWith(token));
});

test('a camera that knows both carriers pushes over WebSocket', async () => {
  await using rig = await createRig(new VirtualClock(), { carriers: ['rtmp', 'wss-fmp4'] });
  await startLive(rig);
  assert.equal(rig.device.pushTarget.protocol, 'wss-fmp4');
});

test('what ffmpeg publishes is seen, pictures and sound', async () => {
  await using rig = await createRtmpRig();
  const live = await startLive(rig);
  const viewer = await WsViewer.open(live.urls.ws);
  const source = join(directory, 'clip-h264.mp4');
  await using _ffmpeg = run('ffmpeg', '-v', 'error', '-re', '-i', source, '-c', 'copy', '-f', 'flv', rig.device.pushTarget.url);
  await until(() => viewer.binaries.length > 40, START_MS);
  assert.match(viewer.texts[0] ?? '', /avc1\.[0-9a-f]{6},mp4a\.40\.2/);
  const frames = await probe(viewer.media);
  assert.equal(frames[0], 'video,1');
  assert.ok(frames.some((line) => line.startsWith('audio')));
});

test('what GStreamer publishes is seen', async () => {
  await using rig = await createRtmpRig();
  const live = await startLive(rig);
  const viewer = await WsViewer.open(live.urls.ws);
  const source = ['filesrc', `location=${join(directory, 'clip-h264.mp4')}`, '!', 'qtdemux', '!', 'h264parse', '!'];
  const sink = ['flvmux', 'streamable=true', '!', 'rtmp2sink', 'sync=true', `location=${rig.device.pushTarget.url}`];
  await using _gst = run('gst-launch-1.0', '-q', ...source, ...sink);
  await until(() => viewer.binaries.length > 25, START_MS);
  assert.equal((await probe(viewer.media))[0], 'video,1');
});

test('an encoder that says it ends is followed by another one on the same session', async () => {
  await using rig = await createRtmpRig();
  const live = await startLive(rig);
  const viewer = await WsViewer.open(live.urls.ws);
  const first = await RtmpPublisher.connect(rig.device.pushTarget.url, clip);
  first.publishMore(1);
  await until(() => viewer.binaries.length > 60);
  first.unpublish();
  await until(() => first.isClosed && rig.service.snapshot().streams === 0);
  assert.deepEqual(first.statuses, ['NetStream.Publish.Start', 'NetStream.Unpublish.Success']);
});

test('the newest publisher wins, and the one before is told', async () => {
  await using rig = await createRtmpRig();
  const live = await startLive(rig);
  const viewer = await WsViewer.open(live.urls.ws);
  const first = await RtmpPublisher.connect(rig.device.pushTarget.url, clip);
  first.publishMore(1);
  await until(() => viewer.binaries.length > 60);
  const second = await RtmpPublisher.connect(rig.device.pushTarget.url, clip);
  assert.equal(first.isClosed, false);
  second.publishMore(1);
  await until(() => first.isClosed);
  assert.equal(first.statuses.at(-1), 'NetStream.Unpublish.Success');
  const before = viewer.binaries.length;
  second.publishMore(1);
  await until(() => viewer.binaries.length > before + 20);
});

test('the token may stand in the address of the application, and a wrong one publishes nothing', async () => {
  await using rig = await createRtmpRig();
  await startLive(rig);
  const { url, token } = rig.device.pushTarget;
  const [base = '', sessionId = ''] = /^(.*\/)vm\/([0-9A-Z]+)/.exec(url)?.slice(1) ?? [];
  for (const [app, key, expected] of [
    [`vm?token=${token}`, sessionId, 'NetStream.Publish.Start'],
    ['vm', `${sessionId}?token=${token.replace(/.{4}$/, 'AAAA')}`, 'NetStream.Publish.Denied'],
    ['vm', sessionId, 'NetStream.Publish.Denied'],
    ['other', `${sessionId}?token=${token}`, 'NetStream.Publish.Denied'],
  ] as const) {
    const status = await statusOfPublishing(base, app, key);
    assert.equal(status, expected, `${app} ${key}`);
  }
});

/** The code of the answer to a `publish` sent as bytes, in the order of an encoder. */
async function statusOfPublishing(base: string, app: string, key: string): Promise<string | undefined> {
  const { hostname, port } = new URL(base);
  const socket: Socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write(Buffer.concat([Uint8Array.of(3), new Uint8Array(2 * 1_536)]));
  socket.write(command(`02${amf('connect')}003ff0000000000000`, `03${member('app', app)}${member('tcUrl', `${base}${app}`)}000009`));
  socket.write(command(`02${amf('publish')}004014000000000000`, `0502${amf(key)}02${amf('live')}`));
  await until(() => /NetStream\.Publish\.\w+/.test(text));
  socket.destroy();
  return /NetStream\.Publish\.\w+/.exec(text)?.[0];
}

const amf = (text: string): string => text.length.toString(16).padStart(4, '0') + Buffer.from(text).toString('hex');
const member = (name: string, text: string): string => `${amf(name)}02${amf(text)}`;

/** One message in chunks of 128 bytes. */
function command(...parts: readonly string[]): Buffer {
  const body = Buffer.from(parts.join(''), 'hex');
  const head = Buffer.from('030000000000001400000000', 'hex');
  head.writeUIntBE(body.length, 4, 3);
  const pieces: Buffer[] = [head];
  for (let at = 0; at < body.length; at += 128) pieces.push(...(at > 0 ? [Buffer.of(0xc3)] : []), body.subarray(at, at + 128));
  return Buffer.concat(pieces);
}

test('after its session is over an address publishes nothing any more', async () => {
  const clock = new VirtualClock();
  await using rig = await createRtmpRig(clock);
  const live = await startLive(rig);
  const { url } = rig.device.pushTarget;
  rig.service.end(rig.principal('anna'), live.sessionId);
  await clock.advance(10_000);
  const publisher = await RtmpPublisher.connect(url, clip);
  assert.deepEqual(publisher.statuses, ['NetStream.Publish.BadName']);
  await until(() => publisher.isClosed);
});

test('who connects and says nothing, publishes no key frame, or falls silent is closed in time', async () => {
  const clock = new VirtualClock();
  await using rig = await createRtmpRig(clock);
  await startLive(rig);
  const { url } = rig.device.pushTarget;
  const { hostname, port } = new URL(url);
  const mute = connect(Number(port), hostname);
  let muteClosed = false;
  mute.on('close', () => {
    muteClosed = true;
  });
  mute.resume();
  await new Promise((resolve) => mute.once('connect', resolve));
  const blind = await RtmpPublisher.connect(url, clip);
  await clock.advance(3_000);
  await until(() => blind.isClosed);
  await clock.advance(2_000);
  await until(() => muteClosed);
  const silent = await RtmpPublisher.connect(url, clip);
  silent.publishMore(1);
  await until(() => rig.service.snapshot().streams === 1);
  await clock.advance(10_000);
  await until(() => silent.isClosed);
});

for (const [codec, codecs] of [
  ['h265', 'hvc1.1.6.L60.90,mp4a'],
  ['av1', 'av01.0.00M.08,opus'],
] as const) {
  test(`${codec} in enhanced RTMP reaches viewers as it is, with its sound`, async () => {
    await using rig = await createRtmpRig();
    const live = await startLive(rig);
    const viewer = await WsViewer.open(live.urls.ws);
    const publisher = await RtmpPublisher.connect(rig.device.pushTarget.url, await makeClip(directory, codec));
    publisher.publishMore(2);
    await until(() => viewer.binaries.length > 140);
    assert.ok(viewer.texts[0]?.includes(`codecs=\\"${codecs}`), viewer.texts[0]);
    assert.equal((await probe(viewer.media)).filter((line) => line === 'video,1').length, 2);
  });
}

test('with a certificate a camera that knows TLS is sent there', async () => {
  const host = '127.0.0.1';
  const rtmps = { host, port: 0, certificate: async () => makeCertificate(directory) };
  await using rig = await createRtmpRig(new VirtualClock(), { rtmps });
  const live = await startLive(rig);
  const viewer = await WsViewer.open(live.urls.ws);
  const { protocol, url } = rig.device.pushTarget;
  assert.deepEqual([protocol, new URL(url).protocol], ['rtmps', 'rtmps:']);
  const publisher = await RtmpPublisher.connect(url, clip);
  publisher.publishMore(1);
  await until(() => viewer.binaries.length > 25);
});

test('a certificate that cannot be read leaves RTMPS off, and RTMP on', async () => {
  const certificate = async () => ({ cert: '', key: await readFile(join(directory, 'none.pem'), 'utf8') });
  const rtmps = { host: '127.0.0.1', port: 0, certificate };
  await using rig = await createRtmpRig(new VirtualClock(), { rtmps });
  await startLive(rig);
  assert.equal(rig.device.pushTarget.protocol, 'rtmp');
});

test('a port that is taken leaves RTMP off, and no address of it is given out', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port: rtmpPort } = other.address() as AddressInfo;
  await using rig = await createRtmpRig(new VirtualClock(), { rtmpPort });
  await startLive(rig);
  assert.equal(rig.device.pushTarget.protocol, 'wss-fmp4');
  other.close();
});

/** Of our own making, for this host. */
test('a malformed message ends its own publisher alone', async () => {
  await using rig = await createRtmpRig();
  const live = await startLive(rig);
  const viewer = await WsViewer.open(live.urls.ws);
  const broken = { tracks: [{ ...plainTrack, config: Uint8Array.of(9, 9) }], units: [picture(0)] };
  const publisher = await RtmpPublisher.connect(rig.device.pushTarget.url, broken);
  await until(() => publisher.isClosed);
  const next = await RtmpPublisher.connect(rig.device.pushTarget.url, clip);
  next.publishMore(1);
  await until(() => viewer.binaries.length > 25);
  const [init, first] = viewer.binaries;
  assert.ok(init && first);
  assert.equal(parseFragment(first, parseInitSegment(init))[0]?.keyframe, true);
});
