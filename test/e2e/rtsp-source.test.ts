import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createRandom, SystemClock, silentLogger } from '@cardea/core';
import { type Camera, createRtspCamera, parseRtspAddress } from '@cardea/device';
import { type AccessUnit, Fmp4Muxer, type Track } from '@cardea/media';
import { RtspCamera, type RtspCameraSetting } from '../support/rtsp-camera.ts';
import { type System, startSystem } from './device-management/system.ts';
import { eventually } from './eventually.ts';
import { watch } from './live-viewer.ts';
import { probe } from './probe.ts';

const run = promisify(execFile);
const assets = join(import.meta.dirname, '..', '..', 'packages', 'device', 'assets');
const login = { user: 'admin', password: 'pass word@1', method: 'digest' } as const;
const setting: RtspCameraSetting = {
  films: {
    '/main': { codec: 'h264', file: join(assets, 'front-door-main.mp4') },
    '/small': { codec: 'h264', file: join(assets, 'front-door-sub.mp4') },
  },
  login,
};
const bin = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'cardea.js');
const clock = new SystemClock();

let directory: string;
let camera: RtspCamera;
let system: System;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-rtsp-'));
  camera = await RtspCamera.start(setting);
  const addressOf = (path: string) => parseRtspAddress(`rtsp://admin@127.0.0.1:${camera.port}/${path}`, login.password);
  const source = { main: addressOf('main'), sub: addressOf('small'), random: createRandom(clock), logger: silentLogger };
  system = await startSystem({ openCamera: (at) => createRtspCamera({ ...source, ...at }) });
});
after(async () => {
  await system?.[Symbol.asyncDispose]();
  await camera?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** A camera as the source of a device. */
function open(url: string, stateDirectory = directory): Promise<Camera> {
  return createRtspCamera({ main: parseRtspAddress(url), clock, random: createRandom(clock), logger: silentLogger, stateDirectory });
}

test('an IP camera is what it really is: its pictures in two sizes and its sound, and nothing it cannot do', async () => {
  const { capabilities } = await system.client.call('device.get', { params: { id: system.deviceId } });
  const channel = capabilities?.channels[0];
  assert.deepEqual(
    channel?.video.map(({ stream, codecs, resolutions, fps }) => [stream, codecs, resolutions, Math.round(fps[1] ?? 0)]),
    [
      ['main', ['h264'], [[1280, 720]], 25],
      ['sub', ['h264'], [[640, 360]], 25],
    ],
  );
  assert.deepEqual([channel.audio?.codecs, channel.audio?.talk, channel.ptz], [['aac'], 'none', undefined]);
});

test('its live picture and its sound are seen, and a picture can be taken', async () => {
  const { client } = system.owner;
  const live = await client.call('live.create', { params: { id: system.deviceId }, body: { channel: 1, stream: 'main' } });
  const { bytes } = await watch(live.urls.ws, 60);
  const probed = await probe(bytes);
  assert.deepEqual([[...probed.codecs].sort(), probed.width, probed.height], [['aac', 'h264'], 1280, 720]);
  assert.ok(probed.frames >= 20, `${probed.frames} frames`);
  const { images } = await client.command(system.deviceId, 'snapshot.capture', { channel: 1, inline: true });
  assert.deepEqual(
    images.map(({ status, width, height }) => [status, width, height]),
    [['inline', 1280, 720]],
  );
});

test('a camera that dies is an alarm, and what it sends when it is back is recorded', async () => {
  const { client } = system.owner;
  const recorded = async (since: number) => {
    const { items } = await client.call('segment.list', { params: { id: system.deviceId } });
    return items.find(({ startAt, stream }) => startAt >= since && stream === 'main');
  };
  const losses = async (state: string) => {
    const { items } = await client.call('event.list', { query: { deviceId: system.deviceId, type: 'videoLoss' } });
    return items.find((item) => item.state === state);
  };
  await eventually('a recording of the camera', () => recorded(0), 60_000);
  await camera[Symbol.asyncDispose]();
  await eventually('the alarm', () => losses('start'), 60_000);
  const backAt = clock.now();
  camera = await RtspCamera.start({ ...setting, port: camera.port });
  await eventually('the end of the alarm', () => losses('stop'), 90_000);
  const segment = await eventually('a recording from after that', () => recorded(backAt), 60_000);
  const answer = await fetch(`${system.owner.url}/api/v1/segments/${segment.id}/media`, {
    headers: { authorization: `Bearer ${system.owner.token}` },
  });
  const probed = await probe(new Uint8Array(await answer.arrayBuffer()));
  assert.deepEqual([...probed.codecs].sort(), ['aac', 'h264']);
  const pictures = ((segment.endAt - segment.startAt) / 1_000) * 25;
  assert.ok(Math.abs(probed.frames - pictures) <= 3, `${probed.frames} of ${pictures} pictures`);
});

test('H.265 whose pictures are reordered is decoded to every picture in its order', async () => {
  const film = join(directory, 'h265.mp4');
  const encode = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=25:bframes=3', '-tag:v', 'hvc1'];
  await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=4', ...encode, film]);
  await using other = await RtspCamera.start({ films: { '/a': { codec: 'h265', file: film } } });
  await using source = await open(`rtsp://127.0.0.1:${other.port}/a`, join(directory, 'h265'));
  const stream = source.channels[0]?.streams[0];
  assert.deepEqual([stream?.video.codec, stream?.video.width, stream?.audio], ['h265', 160, undefined]);
  const stop = new AbortController();
  const units: AccessUnit[] = [];
  let tracks: readonly Track[] = [];
  const receiver = {
    begin: (media: { readonly tracks: readonly Track[] }) => {
      tracks = media.tracks;
      units.length = 0;
    },
    unit: (unit: AccessUnit) => {
      units.push(unit);
      if (units.length === 40) stop.abort();
    },
  };
  await stream?.read(receiver, { clock, signal: stop.signal });
  const muxer = new Fmp4Muxer(tracks);
  const probed = await probe(Buffer.concat([muxer.initSegment(), muxer.fragment(units.slice(0, 40), 1)]));
  assert.ok(probed.frames >= 38, `${probed.frames} frames of 40`);
  assert.ok(units.every(({ dts, pts }, index) => dts <= pts && dts > (units[index - 1]?.dts ?? -1)));
});

test('a camera that is away is known from before, and none that was not', async () => {
  const films = { '/main': { codec: 'h264', file: join(assets, 'front-door-sub.mp4') } } as const;
  const other = await RtspCamera.start({ films, login: { ...login, method: 'basic' } });
  const url = `rtsp://admin:pass%20word%401@127.0.0.1:${other.port}/main`;
  const seen = await open(url);
  await assert.rejects(open(url.replace('main', 'nothing')), { status: 'NOT_FOUND', message: /manual of the camera/ });
  await assert.rejects(open(url.replace(/admin.*@/, '')), { status: 'UNAUTHORIZED', message: /rtsp:\/\/USER:PASSWORD@HOST/ });
  await other[Symbol.asyncDispose]();
  const known = await open(url);
  assert.deepEqual(known.channels[0]?.streams[0]?.video, seen.channels[0]?.streams[0]?.video);
  await assert.rejects(open(url.replace('main', 'other')), { status: 'DEVICE_OFFLINE', message: /cannot be reached/ });
});

test('cardea device run says what to do about a wrong password, and shows it nowhere', async () => {
  const password = join(directory, 'password');
  await writeFile(password, 'guessed\n');
  const state = join(directory, 'state');
  const args = [bin, 'device', 'run', '--platform', system.url, '--state', state, '--source-password', password];
  const env = { ...process.env, CARDEA_SOURCE: `rtsp://admin@127.0.0.1:${camera.port}/main` };
  const failure: unknown = await run(process.execPath, args, { env }).catch((error: unknown) => error);
  assert.ok(failure instanceof Error && 'stderr' in failure && 'code' in failure);
  assert.match(String(failure.stderr), /refuses the user or the password/);
  assert.doesNotMatch(String(failure.stderr), /guessed/);
  assert.equal(failure.code, 1);
});
