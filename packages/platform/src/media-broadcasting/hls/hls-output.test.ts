import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Clock, SystemClock, VirtualClock } from '@cardea/core';
import { checkFragmentedMp4, parseFragment, parseInitSegment } from '@cardea/media';
import { parse, setOptions } from 'hls-parser';
import { type Clip, makeClip } from '../testing/media.ts';
import { camera, createRig, type Rig } from '../testing/rig.ts';
import { VmPublisher } from '../testing/vm-publisher.ts';
import { until, WsViewer } from '../testing/ws-viewer.ts';

setOptions({ strictMode: true });

let directory: string;
let clip: Clip;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-hls-'));
  clip = await makeClip(directory);
});
after(() => rm(directory, { recursive: true }));

interface Watched extends AsyncDisposable {
  readonly rig: Rig;
  readonly url: string;
  readonly publisher: VmPublisher;
}

async function watched(clock: Clock, media = clip): Promise<Watched> {
  const rig = await createRig(clock);
  const { urls } = await rig.service.startLive(await rig.proof('anna'), camera);
  assert.ok(urls.hls !== undefined);
  return { rig, url: urls.hls, publisher: await publish(rig, media), [Symbol.asyncDispose]: async () => await rig[Symbol.asyncDispose]() };
}

async function publish({ device }: Rig, media: Clip, stream: 'main' | 'sub' = 'main'): Promise<VmPublisher> {
  return await VmPublisher.connect(device.pushTarget, media, { ...camera, stream });
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
}

async function bytesOf(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  return new Uint8Array(await response.arrayBuffer());
}

function mediaPlaylistOf(text: string): Extract<ReturnType<typeof parse>, { isMasterPlaylist: false }> {
  const playlist = parse(text);
  assert.ok(!playlist.isMasterPlaylist);
  return playlist;
}

/** Reads while the camera sends `second` seconds of its clip, which has a key frame each second; the playlist at the end. */
async function readUntil({ url, publisher }: { readonly url: string; readonly publisher: VmPublisher }, second: number): Promise<string> {
  publisher.publishUntil(0.5);
  await textOf(url);
  for (let whole = 1; whole <= second; whole += 1) {
    publisher.publishUntil(whole + 0.1);
    await textOf(at(url, `_HLS_msn=${whole - 1}`));
  }
  return await textOf(url);
}

const at = (url: string, query: string): string => `${url}&${query}`;

