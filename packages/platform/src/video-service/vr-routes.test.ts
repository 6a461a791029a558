import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import {
  type CreatedSegment,
  cancelVideoSegment,
  confirmVideoSegment,
  createVideoSegment,
  getVideoServerInformation,
  validateAnswer,
} from '@cardea/protocol';
import { DirectoryObjectStore } from '../store/objects/directory-object-store.ts';
import { makeSegments } from './fixtures/segment-maker.ts';
import { type Bench, CAMERA, HOME, OTHER_CAMERA, OWNER, openBench, STRAY_CAMERA } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest, sha256Of, VrClient } from './fixtures/vr-client.ts';

const NOON = 1_767_268_800_000; // 2026-01-01T12:00:00Z

let directory: string;
let media: readonly Uint8Array[];
let bench: Bench;
let clock: VirtualClock;
let origin: string;
let camera: VrClient;
let hour = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-vr-'));
  media = await makeSegments(directory, { seconds: 3 });
  clock = new VirtualClock(NOON);
  bench = await openBench({ directory: join(directory, 'data'), clock });
  await bench.service.start();
  origin = await bench.listen();
  camera = new VrClient(origin, await bench.tokenOf(CAMERA));
});

after(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** A time of its own for each test, so that none overlaps another's segments. */
function freshTime(): number {
  hour += 1;
  return NOON - hour * 3_600_000;
}

function bytesOf(second = 0): Uint8Array {
  const bytes = media[second];
  assert.ok(bytes);
  return bytes;
}

/** What lies on the disk for a segment. */
async function filesOf({ objectKey, segmentId }: CreatedSegment, { objectsRoot } = bench): Promise<readonly string[]> {
  const names = await readdir(join(objectsRoot, objectKey, '..')).catch(() => []);
  return names.filter((name) => name.includes(segmentId));
}

async function errorOf(response: Response): Promise<{ status: number; code: number; name: string }> {
  const { error } = (await response.json()) as { error: { code: number; message: string; data: { name: string } } };
  assert.equal(typeof error.message, 'string');
  return { status: response.status, code: error.code, name: error.data.name };
}

test('a segment is created, uploaded and confirmed, and lies as a playable file where a person would look for it', async () => {
  const startAt = Date.UTC(2026, 0, 1, 11, 58, 7, 42);
  const answer = await camera.post('/segments', segmentRequest(bench.random.ulid(), startAt));
  assert.equal(answer.status, 201);
  const created = (await answer.json()) as CreatedSegment;
  assert.ok(validateAnswer(createVideoSegment, created).ok);
  const { segmentId, objectKey, upload, confirmBefore } = created;
  assert.equal(objectKey, `h/${HOME}/d/${CAMERA}/1/2026/01/01/11/58-07.042Z-${segmentId}.mp4`);
  assert.equal(confirmBefore, NOON + 86_400_000);
  assert.equal(upload.expiresAt, NOON + 900_000);
  assert.equal(upload.maxBytes, 52_428_800);
  const put = await camera.put(created, bytesOf());
  assert.equal(put.status, 201);
  assert.equal(put.headers.get('etag'), `"${sha256Of(bytesOf())}"`);
  const confirmed = await camera.confirm(created, reportOf(bytesOf(), startAt));
  assert.equal(confirmed.status, 200);
  const stored = await confirmed.json();
  assert.ok(validateAnswer(confirmVideoSegment, stored).ok);
  assert.deepEqual(stored, { segmentId, state: 'stored', storedAt: NOON });
  assert.deepEqual(await filesOf(created), [`58-07.042Z-${segmentId}.mp4`]);
});

test('the same request again gives the same segment with a fresh ticket, another content is refused', async () => {
  const ask = segmentRequest(bench.random.ulid(), freshTime());
  const first = await camera.create(ask);
  const again = await camera.post('/segments', ask);
  assert.equal(again.status, 200);
  const replayed = (await again.json()) as typeof first;
  assert.equal(replayed.segmentId, first.segmentId);
  assert.notEqual(replayed.upload.ticketId, first.upload.ticketId);
  const other = await camera.post('/segments', { ...ask, kind: 'event' });
  assert.deepEqual(await errorOf(other), { status: 409, code: 1018, name: 'DUPLICATE' });
});

test('a lost answer to a confirmation does no harm: confirming again gives the same answer, another content is refused', async () => {
  const startAt = freshTime();
  const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
  await camera.put(created, bytesOf());
  const first = await (await camera.confirm(created, reportOf(bytesOf(), startAt))).json();
  assert.deepEqual(await (await camera.confirm(created, reportOf(bytesOf(), startAt))).json(), first);
  const other = await camera.confirm(created, reportOf(bytesOf(1), startAt));
  assert.deepEqual(await errorOf(other), { status: 409, code: 1018, name: 'DUPLICATE' });
});

test('two confirmations at the same time both succeed with one answer', async () => {
  const startAt = freshTime();
  const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
  await camera.put(created, bytesOf());
  const answers = await Promise.all(Array.from({ length: 5 }, () => camera.confirm(created, reportOf(bytesOf(), startAt))));
  const bodies = await Promise.all(answers.map((answer) => answer.json()));
  for (const body of bodies) assert.deepEqual(body, bodies[0]);
});

test('of a confirmation and a cancellation at the same time one wins, and the segment is as the winner says', async () => {
  for (let round = 0; round < 20; round += 1) {
    const startAt = freshTime();
    const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
    await camera.put(created, bytesOf());
    const acts = [() => camera.confirm(created, reportOf(bytesOf(), startAt)), () => camera.cancel(created)];
    if (round % 2 === 1) acts.reverse();
    const answers = await Promise.all(acts.map((act) => act()));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    const row = await bench.db.selectFrom('segment').selectAll().where('id', '=', created.segmentId).executeTakeFirstOrThrow();
    const confirmed = answers[round % 2]?.status === 200;
    assert.equal(row.state, confirmed ? 'stored' : 'cancelled');
  }
  assert.equal((await bench.service.fsck({ deep: true })).differences, 0);
});

test('a cancelled segment takes no bytes and no confirmation; cancelling it again is fine', async () => {
  const startAt = freshTime();
  const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
  await camera.put(created, bytesOf());
  const cancelled = await camera.cancel(created);
  const body = await cancelled.json();
  assert.ok(validateAnswer(cancelVideoSegment, body).ok);
  assert.deepEqual(body, { state: 'cancelled' });
  assert.equal((await camera.cancel(created)).status, 200);
  assert.deepEqual(await errorOf(await camera.put(created, bytesOf())), { status: 409, code: 1802, name: 'SEGMENT_STATE' });
  assert.deepEqual(await errorOf(await camera.confirm(created, reportOf(bytesOf(), startAt))), {
    status: 409,
    code: 1802,
    name: 'SEGMENT_STATE',
  });
  assert.deepEqual(await filesOf(created), []);
});

test('a stored segment can be neither cancelled nor overwritten', async () => {
  const startAt = freshTime();
  const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
  await camera.put(created, bytesOf());
  await camera.confirm(created, reportOf(bytesOf(), startAt));
  assert.deepEqual(await errorOf(await camera.cancel(created)), { status: 409, code: 1802, name: 'SEGMENT_STATE' });
  assert.deepEqual(await errorOf(await camera.put(created, bytesOf(1))), { status: 409, code: 1802, name: 'SEGMENT_STATE' });
  assert.equal((await bench.service.fsck({ deep: true })).differences, 0);
});

test('missing and different bytes are told apart, and a second upload mends it', async () => {
  const startAt = freshTime();
  const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
  const report = reportOf(bytesOf(), startAt);
  assert.deepEqual(await errorOf(await camera.confirm(created, report)), { status: 409, code: 1803, name: 'OBJECT_MISSING' });
  await camera.put(created, bytesOf(1));
  assert.deepEqual(await errorOf(await camera.confirm(created, report)), { status: 409, code: 1804, name: 'OBJECT_MISMATCH' });
  const sameSize = Uint8Array.from(bytesOf());
  sameSize[sameSize.length - 1] = (sameSize.at(-1) ?? 0) ^ 1;
  await camera.put(created, sameSize);
  assert.deepEqual(await errorOf(await camera.confirm(created, report)), { status: 409, code: 1804, name: 'OBJECT_MISMATCH' });
  await camera.put(created, bytesOf());
  assert.equal((await filesOf(created)).length, 1);
  assert.equal((await camera.confirm(created, report)).status, 200);
});

test('bytes that are no fragmented MP4 are not stored, whatever digest they have', async () => {
  const noise = [Buffer.from('not a film'), Buffer.alloc(100_000), bytesOf().subarray(0, bytesOf().length - 1), new Uint8Array(0)];
  for (const bytes of noise) {
    const startAt = freshTime();
    const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
    assert.equal((await camera.put(created, bytes)).status, 201);
    assert.deepEqual(await errorOf(await camera.confirm(created, reportOf(bytes, startAt))), {
      status: 409,
      code: 1804,
      name: 'OBJECT_MISMATCH',
    });
  }
});

test('times far from now or from what was announced are refused', async () => {
  const day = 86_400_000;
  for (const startAt of [NOON - 7 * day - 1, NOON + 300_001]) {
    assert.deepEqual(await errorOf(await camera.post('/segments', segmentRequest(bench.random.ulid(), startAt))), {
      status: 422,
      code: 1808,
      name: 'TIME_INVALID',
    });
  }
  const startAt = freshTime();
  const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
  await camera.put(created, bytesOf());
  const report = reportOf(bytesOf(), startAt);
  for (const wrong of [
    { startAt: startAt - 60_001 },
    { endAt: startAt },
    { endAt: startAt + 65_001 },
    { startAt: startAt + 61_000, endAt: startAt + 62_000 },
  ]) {
    assert.deepEqual(await errorOf(await camera.confirm(created, { ...report, ...wrong })), {
      status: 422,
      code: 1808,
      name: 'TIME_INVALID',
    });
  }
  const shifted = { ...report, startAt: startAt - 30_000, endAt: startAt - 29_000 };
  assert.equal((await camera.confirm(created, shifted)).status, 200);
});

test('a stored second is not stored twice in one stream, while events may overlap continuous recording', async () => {
  const startAt = freshTime();
  const report = { ...reportOf(bytesOf(), startAt), endAt: startAt + 10_000 };
  const first = await camera.create({ ...segmentRequest(bench.random.ulid(), startAt), durationMs: 10_000 });
  const early = await camera.create({ ...segmentRequest(bench.random.ulid(), startAt + 8_000), durationMs: 10_000 });
  await camera.put(first, bytesOf());
  await camera.confirm(first, report);
  const late = await camera.post('/segments', { ...segmentRequest(bench.random.ulid(), startAt + 8_000), durationMs: 10_000 });
  assert.deepEqual(await errorOf(late), { status: 409, code: 1807, name: 'OVERLAP' });
  await camera.put(early, bytesOf());
  const overlapping = await camera.confirm(early, { ...report, startAt: startAt + 8_000, endAt: startAt + 18_000 });
  assert.deepEqual(await errorOf(overlapping), { status: 409, code: 1807, name: 'OVERLAP' });
  const touching = await camera.confirm(early, { ...report, startAt: startAt + 9_000, endAt: startAt + 19_000 });
  assert.equal(touching.status, 200);
  const event = await camera.create({ ...segmentRequest(bench.random.ulid(), startAt), kind: 'event', durationMs: 10_000 });
  await camera.put(event, bytesOf());
  assert.equal((await camera.confirm(event, report)).status, 200);
});

test('a camera whose clock was set back records the same time again, and both are kept', async () => {
  const startAt = freshTime();
  const [before, after] = [bench.random.ulid(), bench.random.ulid()];
  for (const [spanId, at] of [
    [before, startAt],
    [after, startAt + 100],
  ] as const) {
    const created = await camera.create({ ...segmentRequest(bench.random.ulid(), at), durationMs: 5_000, spanId });
    assert.equal((await camera.put(created, bytesOf())).status, 201);
    assert.equal((await camera.confirm(created, { ...reportOf(bytesOf(), at), endAt: at + 5_000 })).status, 200);
  }
  const again = await camera.post('/segments', { ...segmentRequest(bench.random.ulid(), startAt), durationMs: 5_000, spanId: after });
  assert.deepEqual(await errorOf(again), { status: 409, code: 1807, name: 'OVERLAP' });
});

test('a batch answers each item for itself, in order', async () => {
  const good = segmentRequest(bench.random.ulid(), freshTime());
  const bad = segmentRequest(bench.random.ulid(), 0);
  const answer = await camera.post('/segments', { segments: [good, bad] });
  assert.equal(answer.status, 201);
  const body = (await answer.json()) as { segments: [{ segmentId: string }, { clientSegmentId: string; error: { code: number } }] };
  assert.ok(validateAnswer(createVideoSegment, body).ok);
  assert.equal(body.segments[1].clientSegmentId, bad.clientSegmentId);
  assert.equal(body.segments[1].error.code, 1808);
  const again = await camera.post('/segments', { segments: [good] });
  assert.equal(again.status, 200);
  assert.equal(((await again.json()) as typeof body).segments[0].segmentId, body.segments[0].segmentId);
  const eleven = Array.from({ length: 11 }, () => good);
  assert.deepEqual(await errorOf(await camera.post('/segments', { segments: eleven })), {
    status: 400,
    code: -32602,
    name: 'INVALID_PARAMS',
  });
});

test('a device must prove itself, belong to a home, and sees nothing of other devices', async () => {
  const startAt = freshTime();
  const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
  const nobody = new VrClient(origin, 'no token');
  assert.deepEqual(await errorOf(await nobody.post('/segments', {})), { status: 401, code: 1001, name: 'UNAUTHORIZED' });
  const foreign = new VrClient(origin, await bench.tokenOf(OTHER_CAMERA));
  assert.deepEqual(await errorOf(await foreign.confirm(created, reportOf(bytesOf(), startAt))), {
    status: 404,
    code: 1801,
    name: 'SEGMENT_NOT_FOUND',
  });
  assert.deepEqual(await errorOf(await foreign.cancel(created)), { status: 404, code: 1801, name: 'SEGMENT_NOT_FOUND' });
  const stray = new VrClient(origin, await bench.tokenOf(STRAY_CAMERA));
  assert.deepEqual(await errorOf(await stray.post('/segments', segmentRequest(bench.random.ulid(), startAt))), {
    status: 403,
    code: 1017,
    name: 'NOT_BOUND',
  });
  const { token } = await bench.tokens.mint('vr', { deviceId: CAMERA, epoch: 0 }, 60_000);
  assert.deepEqual(await errorOf(await new VrClient(origin, token).post('/segments', {})), {
    status: 401,
    code: 1001,
    name: 'UNAUTHORIZED',
  });
});

test('server information names plan and limits; an unbound device is told it has no plan', async () => {
  const answer = await camera.serverInformation();
  const body = await answer.json();
  assert.ok(validateAnswer(getVideoServerInformation, body).ok);
  const { plan, limits, serverTime } = body as { plan: unknown; limits: unknown; serverTime: number };
  assert.deepEqual(plan, { active: true, kind: 'continuous', retainDays: 30 });
  assert.deepEqual(limits, { maxSegmentBytes: 52_428_800, targetSegmentSec: 10, maxConcurrentUploads: 2, maxBacklogSec: 601_200 });
  assert.equal(serverTime, clock.now());
  const stray = new VrClient(origin, await bench.tokenOf(STRAY_CAMERA));
  const unbound = await stray.serverInformation();
  assert.equal(unbound.status, 200);
  assert.deepEqual(((await unbound.json()) as { plan: unknown }).plan, { active: false, kind: 'none', retainDays: 0 });
});

test('a ticket opens one upload of one segment by PUT, nothing else', async () => {
  const created = await camera.create(segmentRequest(bench.random.ulid(), freshTime()));
  const other = await camera.create(segmentRequest(bench.random.ulid(), freshTime()));
  const { url } = created.upload;
  const forged = [
    url.replace(created.segmentId, other.segmentId),
    url.replace(created.segmentId, `..%2F${other.segmentId}`),
    url.replace(/maxBytes=\d+/, 'maxBytes=99999999999'),
    url.replace(/expires=\d+/, `expires=${NOON * 2}`),
    url.replace(/epoch=\d+/, 'epoch=2'),
    url.replace(/signature=.*/, ''),
    url.replace(/signature=./, 'signature=_'),
    `${url}&maxBytes=99999999999`,
  ];
  for (const address of forged) {
    const answer = await camera.put({ ...created, upload: { ...created.upload, url: address } }, bytesOf());
    assert.deepEqual(await errorOf(answer), { status: 403, code: 1002, name: 'FORBIDDEN' }, address);
  }
  for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']) {
    const answer = await fetch(url, { method });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.get('allow'), 'PUT');
  }
  const rows = await bench.db.selectFrom('segment').select('upload_key').where('id', 'in', [created.segmentId, other.segmentId]).execute();
  assert.deepEqual(
    rows,
    [{ upload_key: null }, { upload_key: null }].map((row) => Object.assign(Object.create(null), row)),
  );
});

