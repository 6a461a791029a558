import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { VirtualClock } from '@cardea/core';
import type { Track } from '@cardea/media';
import { FlvViewer } from '../testing/flv-viewer.ts';
import { type Clip, makeClip, picture } from '../testing/media.ts';
import { camera, createRig, type Rig } from '../testing/rig.ts';
import { VmPublisher } from '../testing/vm-publisher.ts';
import { until } from '../testing/ws-viewer.ts';

let directory: string;
let clip: Clip;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-flv-'));
  clip = await makeClip(directory);
});
after(() => rm(directory, { recursive: true }));

/** In milliseconds, for pictures that nothing decodes. */
function plainTrack(): Track {
  const video = clip.tracks.find(({ kind }) => kind === 'video');
  assert.ok(video);
  return { ...video, id: 1, timescale: 1_000 };
}

/** Starts a session of anna and returns its address of HTTP-FLV. */
async function flvAddress(rig: Rig): Promise<string> {
  const { urls } = await rig.service.startLive(await rig.proof('anna'), camera);
  assert.ok(urls.flv);
  return urls.flv;
}

test('a viewer gets an FLV of what the camera pushes, from a key frame on', async () => {
  await using rig = await createRig(new VirtualClock());
  const viewer = await FlvViewer.open(await flvAddress(rig));
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  publisher.publishUntil(2);
  await until(() => viewer.pictures.length === 50);
  assert.equal(viewer.headers['content-type'], 'video/x-flv');
  assert.equal(viewer.headers['cache-control'], 'private, no-store');
  assert.deepEqual(
    viewer.tracks.map((tracks) => tracks.map(({ codecString }) => codecString)),
    [clip.tracks.map(({ codecString }) => codecString)],
  );
  assert.equal(viewer.pictures[0]?.keyframe, true);
  assert.deepEqual(
    viewer.pictures.map(({ dts }) => dts - (viewer.pictures[0]?.dts ?? 0)),
    Array.from({ length: 50 }, (_, index) => index * 40),
  );
  assert.equal(rig.service.snapshot().viewers, 1);
  viewer.close();
  await until(() => rig.service.snapshot().viewers === 0);
});

test('ffprobe reads the address as it stands', async () => {
  await using rig = await createRig(new VirtualClock());
  const url = await flvAddress(rig);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  publisher.publishUntil(0.5);
  const fields = ['-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0'];
  const probing = promisify(execFile)('ffprobe', ['-v', 'error', ...fields, '-i', url], { encoding: 'utf8', timeout: 30_000 });
  await until(() => rig.service.snapshot().viewers === 1, 30_000);
  publisher.publishUntil(8);
  const lines = (await probing).stdout.trim().split('\n').sort();
  assert.deepEqual(lines, ['aac', 'h264,320,180']);
});

test('who comes late starts at the kept key frame, in its first bytes', async () => {
  await using rig = await createRig(new VirtualClock());
  const url = await flvAddress(rig);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  publisher.publishUntil(2.5);
  await until(() => rig.service.snapshot().bytesIn > 100_000);
  const viewer = await FlvViewer.open(url);
  await until(() => viewer.pictures.length >= 10);
  assert.equal(viewer.pictures[0]?.keyframe, true);
});

test('H.265 goes out as enhanced FLV', async () => {
  await using rig = await createRig(new VirtualClock());
  const viewer = await FlvViewer.open(await flvAddress(rig));
  const publisher = await VmPublisher.connect(rig.device.pushTarget, await makeClip(directory, 'h265'));
  publisher.publishUntil(1);
  await until(() => viewer.pictures.length === 25);
  assert.equal(viewer.tracks[0]?.[0]?.codec, 'h265');
  assert.ok(viewer.media.includes(Buffer.from('9068766331', 'hex')));
  assert.ok(viewer.media.includes(Buffer.from('9168766331', 'hex')));
});

