import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { AppError, SystemClock, silentLogger } from '@cardea/core';
import { jpegSize } from '@cardea/media';
import HLS from 'hls-parser';
import { sql } from 'kysely';
import type { Principal } from '../../authorization/proof.ts';
import { makePieces } from '../fixtures/recorded-pieces.ts';
import { type Bench, CAMERA, OTHER_CAMERA, OWNER, openBench, STRANGER } from '../fixtures/video-bench.ts';
import { reportOf, segmentRequest, VrClient } from '../fixtures/vr-client.ts';
import { Vod } from './vod.ts';
import { registerVodRoutes } from './vod-routes.ts';

const run = promisify(execFile);
const clock = new SystemClock();
/** Whole seconds, an hour ago. */
const BEGIN = Math.floor(clock.now() / 1_000) * 1_000 - 3_600_000;
const PIECE_MS = 4_000;
/** Three pieces, ten seconds of nothing, two pieces. */
const STARTS = [0, 4_000, 8_000, 22_000, 26_000].map((at) => BEGIN + at);
const ABSENT = '0000000000000000000000000z';

let directory: string;
let bench: Bench;
let origin: string;
let pieces: readonly Uint8Array[];
let noted: string[];

const owner: Principal = { ...OWNER, userSessionId: 'session-owner' };
const stranger: Principal = { ...STRANGER, userSessionId: 'session-stranger' };
const principals: Readonly<Record<string, Principal>> = { owner, stranger };

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-vod-'));
  pieces = await makePieces(directory, { pieces: 5 });
  const small = await makePieces(directory, { pieces: 5, width: 64, name: 'small' });
  bench = await openBench({ directory: join(directory, 'data'), clock });
  noted = [];
  registerVodRoutes(bench.server.app, {
    vod: bench.service.vod,
    authorizer: bench.authorizer,
    answers: { hold: () => {} },
    principalFromRequest: async ({ headers }) => principals[headers.authorization ?? ''],
    audit: { record: async ({ action, deviceId }) => void noted.push(`${action} ${deviceId}`) },
    logger: silentLogger,
  });
  await bench.service.start();
  const at = new Date(clock.now()).toISOString();
  const until = new Date(clock.now() + 3_600_000).toISOString();
  for (const { userId, userSessionId } of [owner, stranger]) {
    await sql`insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt") values (${userId}, 'N', ${userId}, 1, ${at}, ${at})`.execute(
      bench.db,
    );
    await sql`insert into session (id, "userId", token, "expiresAt", "createdAt", "updatedAt") values (${userSessionId}, ${userId}, ${userSessionId}, ${until}, ${at}, ${at})`.execute(
      bench.db,
    );
  }
  origin = await bench.listen();
  const client = new VrClient(origin, await bench.tokenOf(CAMERA));
  for (const [index, startAt] of STARTS.entries()) {
    await store(client, pieces[index], startAt, 'main');
    await store(client, small[index], startAt, 'sub');
  }
});