test('a ticket dies with the binding it was made under', async () => {
  const token = await bench.tokenOf(OTHER_CAMERA);
  const device = new VrClient(origin, token);
  const created = await device.create(segmentRequest(bench.random.ulid(), freshTime()));
  await bench.db.updateTable('device').set({ binding_epoch: 2 }).where('id', '=', OTHER_CAMERA).execute();
  assert.deepEqual(await errorOf(await device.put(created, bytesOf())), { status: 403, code: 1002, name: 'FORBIDDEN' });
});

test('more bytes than the ticket allows are refused, declared or not, and leave nothing', async () => {
  const small = await openBench({ directory: join(directory, 'small'), clock, limits: { maxSegmentBytes: 1_000 } });
  await using _ = small;
  await small.service.start();
  const device = new VrClient(await small.listen(), await small.tokenOf(CAMERA));
  const created = await device.create(segmentRequest(small.random.ulid(), NOON));
  assert.deepEqual(await errorOf(await device.put(created, Buffer.alloc(1_001))), { status: 413, code: 1809, name: 'TOO_LARGE' });
  assert.deepEqual(await errorOf(await device.put(created, Buffer.alloc(8_000_000))), { status: 413, code: 1809, name: 'TOO_LARGE' });
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(400)) }, { highWaterMark: 1 });
  const chunked = { method: 'PUT', body: endless, duplex: 'half' } as const;
  assert.deepEqual(await errorOf(await fetch(created.upload.url, chunked)), { status: 413, code: 1809, name: 'TOO_LARGE' });
  const { unknown, pending } = await small.service.fsck({ deep: true });
  assert.deepEqual({ unknown, pending }, { unknown: 0, pending: 0 });
});

