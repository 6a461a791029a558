import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SystemClock } from '@cardea/core';
import { createDepacketiser, type RtpPacket, splitLengthPrefixed } from '@cardea/media';
import { requestKeyframe } from '@cardea/protocol';
import { type Clip, makeClip } from '../testing/media.ts';
import { camera, createRig, type Rig } from '../testing/rig.ts';
import { VmPublisher } from '../testing/vm-publisher.ts';
import { offerOf, post, WhepViewer } from '../testing/whep-viewer.ts';
import { until } from '../testing/ws-viewer.ts';

let directory: string;
let clip: Clip;
let hevc: Clip;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-whep-'));
  clip = await makeClip(directory);
  hevc = await makeClip(directory, 'h265');
});
after(() => rm(directory, { recursive: true }));

interface Watched extends AsyncDisposable {
  readonly rig: Rig;
  readonly sessionId: string;
  readonly url: string;
  readonly publisher: VmPublisher;
}

async function watched(media: Clip = clip, seconds = 0.5): Promise<Watched> {
  const rig = await createRig(new SystemClock());
  const { urls, sessionId } = await rig.service.startLive(await rig.proof('anna'), camera);
  assert.ok(urls.whep !== undefined);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, media);
  publisher.publishMore(seconds);
  await until(() => rig.service.snapshot().bytesIn > 0);
  return { rig, sessionId, url: urls.whep, publisher, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

/** Key frames and pictures of the clip's video in some seconds. */
function picturesUntil(seconds: number): readonly Uint8Array[] {
  const video = clip.tracks.find(({ kind }) => kind === 'video');
  return clip.units.filter(({ trackId, dts }) => trackId === video?.id && dts / video.timescale < seconds).map(({ data }) => data);
}

function picturesOf({ packets }: WhepViewer): readonly Uint8Array[] {
  return picturesIn(packets);
}

function picturesIn(packets: readonly RtpPacket[]): readonly Uint8Array[] {
  const depacketiser = createDepacketiser({ codec: 'h264', trackId: 1 });
  const sorted = packets.toSorted((a, b) => a.sequence - b.sequence);
  return sorted.flatMap((packet) => depacketiser.push(packet)).map(({ data }) => data);
}

/** Slices alone: parameter sets travel beside the pictures. */
function slicesOf(picture: Uint8Array): readonly string[] {
  return splitLengthPrefixed(picture)
    .filter((nalUnit) => ((nalUnit[0] ?? 0) & 0x1f) <= 5)
    .map((nalUnit) => createHash('md5').update(nalUnit).digest('base64'));
}

test('a viewer over WebRTC gets every picture since the newest key frame at once, and then those that come', async () => {
  await using live = await watched();
  await using viewer = WhepViewer.open();
  const answer = await viewer.watch(live.url);
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get('content-type'), 'application/sdp');
  assert.equal(answer.headers.get('cardea-sound'), 'left-out; codec=aac; outputs="ws hls flv rtsp"');
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  await until(() => picturesOf(viewer).length >= picturesUntil(0.5).length);
  const expected = picturesUntil(1.5);
  for (let count = picturesUntil(0.5).length + 1; count <= expected.length; count += 1) {
    live.publisher.publishMore(0.04);
    await until(() => picturesOf(viewer).length >= count);
  }
  assert.deepEqual(picturesOf(viewer).flatMap(slicesOf), expected.flatMap(slicesOf));
  const times = [...new Set(viewer.packets.map(({ timestamp }) => timestamp))];
  const kept = picturesUntil(0.5).length;
  assert.ok(((times[kept - 1] ?? 0) - (times[0] ?? 0)) >>> 0 < 90, 'what is kept is shown at once');
  assert.equal(((times.at(-1) ?? 0) - (times.at(-2) ?? 0)) >>> 0, 3_600, 'what comes is shown at its pace');
  assert.equal(live.rig.service.snapshot().viewers, 1);
});

test('a viewer that lost its picture gets it again from the newest key frame', async () => {
  await using live = await watched();
  await using viewer = WhepViewer.open();
  await viewer.watch(live.url);
  const kept = picturesUntil(0.5).length;
  await until(() => picturesOf(viewer).length >= kept);
  const received = viewer.packets.length;
  const asking = setInterval(() => void viewer.askKeyframe(), 100);
  await until(() => viewer.packets.length >= 2 * received).finally(() => clearInterval(asking));
  const again = viewer.packets.slice(received, 2 * received);
  assert.deepEqual(picturesIn(again).flatMap(slicesOf), picturesUntil(0.5).flatMap(slicesOf));
});