test('a viewer that wants no sound gets none', async () => {
  await using rig = await createRig(new VirtualClock());
  const viewer = await FlvViewer.open(`${await flvAddress(rig)}&audio=off`);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  publisher.publishUntil(1);
  await until(() => viewer.pictures.length === 25);
  assert.equal(viewer.units.length, 25);
  assert.equal(viewer.media[4], 1);
});

test('with relaxed latency pictures wait for one another and leave together', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const viewer = await FlvViewer.open(`${await flvAddress(rig)}&latency=relaxed`);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, {
    tracks: [plainTrack()],
    units: Array.from({ length: 5 }, (_, n) => picture(n)),
  });
  const before = rig.service.snapshot().bytesIn;
  publisher.publishUntil(1);
  await until(() => rig.service.snapshot().bytesIn >= before + 5 * 100);
  assert.equal(viewer.units.length, 0);
  await clock.advance(220);
  await until(() => viewer.units.length === 5);
});

test('the address works for whoever has it, other addresses are refused as they are over WebSocket', async () => {
  await using rig = await createRig(new VirtualClock());
  const url = await flvAddress(rig);
  const bare = url.split('?')[0] ?? '';
  const foreign = url.replace(camera.deviceId, '00000000000000000000000000');
  for (const wrong of [bare, foreign, url.replace('/main/', '/sub/'), url.replace('/1/', '/x/'), url.replace(/.{8}$/, 'AAAAAAAA')]) {
    await assert.rejects(FlvViewer.open(wrong), { message: '401' }, wrong);
  }
  await assert.rejects(FlvViewer.open(bare, { bearer: 'carl' }), { message: '404' });
  await assert.rejects(FlvViewer.open(bare.replace('/1/', '/x/'), { bearer: 'anna' }), { message: '404' });
  await assert.rejects(FlvViewer.open(bare.replace('/main/', '/third/'), { bearer: 'anna' }), { message: '422' });
  const viewer = await FlvViewer.open(bare, { bearer: 'ben' });
  assert.equal(rig.service.snapshot().sessions, 2);
  viewer.close();
  await until(() => rig.service.snapshot().sessions === 1);
});

test('a page of any origin may read it and its refusals', async () => {
  await using rig = await createRig(new VirtualClock());
  const url = await flvAddress(rig);
  for (const [address, method] of [
    [url, 'HEAD'],
    [`${url}x`, 'GET'],
  ] as const) {
    const { headers } = await fetch(address, { method, headers: { origin: 'https://elsewhere.example' } });
    assert.equal(headers.get('access-control-allow-origin'), '*');
    assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin');
  }
  assert.equal(rig.service.snapshot().viewers, 0);
});

test('the answer ends with its session', async () => {
  await using rig = await createRig(new VirtualClock());
  const { sessionId, urls } = await rig.service.startLive(await rig.proof('anna'), camera);
  const viewer = await FlvViewer.open(urls.flv ?? '');
  rig.service.end(rig.principal('anna'), sessionId);
  await until(() => viewer.isClosed);
  await assert.rejects(FlvViewer.open(urls.flv ?? ''), { message: '401' });
});

test('a viewer that stops reading is cut off, and no other misses a picture', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const url = await flvAddress(rig);
  // Ten seconds of 20 Mbit/s: what the network of this machine holds back for one connection is less.
  const units = Array.from({ length: 250 }, (_, index) => picture(index, { sizeBytes: 100_000 }));
  const publisher = await VmPublisher.connect(rig.device.pushTarget, { tracks: [plainTrack()], units });
  const stalled = await FlvViewer.open(url);
  stalled.response.pause();
  const healthy = await FlvViewer.open(url);
  for (let second = 1; second <= 10; second += 1) {
    publisher.publishUntil(second);
    await until(() => healthy.pictures.length === 25 * second);
  }
  const { skips, tooSlow } = rig.service.snapshot();
  assert.deepEqual({ skips, tooSlow }, { skips: 1, tooSlow: 1 });
  assert.equal(healthy.isClosed, false);
  await clock.advance(2_000);
  assert.equal(rig.service.snapshot().viewers, 1);
});
