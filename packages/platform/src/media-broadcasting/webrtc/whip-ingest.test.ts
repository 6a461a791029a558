import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SystemClock } from '@cardea/core';
import { Fmp4Splitter, parseFragment, parseInitSegment, splitLengthPrefixed, type Track } from '@cardea/media';
import { type Clip, makeClip } from '../testing/media.ts';
import { camera, createRig, type Rig } from '../testing/rig.ts';
import { offerOf, post, WhepViewer } from '../testing/whep-viewer.ts';
import { WhipPublisher, type WhipTarget } from '../testing/whip-publisher.ts';
import { until, WsViewer } from '../testing/ws-viewer.ts';

let directory: string;
let clip: Clip;
let hevc: Clip;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-whip-'));
  clip = await makeClip(directory);
  hevc = await makeClip(directory, 'h265');
});
after(() => rm(directory, { recursive: true }));

interface Wanted extends AsyncDisposable {
  readonly rig: Rig;
  readonly target: WhipTarget;
  readonly urls: { readonly ws: string; readonly whep?: string };
}

/** A camera that knows nothing but WHIP is asked to publish. */
async function wanted(): Promise<Wanted> {
  const rig = await createRig(new SystemClock(), { carriers: ['whip'] });
  const { urls } = await rig.service.startLive(await rig.proof('anna'), camera);
  const target = rig.device.pushTarget;
  assert.equal(target.protocol, 'whip');
  return {
    rig,
    target,
    urls: { ws: urls.ws, ...(urls.whep && { whep: urls.whep }) },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** Publishes picture by picture until `viewer` has so many. */
async function publishUntil(publisher: WhipPublisher, viewer: WsViewer, { rig }: Wanted, pictures: number): Promise<void> {
  // The first message is the head, and then each holds one picture.
  for (let count = 0; viewer.binaries.length - 1 < pictures; count += 1) {
    assert.ok(count < 150, `${viewer.binaries.length} messages came`);
    const before = rig.service.snapshot().bytesIn;
    publisher.publishPicture();
    await until(() => rig.service.snapshot().bytesIn > before);
  }
}

interface Shown {
  readonly slices: string;
  readonly dts: number;
  readonly keyframe: boolean;
}

function picturesOf(viewer: WsViewer): readonly Shown[] {
  const splitter = new Fmp4Splitter();
  let tracks: readonly Track[] = [];
  return viewer.binaries.flatMap((bytes) => {
    if (bytes.subarray(4, 8).toString('latin1') === 'ftyp') {
      tracks = parseInitSegment(splitter.push(bytes)[0]?.bytes ?? bytes);
      return [];
    }
    return parseFragment(bytes, tracks).map(({ data, dts, keyframe }) => ({ slices: slicesOf(data), dts, keyframe }));
  });
}

/** Of H.264: parameter sets travel beside the pictures. */
function slicesOf(picture: Uint8Array): string {
  const slices = splitLengthPrefixed(picture).filter((nalUnit) => ((nalUnit[0] ?? 0) & 0x1f) <= 5);
  return slices.map((nalUnit) => createHash('md5').update(nalUnit).digest('base64')).join();
}

/** The pictures of the clip by their slices. */
function sentPictures(): readonly string[] {
  const video = clip.tracks.find(({ kind }) => kind === 'video');
  return clip.units.filter(({ trackId }) => trackId === video?.id).map(({ data }) => slicesOf(data));
}

test('a camera that publishes over WebRTC is seen as it sent, at its pace, from the first key frame on', async () => {
  await using live = await wanted();
  await using publisher = WhipPublisher.open(clip);
  assert.equal((await publisher.publish(live.target)).status, 201);
  const viewer = await WsViewer.open(live.urls.ws);
  await publishUntil(publisher, viewer, live, 30);
  const shown = picturesOf(viewer);
  const sent = sentPictures();
  const first = sent.indexOf(shown[0]?.slices ?? '');
  assert.deepEqual(
    shown.map(({ slices }) => slices),
    sent.slice(first, first + shown.length),
  );
  assert.equal(shown[0]?.keyframe, true);
  const steps = shown.slice(1).map(({ dts }, index) => dts - (shown[index]?.dts ?? 0));
  assert.deepEqual([...new Set(steps.slice(1))], [3_600]);
  viewer.close();
});

test('what is published over WebRTC is watched over WebRTC', async () => {
  await using live = await wanted();
  await using publisher = WhipPublisher.open(clip);
  await publisher.publish(live.target);
  const probe = await WsViewer.open(live.urls.ws);
  await publishUntil(publisher, probe, live, 5);
  await using viewer = WhepViewer.open();
  assert.equal((await viewer.watch(live.urls.whep ?? '')).status, 201);
  await until(() => viewer.packets.length > 10);
  probe.close();
});

test('a publisher that begins amid its pictures is asked for a key frame, and seen from that on', async () => {
  await using live = await wanted();
  await using publisher = WhipPublisher.open(clip);
  await publisher.publish(live.target);
  const viewer = await WsViewer.open(live.urls.ws);
  publisher.skipPicture();
  await publishUntil(publisher, viewer, live, 2);
  assert.equal(picturesOf(viewer)[0]?.keyframe, true);
  assert.ok(publisher.asked >= 1);
  viewer.close();
});

test('a publisher whose packets get lost is asked for a key frame once a second, and nobody is shown what misses them', async () => {
  await using live = await wanted();
  await using publisher = WhipPublisher.open(clip);
  await publisher.publish(live.target);
  const viewer = await WsViewer.open(live.urls.ws);
  await publishUntil(publisher, viewer, live, 5);
  const askedBefore = publisher.asked;
  const lostAtMs = performance.now();
  while (publisher.asked === askedBefore) {
    assert.ok(performance.now() - lostAtMs < 10_000, 'it was not asked');
    publisher.losePicture();
    publisher.publishPicture();
    await delay(100);
  }
  const askedMost = Math.floor((performance.now() - lostAtMs) / 1_000) + 1;
  assert.ok(publisher.asked - askedBefore <= askedMost, `asked ${publisher.asked - askedBefore} times`);
  await publishUntil(publisher, viewer, live, viewer.binaries.length + 5);
  const sent = sentPictures();
  const shown = picturesOf(viewer).map(({ keyframe, slices }) => ({ keyframe, number: sent.indexOf(slices) }));
  const torn = shown.filter(({ keyframe, number }, index) => !keyframe && number !== (shown[index - 1]?.number ?? Number.NaN) + 1);
  assert.deepEqual(torn, []);
  viewer.close();
});

test('H.265 comes over WebRTC as well', async () => {
  await using live = await wanted();
  await using publisher = WhipPublisher.open(hevc);
  assert.equal((await publisher.publish(live.target)).status, 201);
  const viewer = await WsViewer.open(live.urls.ws);
  await publishUntil(publisher, viewer, live, 10);
  assert.match(viewer.texts[0] ?? '', /hvc1|hev1/);
  viewer.close();
});

test('a publisher ends with DELETE, and the platform ends it when nobody watches', async () => {
  await using live = await wanted();
  await using publisher = WhipPublisher.open(clip);
  await publisher.publish(live.target);
  const viewer = await WsViewer.open(live.urls.ws);
  await publishUntil(publisher, viewer, live, 5);
  assert.equal(live.rig.service.snapshot().streams, 1);
  assert.equal((await fetch(publisher.location, { method: 'DELETE' })).status, 200);
  assert.equal(live.rig.service.snapshot().streams, 0);
  assert.equal((await fetch(publisher.location, { method: 'DELETE' })).status, 404);
  viewer.close();
});

test('nobody publishes without the token of the session', async () => {
  await using live = await wanted();
  const { url, token } = live.target;
  await using publisher = WhipPublisher.open(clip);
  const offer = await publisher.offer();
  assert.equal((await post(url, offer)).status, 401);
  assert.equal((await post(url, offer, { authorization: `Bearer ${token}x` })).status, 401);
  assert.equal((await post(url.replace(/.{4}$/, '0000'), offer, { authorization: `Bearer ${token}` })).status, 401);
  assert.equal((await post(url, await offerOf(), { authorization: `Bearer ${token}` })).status, 422);
  assert.equal(live.rig.service.snapshot().streams, 0);
});