after(async () => {
  await bench.service[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function store(client: VrClient, bytes: Uint8Array | undefined, startAt: number, stream: 'main' | 'sub' | 'third'): Promise<void> {
  assert.ok(bytes);
  const created = await client.create({ ...segmentRequest(bench.random.ulid(), startAt), stream, durationMs: PIECE_MS });
  assert.equal((await client.put(created, bytes)).status, 201);
  const answer = await client.confirm(created, { ...reportOf(bytes, startAt), endAt: startAt + PIECE_MS });
  assert.equal(answer.status, 200, await answer.text());
}

function pathOf(name: string, { from, to, device = CAMERA }: { from: number; to: number; device?: string }): string {
  return `${origin}/vod/${device}/1/start/${BEGIN + from}/end/${BEGIN + to}/${name}`;
}

async function get(url: string, headers: Readonly<Record<string, string>> = { authorization: 'owner' }): Promise<Response> {
  return await fetch(url, { headers });
}

/** Presentation time (seconds) and MD5 of every picture, as ffmpeg decodes them; fails on anything ffmpeg finds wrong. */
async function picturesOf(input: string): Promise<readonly { readonly at: number; readonly md5: string }[]> {
  const options = ['-v', 'error', '-copyts', '-i', input, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
  const { stdout, stderr } = await run('ffmpeg', options, { maxBuffer: 1 << 24 });
  assert.equal(stderr, '');
  const timebase = /#tb 0: (\d+)\/(\d+)/.exec(stdout);
  const tick = Number(timebase?.[1]) / Number(timebase?.[2]);
  return stdout
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split(',').map((part) => part.trim()))
    .map(([, , pts, , , md5 = '']) => ({ at: Number(pts) * tick, md5 }));
}

/** All pictures that were stored, with their instants. */
async function recorded(): Promise<readonly { readonly instant: number; readonly md5: string }[]> {
  const all = await Promise.all(
    pieces.map(async (bytes, index) => {
      const path = join(directory, `check-${index}.mp4`);
      await writeFile(path, bytes);
      const pictures = await picturesOf(path);
      const [first] = pictures;
      return pictures.map(({ at, md5 }) => ({ instant: (STARTS[index] ?? 0) + Math.round((at - (first?.at ?? 0)) * 1_000), md5 }));
    }),
  );
  return all.flat();
}

async function clipOf(from: number, to: number): Promise<readonly { readonly at: number; readonly md5: string }[]> {
  const response = await get(pathOf('clip.mp4', { from, to }));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'video/mp4');
  assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename="[\w-]+\.mp4"$/);
  const path = join(directory, 'clip.mp4');
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
  return await picturesOf(path);
}

test('a clip has every picture from the key frame before its start to the frame at its end, at their times, also over a gap', async () => {
  const pictures = await recorded();
  for (const [from, to, firstAt, lastAt] of [
    [0, 30_000, 0, 29_960],
    [1_500, 6_500, 1_000, 6_520],
    [5_000, 5_990, 5_000, 6_000],
    [10_200, 24_400, 10_000, 24_400],
    [15_000, 23_000, 22_000, 23_000],
    [7_990, 8_010, 7_000, 8_040],
  ] as const) {
    const clip = await clipOf(from, to);
    const wanted = pictures.filter(({ instant }) => instant >= BEGIN + firstAt && instant <= BEGIN + lastAt);
    const clipMs = clip.map(({ at }) => Math.round((at - (clip[0]?.at ?? 0)) * 1_000));
    // The last picture may need some that come after it.
    assert.ok(clip.length - wanted.length <= 2, `${clip.length - wanted.length} pictures more than ${from} to ${to}`);
    assert.deepEqual(
      clip.slice(0, wanted.length).map(({ md5 }) => md5),
      wanted.map(({ md5 }) => md5),
      `pictures of ${from} to ${to}`,
    );
    for (const [index, { instant }] of wanted.entries()) {
      assert.ok(Math.abs((clipMs[index] ?? 0) - (instant - BEGIN - firstAt)) <= 1, `time of picture ${index} of ${from} to ${to}`);
    }
  }
});

test('a clip has a length and can be read in ranges, and is what it was when it is asked for again', async () => {
  const url = pathOf('clip.mp4', { from: 1_500, to: 6_500 });
  const whole = await get(url);
  const bytes = Buffer.from(await whole.arrayBuffer());
  assert.equal(whole.headers.get('content-length'), String(bytes.length));
  const part = await get(url, { authorization: 'owner', range: 'bytes=100-299' });
  assert.deepEqual([part.status, part.headers.get('content-range')], [206, `bytes 100-299/${bytes.length}`]);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(100, 300));
  assert.equal((await get(url, { authorization: 'owner', range: `bytes=${bytes.length}-` })).status, 416);
  assert.equal((await get(url, { authorization: 'owner', 'if-none-match': whole.headers.get('etag') ?? '' })).status, 304);
  const head = await fetch(url, { method: 'HEAD', headers: { authorization: 'owner' } });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(bytes.length)]);
});