test('where no key frame is kept the camera is asked for one, at most once a second', async () => {
  await using live = await watched(clip, 0);
  live.rig.device.answer(requestKeyframe, () => ({ at: 1 }));
  await using viewer = WhepViewer.open();
  assert.equal((await viewer.watch(live.url)).status, 201);
  const asked = (): number => live.rig.device.methods.filter((method) => method === requestKeyframe.method).length;
  await until(() => asked() === 1);
  live.publisher.publishMore(0.2);
  await until(() => picturesOf(viewer).length >= 5);
  assert.equal(asked(), 1);
});

test('DELETE ends a viewing, and so does the end of its session or of its right', async () => {
  await using live = await watched();
  await using first = WhepViewer.open();
  await first.watch(live.url);
  await until(() => live.rig.service.snapshot().viewers === 1);
  assert.equal((await fetch(first.location, { method: 'DELETE' })).status, 200);
  assert.equal(live.rig.service.snapshot().viewers, 0);
  assert.equal((await fetch(first.location, { method: 'DELETE' })).status, 404);

  await using second = WhepViewer.open();
  await second.watch(live.url);
  await until(() => live.rig.service.snapshot().viewers === 1);
  await live.rig.db.deleteFrom('home_member').where('user_id', '=', 'anna').execute();
  live.rig.bus.publish({ type: 'revoked', scope: 'user', id: 'anna' });
  await until(() => live.rig.service.snapshot().viewers === 0);
  assert.equal((await post(live.url, await offerOf())).status, 401);
});

test('candidates may come later, under the tag of the first exchange; ICE is not begun anew', async () => {
  await using live = await watched();
  await using viewer = WhepViewer.open();
  await viewer.watch(live.url);
  const patch = (headers: Readonly<Record<string, string>>, body = 'a=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n') =>
    fetch(viewer.location, { method: 'PATCH', headers: { 'content-type': 'application/trickle-ice-sdpfrag', ...headers }, body });
  assert.match(viewer.etag, /^"\S+"$/);
  assert.equal((await patch({ 'if-match': viewer.etag })).status, 204);
  assert.equal((await patch({})).status, 428);
  assert.equal((await patch({ 'if-match': '"other"' })).status, 412);
  assert.equal((await patch({ 'if-match': '*' }, 'a=ice-ufrag:new\r\na=ice-pwd:new\r\n')).status, 422);
  assert.equal((await patch({ 'if-match': viewer.etag, 'content-type': 'application/sdp' })).status, 415);
});

test('nothing is learnt without a right, and what cannot be shown is said', async () => {
  await using live = await watched();
  const offer = await offerOf();
  const bare = live.url.split('?')[0] ?? '';
  assert.equal((await post(bare, offer)).status, 401);
  assert.equal((await post(`${bare}?token=wrong`, offer)).status, 401);
  assert.equal((await post(bare, offer, { authorization: 'Bearer carl' })).status, 404);
  assert.equal((await post(bare.replace(camera.deviceId, '0'.repeat(26)), offer, { authorization: 'Bearer carl' })).status, 404);
  assert.equal((await post(live.url, 'nonsense')).status, 400);
  assert.equal((await post(live.url, '{}', { 'content-type': 'application/json' })).status, 415);
  assert.equal((await post(live.url, offer.replaceAll('H264', 'VP8'))).status, 422);
  assert.equal((await fetch(live.url)).status, 405);
  const preflight = await fetch(live.url, { method: 'OPTIONS' });
  assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-methods')], [204, 'POST, PATCH, DELETE']);
  assert.equal(live.rig.service.snapshot().viewers, 0);
});

test('a camera that sends H.265 is not offered over WebRTC in vain: the answer says why', async () => {
  await using live = await watched(hevc);
  const { status, body } = await post(live.url, await offerOf());
  assert.equal(status, 422);
  assert.match(body, /the camera sends h265, which whep does not carry; ws, hls, flv, rtsp do/);
});