test('a torn upload leaves nothing, and the whole one before it still counts', async () => {
  const startAt = freshTime();
  const created = await camera.create(segmentRequest(bench.random.ulid(), startAt));
  await camera.put(created, bytesOf());
  const { promise: torn, resolve } = Promise.withResolvers<void>();
  const sending = request(created.upload.url, { method: 'PUT', headers: { 'content-length': '100000' } });
  sending.on('error', () => {});
  sending.on('close', resolve);
  sending.write(Buffer.alloc(50_000), () => sending.destroy());
  await torn;
  while ((await filesOf(created)).length > 1) await clock.advance(0);
  assert.equal((await camera.confirm(created, reportOf(bytesOf(), startAt))).status, 200);
});

test('a device that uploads too much at once is told to wait', async () => {
  const created = await Promise.all(Array.from({ length: 3 }, () => camera.create(segmentRequest(bench.random.ulid(), freshTime()))));
  const slow = created.slice(0, 2).map(({ upload }) => {
    const sending = request(upload.url, { method: 'PUT', headers: { 'content-length': '10000' } });
    sending.on('error', () => {});
    sending.write(Buffer.alloc(5_000));
    return sending;
  });
  for (const segment of created.slice(0, 2)) while ((await filesOf(segment)).length === 0) await clock.advance(0);
  const [third] = created.slice(2);
  assert.ok(third);
  const answer = await camera.put(third, bytesOf());
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.deepEqual(await errorOf(answer), { status: 429, code: 1009, name: 'LIMIT_EXCEEDED' });
  for (const sending of slow) sending.destroy();
});