test('the first playlist is there, with a whole segment, as soon as a quarter of a second was pushed', async () => {
  await using live = await watched(new VirtualClock());
  const asked = textOf(live.url);
  live.publisher.publishUntil(0.3);
  const text = await asked;

  assert.match(text, /^#EXTM3U\n/);
  assert.match(text, /#EXT-X-PART:DURATION=0\.2800,URI="part-0-0\.m4s\?token=[\w-]{32}",INDEPENDENT=YES\n/);
  assert.match(text, /#EXTINF:0\.\d+,\nsegment-0\.m4s\?token=/);
  assert.match(text, /#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-1-0\.m4s\?token=/);
  assert.match(text, /#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0\.96/);
  assert.equal(live.rig.service.snapshot().viewers, 1);
});

test('parts, segments and init segments make one film that plays', async () => {
  await using live = await watched(new VirtualClock());
  const text = await readUntil(live, 7);
  const playlist = mediaPlaylistOf(text);
  const pieces: Uint8Array[] = [];
  for (const segment of playlist.segments.filter(({ uri }) => uri !== '')) {
    if (pieces.length === 0 && segment.map?.uri) pieces.push(await bytesOf(new URL(segment.map.uri, live.url).href));
    pieces.push(await bytesOf(new URL(segment.uri, live.url).href));
    const parts = segment.parts.filter(({ hint }) => !hint);
    if (parts.length === 0) continue;
    const joined = Buffer.concat(await Promise.all(parts.map(({ uri }) => bytesOf(new URL(uri, live.url).href))));
    assert.deepEqual(joined, Buffer.from(pieces.at(-1) ?? []), 'a segment is its parts one after another');
  }
  const film = Buffer.concat(pieces);
  assert.ok(checkFragmentedMp4(film));
  const [init = new Uint8Array(), first = new Uint8Array()] = pieces;
  const tracks = parseInitSegment(init);
  assert.deepEqual(
    tracks.map(({ codec }) => codec),
    ['h264', 'aac'],
  );
  assert.equal(parseFragment(first, tracks).length > 0, true);
});

test('a request for what comes next is answered when it comes, and refused when it is too far ahead', async () => {
  await using live = await watched(new VirtualClock());
  live.publisher.publishUntil(0.3);
  await textOf(live.url);

  const playlist = textOf(at(live.url, '_HLS_msn=1&_HLS_part=0'));
  const part = bytesOf(new URL(`part-1-0.m4s${new URL(live.url).search}`, live.url).href);
  live.publisher.publishUntil(0.6);
  assert.match(await playlist, /URI="part-1-0\.m4s/);
  assert.ok((await part).length > 0);

  for (const query of ['_HLS_msn=9', '_HLS_msn=1&_HLS_part=40', '_HLS_part=1', '_HLS_msn=x']) {
    assert.equal((await fetch(at(live.url, query))).status, 400, query);
  }
});

test('who waits in vain is told so after three target durations', async () => {
  const clock = new VirtualClock();
  await using live = await watched(clock);
  live.publisher.publishUntil(0.3);
  await textOf(live.url);
  const timers = clock.pendingTimers;
  const asked = fetch(at(live.url, '_HLS_msn=1&_HLS_part=3'));
  await until(() => clock.pendingTimers > timers);
  await clock.advance(6_000);
  const response = await asked;
  assert.equal(response.status, 503);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
});

for (const [codec, name] of [
  ['h264', 'h264'],
  ['h265', 'hevc'],
] as const) {
  test(`ffmpeg reads the address of ${codec} as it stands`, async () => {
    await using live = await watched(new SystemClock(), codec === 'h264' ? clip : await makeClip(directory, codec));
    await readUntil(live, 7);
    const fields = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0'];
    const { stdout } = await promisify(execFile)('ffprobe', [...fields, live.url], { timeout: 30_000 });
    assert.deepEqual(new Set(stdout.split('\n').filter((line) => line !== '')), new Set([name, 'aac']));
  });
}

test('who wants no sound gets pictures alone, beside others who hear it', async () => {
  await using live = await watched(new VirtualClock());
  live.publisher.publishUntil(0.5);
  const codecsAt = async (url: string): Promise<readonly string[]> => {
    const { segments } = mediaPlaylistOf(await textOf(url));
    return parseInitSegment(await bytesOf(new URL(segments[0]?.map?.uri ?? '', live.url).href)).map(({ codec }) => codec);
  };
  assert.deepEqual(await codecsAt(live.url), ['h264', 'aac']);
  assert.deepEqual(await codecsAt(at(live.url, 'audio=off')), ['h264']);
});

test('the playlist of a channel offers its streams, and the token of one opens the other while its session lives', async () => {
  await using live = await watched(new VirtualClock());
  const master = parse(await textOf(live.url.replace('main/index.m3u8', 'master.m3u8')));
  assert.ok(master.isMasterPlaylist);
  assert.deepEqual(
    master.variants.map(({ uri, bandwidth, resolution }) => [uri.split('?')[0], bandwidth, resolution?.height]),
    [
      ['main/index.m3u8', 2_128_000, 720],
      ['sub/index.m3u8', 428_000, 360],
    ],
  );
  const sub = new URL(master.variants[1]?.uri ?? '', live.url.replace('main/index.m3u8', '')).href;
  const asked = textOf(sub);
  await until(() => live.rig.device.pushes === 2);
  const other = await publish(live.rig, clip, 'sub');
  other.publishUntil(0.5);
  assert.match(await asked, /part-0-0\.m4s/);

  const [session] = live.rig.service.viewers(await live.rig.proof('anna'));
  live.rig.service.end(live.rig.principal('anna'), session?.sessionId ?? '');
  assert.equal((await fetch(sub)).status, 401);
  assert.deepEqual(live.rig.service.viewers(await live.rig.proof('anna')), []);
});

test('a player counts as an open connection while it asks, no longer when it fell silent, and may come back', async () => {
  const clock = new VirtualClock();
  await using live = await watched(clock);
  for (let second = 1; second <= 4; second += 1) {
    const { bytesIn } = live.rig.service.snapshot();
    live.publisher.publishUntil(second);
    await until(() => live.rig.service.snapshot().bytesIn > bytesIn);
    await textOf(live.url);
    await clock.advance(5_000);
    assert.equal(live.rig.service.snapshot().viewers, 1);
  }
  await clock.advance(1_000);
  assert.equal(live.rig.service.snapshot().viewers, 0);
  await textOf(live.url);
  assert.equal(live.rig.service.snapshot().viewers, 1);
});

test('what a player waits for ends at once with its session', async () => {
  await using live = await watched(new VirtualClock());
  live.publisher.publishUntil(0.3);
  await textOf(live.url);
  const waiting = fetch(at(live.url, '_HLS_msn=1&_HLS_part=3'));
  const [session] = live.rig.service.viewers(await live.rig.proof('anna'));
  live.rig.service.end(live.rig.principal('anna'), session?.sessionId ?? '');
  assert.equal((await waiting).status, 401);
  assert.equal((await fetch(new URL(`segment-0.m4s${new URL(live.url).search}`, live.url))).status, 401);
});

test('a user who may watch needs no token, a stranger learns nothing, a visitor is asked who he is', async () => {
  await using live = await watched(new VirtualClock());
  live.publisher.publishUntil(0.5);
  const address = live.url.split('?')[0] ?? '';
  const as = (name: string): Promise<Response> => fetch(address, { headers: { authorization: `Bearer ${name}` } });

  const own = await as('ben');
  assert.equal(own.status, 200);
  const [part = ''] = /part-0-0[^"]+/.exec(await own.text()) ?? [];
  assert.ok((await bytesOf(new URL(part, address).href)).length > 0, 'the addresses in it work by themselves');
  const foreign = await as('carl');
  const absent = await fetch(address.replace(camera.deviceId, '00000000000000000000000000'), { headers: { authorization: 'Bearer carl' } });
  assert.deepEqual([foreign.status, await foreign.text()], [404, await absent.text()]);
  assert.equal((await fetch(address)).status, 401);
  assert.equal((await fetch(`${address}?token=x`)).status, 401);
  // Who somebody is, said where a token belongs, is no token.
  const said = encodeURIComponent(JSON.stringify(['ben', 'session-of-ben']));
  assert.equal((await fetch(`${address}?token=${said}`)).status, 401);
});

test('a camera that changes what it sends is followed behind a discontinuity', async () => {
  await using live = await watched(new VirtualClock());
  live.publisher.publishUntil(1.5);
  await textOf(live.url);
  const pictures = {
    tracks: clip.tracks.filter(({ kind }) => kind === 'video'),
    units: clip.units.filter(({ trackId }) => trackId === clip.tracks[0]?.id),
  };
  live.publisher.drop();
  const silent = await publish(live.rig, pictures);
  silent.publishUntil(1.5);
  const text = await textOf(at(live.url, '_HLS_msn=2&_HLS_part=0'));
  assert.match(text, /init-1\.mp4[\s\S]+#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-2\.mp4/);
  const second = await bytesOf(new URL(`init-2.mp4${new URL(live.url).search}`, live.url).href);
  assert.deepEqual(
    parseInitSegment(second).map(({ codec }) => codec),
    ['h264'],
  );
});

test('the owner sees who watches, how, and how much was sent', async () => {
  await using live = await watched(new VirtualClock());
  live.publisher.publishUntil(1);
  const viewer = await WsViewer.open(live.url.replace('http', 'ws').replace('index.m3u8', 'ws'));
  const sizeBytes = Buffer.byteLength(await textOf(live.url));
  await until(() => viewer.binaries.length > 0);
  const viewers = live.rig.service.viewers(await live.rig.proof('anna'));
  assert.deepEqual(
    viewers.map(({ userId, channel, stream, startedAt }) => ({ userId, channel, stream, startedAt })),
    [{ userId: 'anna', channel: 1, stream: 'main', startedAt: 1_767_225_600_000 }],
  );
  const connections = new Map(viewers[0]?.connections.map(({ form, bytesOut }) => [form, bytesOut]));
  assert.deepEqual([...connections.keys()].sort(), ['hls', 'ws']);
  assert.equal(connections.get('hls'), sizeBytes);
  assert.ok((connections.get('ws') ?? 0) > 1_000);
});