test('the sound of a clip stays with its pictures', async () => {
  const response = await get(pathOf('clip.mp4', { from: 5_000, to: 11_000 }));
  const path = join(directory, 'sound.mp4');
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
  const { stdout } = await run('ffprobe', [
    '-v',
    'error',
    '-select_streams',
    'a',
    '-show_entries',
    'packet=pts_time',
    '-of',
    'csv=p=0',
    path,
  ]);
  const times = stdout.trim().split('\n').map(Number);
  assert.ok((times[0] ?? 9) < 0.1 && (times.at(-1) ?? 0) > 5.9);
  for (const [index, time] of times.entries()) assert.ok(index === 0 || time > (times[index - 1] ?? 0), 'sound goes forward');
});

test('the playlist names every segment at its time, and breaks where there is a gap', async () => {
  const response = await get(pathOf('index.m3u8', { from: 500, to: 30_000 }));
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/vnd.apple.mpegurl']);
  const playlist = HLS.parse(await response.text());
  assert.ok(!playlist.isMasterPlaylist);
  assert.deepEqual(
    playlist.segments.map((segment) => [segment.programDateTime?.getTime(), segment.duration, segment.discontinuity === true]),
    STARTS.map((start, index) => [start, 4, index === 3]),
  );
  assert.deepEqual([playlist.playlistType, playlist.endlist], ['VOD', true]);
  assert.deepEqual(noted.at(-1), `vod.create ${CAMERA}`);
});

test('a player that knows only the address plays all of it, over the gap', async () => {
  const { urls } = await bench.service.vod.open(await bench.authorizer.device(owner, 'view.recordings', CAMERA), {
    channel: 1,
    from: BEGIN,
    to: BEGIN + 30_000,
  });
  const expected = (await recorded()).map(({ md5 }) => md5);
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', urls.hls, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framemd5', '-']);
  const seen = stdout.split('\n').filter((line) => /^\d/.test(line));
  assert.deepEqual(
    seen.map((line) => line.split(',').at(-1)?.trim()),
    expected,
  );
  const multivariant = HLS.parse(await (await fetch(urls.multivariant)).text());
  assert.ok(multivariant.isMasterPlaylist);
  assert.deepEqual(
    multivariant.variants.map(({ resolution }) => resolution?.width),
    [64, 160],
  );
  const [small] = multivariant.variants;
  assert.equal((await fetch(new URL(small?.uri ?? '', urls.multivariant))).status, 200);
  assert.equal((await fetch(urls.clip)).status, 200);
});