test('while the disk takes no more, devices are told to wait, and what they bring then is stored', async () => {
  await using narrow = await openBench({
    directory: join(directory, 'narrow'),
    clock,
    openObjects: (parts) => new DirectoryObjectStore({ ...parts, root: join(directory, 'narrow', 'objects'), maxUploads: 1 }),
  });
  await narrow.service.start();
  const at = await narrow.listen();
  const [one, other] = [new VrClient(at, await narrow.tokenOf(CAMERA)), new VrClient(at, await narrow.tokenOf(OTHER_CAMERA))];
  const startAt = freshTime();
  const [slow, waiting] = [
    await one.create(segmentRequest(bench.random.ulid(), startAt)),
    await other.create(segmentRequest(bench.random.ulid(), startAt)),
  ];
  const sending = request(slow.upload.url, { method: 'PUT', headers: { 'content-length': String(bytesOf().length) } });
  sending.write(bytesOf().subarray(0, 500));
  while ((await filesOf(slow, narrow)).length === 0) await clock.advance(0);
  const refused = await other.put(waiting, bytesOf());
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  const { promise: stored, resolve } = Promise.withResolvers<number | undefined>();
  sending.on('response', ({ statusCode }) => resolve(statusCode));
  sending.end(bytesOf().subarray(500));
  assert.equal(await stored, 201);
  assert.equal((await other.put(waiting, bytesOf())).status, 201);
  assert.equal((await other.confirm(waiting, reportOf(bytesOf(), startAt))).status, 200);
});

test('an upload that stalls is cut off, and so is one of a device that was revoked', async () => {
  const stalls = async (end: () => Promise<void> | void) => {
    const created = await camera.create(segmentRequest(bench.random.ulid(), freshTime()));
    const sending = request(created.upload.url, { method: 'PUT', headers: { 'content-length': '10000' } });
    const { promise: cut, resolve } = Promise.withResolvers<void>();
    sending.on('error', () => resolve());
    sending.on('response', () => resolve());
    sending.write(Buffer.alloc(5_000));
    while ((await filesOf(created)).length === 0) await clock.advance(0);
    await end();
    await cut;
    while ((await filesOf(created)).length > 0) await clock.advance(0);
  };
  await stalls(async () => {
    await clock.advance(30_000);
    await clock.advance(30_000);
  });
  await stalls(() => bench.bus.publish({ type: 'revoked', scope: 'device', id: CAMERA }));
});

test('statistics are kept, the newest of each device', async () => {
  const few = await openBench({ directory: join(directory, 'few'), clock, limits: { maxStatistics: 3 } });
  await using _ = few;
  const device = new VrClient(await few.listen(), await few.tokenOf(CAMERA));
  const counters = { created: 1, uploaded: 1, confirmed: 1, cancelled: 0, failed: 0, droppedTooLate: 0, retries: 0, bytes: 100 };
  const latencyMs = { createP50: 1, createP95: 1, putP50: 1, putP95: 1, confirmP95: 1 };
  for (let period = 0; period < 5; period += 1) {
    const report = { periodStartAt: period, periodEndAt: period + 1, counters, latencyMs, backlog: { segments: 0, bytes: 0 } };
    assert.equal((await device.post('/statistics', report)).status, 202);
  }
  const rows = await few.db.selectFrom('upload_statistic').select('period_start_at').orderBy('id').execute();
  assert.deepEqual(
    rows.map((row) => row.period_start_at),
    [2, 3, 4],
  );
  const shown = await few.service.statistics.of(await few.authorizer.device(OWNER, 'manage', CAMERA), 2);
  assert.deepEqual(
    shown.map(({ periodStartAt, counters: { bytes } }) => [periodStartAt, bytes]),
    [
      [4, 100],
      [3, 100],
    ],
  );
  assert.deepEqual(await errorOf(await device.post('/statistics', {})), { status: 400, code: -32602, name: 'INVALID_PARAMS' });
});

// Last, since it moves time past everything above.
test('a ticket runs out after a quarter of an hour, an unconfirmed segment after a day', async () => {
  const ask = segmentRequest(bench.random.ulid(), clock.now());
  const created = await camera.create(ask);
  await clock.advance(900_001);
  assert.deepEqual(await errorOf(await camera.put(created, bytesOf())), { status: 403, code: 1603, name: 'TICKET_EXPIRED' });
  const renewed = await camera.create(ask);
  assert.equal(renewed.segmentId, created.segmentId);
  assert.equal((await camera.put(renewed, bytesOf())).status, 201);
  await clock.advance(86_400_000);
  const token = await bench.tokenOf(CAMERA);
  const later = new VrClient(origin, token);
  assert.deepEqual(await errorOf(await later.confirm(created, reportOf(bytesOf(), ask.startAt))), {
    status: 410,
    code: 1805,
    name: 'SEGMENT_EXPIRED',
  });
  assert.notEqual((await later.create(ask)).segmentId, created.segmentId);
});