test('over a change of format a clip is refused with the parts it can be had in, and a playlist goes on with another map', async () => {
  const client = new VrClient(origin, await bench.tokenOf(CAMERA));
  const small = await makePieces(directory, { pieces: 2, width: 96, name: 'changed' });
  const films = [pieces[0], pieces[1], small[0], small[1]];
  for (const [index, bytes] of films.entries()) await store(client, bytes, BEGIN + index * PIECE_MS, 'third');
  const refused = await get(`${pathOf('clip.mp4', { from: 1_000, to: 15_000 })}?stream=third`);
  const { details } = (await refused.json()) as { readonly details: { readonly parts: readonly { from: number; to: number }[] } };
  assert.equal(refused.status, 409);
  assert.deepEqual(details.parts, [
    { from: BEGIN + 1_000, to: BEGIN + 8_000 },
    { from: BEGIN + 8_000, to: BEGIN + 15_000 },
  ]);
  const widths = await Promise.all(
    details.parts.map(async ({ from, to }, index) => {
      const path = join(directory, `part-${index}.mp4`);
      const part = await get(`${pathOf('clip.mp4', { from: from - BEGIN, to: to - BEGIN })}?stream=third`);
      await writeFile(path, Buffer.from(await part.arrayBuffer()));
      const { stdout } = await run('ffprobe', [
        '-v',
        'error',
        '-select_streams',
        'v',
        '-show_entries',
        'stream=width',
        '-of',
        'csv=p=0',
        path,
      ]);
      return Number(stdout);
    }),
  );
  assert.deepEqual(widths, [160, 96]);
  const playlist = await (await get(`${pathOf('index.m3u8', { from: 0, to: 16_000 })}?stream=third`)).text();
  assert.equal(playlist.match(/#EXT-X-MAP:/g)?.length, 2);
  assert.equal(playlist.match(/#EXT-X-DISCONTINUITY\n/g)?.length, 1);
  // It has a part of the time alone: a player that took it would leave out the rest.
  const all = HLS.parse(await (await get(pathOf('multivariant.m3u8', { from: 0, to: 30_000 }))).text());
  assert.ok(all.isMasterPlaylist);
  assert.deepEqual(
    all.variants.map(({ uri }) => new URLSearchParams(uri.split('?')[1]).get('stream')),
    ['sub', 'main'],
  );
});

test('who may not see it learns nothing, and a token opens one channel of one camera for a while', async () => {
  const range = { from: 0, to: 30_000 };
  for (const name of ['index.m3u8', 'clip.mp4', 'multivariant.m3u8', 'nonsense.txt', '0-01KDVBH0000000000000000001.m4s']) {
    assert.equal((await get(pathOf(name, range), {})).status, 401);
    const foreign = await get(pathOf(name, range), { authorization: 'stranger' });
    const absent = await get(pathOf(name, { ...range, device: ABSENT }), { authorization: 'owner' });
    assert.deepEqual([foreign.status, absent.status], [404, 404]);
    assert.deepEqual(await foreign.json(), await absent.json());
  }
  const foreign = await bench.service.vod.open(await bench.authorizer.device(stranger, 'view.recordings', OTHER_CAMERA), {
    channel: 1,
    from: BEGIN,
    to: BEGIN + 1,
  });
  const tokens = [foreign.token, 'nonsense', ''];
  const answers = await Promise.all(
    [CAMERA, ABSENT].flatMap((device) => tokens.map((token) => fetch(`${pathOf('index.m3u8', { ...range, device })}?token=${token}`))),
  );
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  assert.deepEqual([new Set(answers.map(({ status }) => status)), new Set(bodies).size], [new Set([401]), 1]);
  const { token } = await bench.service.vod.open(await bench.authorizer.device(owner, 'view.recordings', CAMERA), {
    channel: 1,
    from: 0,
    to: 1,
  });
  const other = pathOf('index.m3u8', range).replace(`${CAMERA}/1/`, `${CAMERA}/2/`);
  assert.equal((await fetch(`${other}?token=${token}`)).status, 401);
  await bench.db.updateTable('device').set({ binding_epoch: 2 }).where('id', '=', CAMERA).execute();
  assert.equal((await fetch(`${pathOf('index.m3u8', range)}?token=${token}`)).status, 401);
  await bench.db.updateTable('device').set({ binding_epoch: 1 }).where('id', '=', CAMERA).execute();
});

test('where nothing is stored there is nothing to play', async () => {
  for (const name of ['index.m3u8', 'clip.mp4', 'multivariant.m3u8']) {
    const answer = await get(pathOf(name, { from: -60_000, to: -50_000 }));
    assert.deepEqual([answer.status, ((await answer.json()) as { readonly code: number }).code], [404, 1305]);
  }
  assert.equal((await get(pathOf('index.m3u8', { from: 10, to: 5 }))).status, 400);
  assert.equal((await get(`${pathOf('index.m3u8', { from: 0, to: 30_000 })}?stream=wide`)).status, 422);
});

test('one can look for a moment: the key frames are known, with a small picture of each', async () => {
  const { items } = (await (await get(pathOf('keyframes.json', { from: 0, to: 12_000 }))).json()) as {
    readonly items: readonly { readonly at: number; readonly segmentId: string; readonly tile: number }[];
  };
  assert.deepEqual(
    items.map(({ at, tile }) => [at - BEGIN, tile]),
    Array.from({ length: 12 }, (_, second) => [second * 1_000, second % 4]),
  );
  const sprite = await get(pathOf(`${items[0]?.segmentId}.jpg`, { from: 0, to: 12_000 }));
  assert.deepEqual([sprite.status, sprite.headers.get('content-type')], [200, 'image/jpeg']);
  assert.deepEqual(jpegSize(new Uint8Array(await sprite.arrayBuffer())), { width: 640, height: 120 });
  assert.equal((await get(pathOf('01KDVBH0000000000000000001.jpg', { from: 0, to: 12_000 }))).status, 404);
  assert.equal((await get(pathOf('keyframes.json', { from: 0, to: 3_700_000 }))).status, 400);
});

test('a right to a part of the recordings, as a share gives it, ends where that part ends', async () => {
  const { vod } = bench.service;
  const recorded = { from: BEGIN + 4_500, to: BEGIN + 7_000 };
  const narrow: Principal = { ...owner, within: { actions: ['view.recordings'], devices: [CAMERA], recorded } };
  const whole = await bench.authorizer.device(owner, 'view.recordings', CAMERA);
  const part = await bench.authorizer.device(narrow, 'view.recordings', CAMERA);
  const range = { channel: 1, from: BEGIN, to: BEGIN + 30_000 };
  const idsOf = (playlist: string): readonly string[] => [...playlist.matchAll(/-([0-9A-Z]{26})\.m4s/g)].map(([, id = '']) => id);
  const all = idsOf(await vod.playlist(whole, range, { stream: 'main', query: '' }));
  assert.deepEqual([all.length, idsOf(await vod.playlist(part, range, { stream: 'main', query: '' }))], [5, [all[1]]]);
  for (const [index, segmentId] of all.entries()) {
    const asked = vod.init(part, range, segmentId);
    await (index === 1 ? asked : assert.rejects(asked, { status: 'NOT_FOUND' }));
  }
  const outside = { ...range, from: BEGIN + 20_000 };
  await assert.rejects(vod.playlist(part, outside, { stream: 'main', query: '' }), { status: 'RECORD_NOT_FOUND' });
});

test('a platform without a decoder says so', async () => {
  const sprites = {
    make: async () => Promise.reject(new AppError('NOT_SUPPORTED', undefined, { httpStatus: 404, message: 'no decoder' })),
  };
  const vod = new Vod({ ...bench.options, damage: { found: async () => new AppError('OBJECT_MISMATCH') }, sprites });
  const right = await bench.authorizer.device(owner, 'view.recordings', CAMERA);
  const range = { channel: 1, from: BEGIN, to: BEGIN + 4_000 };
  const [first] = await vod.keyFrames(right, range, 'main');
  await assert.rejects(vod.sprite(right, range, first?.segmentId ?? ''), { status: 'NOT_SUPPORTED', httpStatus: 404 });
});

test('damaged bytes are not played', async () => {
  const { object_key: key } = await bench.db
    .selectFrom('segment')
    .select('object_key')
    .where('start_at', '=', BEGIN + 26_000)
    .where('stream', '=', 'sub')
    .executeTakeFirstOrThrow();
  await writeFile(
    join(bench.objectsRoot, key),
    Buffer.from((await makePieces(directory, { pieces: 1, width: 66, name: 'other' }))[0] ?? []),
  );
  const answer = await get(`${pathOf('clip.mp4', { from: 22_000, to: 30_000 })}?stream=sub`);
  assert.notEqual(answer.status, 200);
});
