import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { AppError, VirtualClock } from '@cardea/core';
import { Fmp4Splitter, makeRecipientKey, openSegment, recipientKey, SegmentSealer } from '@cardea/media';
import type { CreateSegment } from '@cardea/protocol';
import { makeSegments } from './fixtures/segment-maker.ts';
import { type Bench, CAMERA, OWNER, openBench } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest, VrClient } from './fixtures/vr-client.ts';
import { rebuild } from './rebuild.ts';

const NOON = 1_767_268_800_000; // 2026-01-01T12:00:00Z
const STREAM = { stream: 'main', query: '' };

let directory: string;
let media: readonly Uint8Array[];
let bench: Bench;
let camera: VrClient;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-encrypted-'));
  media = await makeSegments(directory, { seconds: 2 });
  bench = await openBench({ directory: join(directory, 'data'), clock: new VirtualClock(NOON) });
  await bench.service.start();
  camera = new VrClient(await bench.listen(), await bench.tokenOf(CAMERA));
});

after(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** What a camera that encrypts makes of a recording. */
async function encrypted(
  bytes: Uint8Array,
  { clientSegmentId: segmentId, channel, stream, startAt }: CreateSegment,
  publicKey: Uint8Array,
) {
  const [init, ...fragments] = new Fmp4Splitter().push(new Uint8Array(bytes));
  assert.ok(init);
  const sealer = await SegmentSealer.create(init.bytes, { deviceId: CAMERA, channel, stream, segmentId, startAt }, [publicKey]);
  const sealed = fragments.map((fragment, index) => sealer.seal(fragment.bytes, { index, last: index === fragments.length - 1 }));
  return Buffer.concat([sealer.init, ...(await Promise.all(sealed))]);
}

async function store(request: CreateSegment, bytes: Uint8Array): Promise<string> {
  const created = await camera.create(request);
  await camera.put(created, bytes);
  const answer = await camera.confirm(created, reportOf(bytes, request.startAt));
  assert.equal(answer.status, 200, await answer.text());
  return created.segmentId;
}

async function refusal(work: Promise<unknown>): Promise<AppError> {
  return await work.then(
    () => assert.fail('it was done'),
    (error: unknown) => AppError.from(error),
  );
}

test('what a camera encrypted is stored and served as it is; whatever needs the pictures says why it cannot', async () => {
  const ada = await makeRecipientKey();
  const [one, two] = media;
  assert.ok(one && two);
  const plain = segmentRequest(bench.random.ulid(), NOON - 60_000);
  const request: CreateSegment = { ...segmentRequest(bench.random.ulid(), NOON - 59_000), encryption: { scheme: 'aes-256-gcm' } };
  const bytes = await encrypted(two, request, ada.publicKey);
  const plainId = await store(plain, one);
  const id = await store(request, bytes);
  const proof = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  const { library, vod } = bench.service;

  assert.equal((await library.segment(proof, id)).encryption, 'aes-256-gcm');
  assert.equal((await library.segment(proof, plainId)).encryption, undefined);
  const { stream } = await library.readSegment(proof, id);
  const served = await buffer(stream);
  const opened = await openSegment(served, [await recipientKey(ada)]);
  assert.equal(opened.complete, true);

  const both = { channel: 1, from: NOON - 60_000, to: NOON - 58_000 };
  const only = { ...both, from: NOON - 59_000 };
  const playlist = await vod.playlist(proof, both, STREAM);
  assert.ok(playlist.includes(plainId) && !playlist.includes(id), 'played here as far as it can be');
  for (const work of [
    vod.playlist(proof, only, STREAM),
    vod.clip(proof, both, 'main'),
    vod.init(proof, only, id),
    vod.fragments(proof, only, { segmentId: id, offsetMs: 0 }),
    vod.sprite(proof, only, id),
    vod.multivariant(proof, only, { uriOf: (each) => each }),
  ]) {
    const error = await refusal(work);
    assert.deepEqual([error.status, error.details?.encryption, error.details?.segmentId], ['INVALID_STATE', 'aes-256-gcm', id]);
    assert.match(error.message, /encrypted/);
  }
  assert.equal((await bench.service.fsck({ deep: true })).differences, 0);
});

test('nothing that was in the pictures is anywhere on the platform', async () => {
  const ada = await makeRecipientKey();
  const [one] = media;
  assert.ok(one);
  const request: CreateSegment = { ...segmentRequest(bench.random.ulid(), NOON - 30_000), encryption: { scheme: 'aes-256-gcm' } };
  const bytes = await encrypted(one, request, ada.publicKey);
  const id = await store(request, bytes);
  const proof = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  const kept = await buffer((await bench.service.library.readSegment(proof, id)).stream);
  const pieces = new Fmp4Splitter().push(new Uint8Array(one)).filter(({ kind }) => kind === 'fragment');
  for (const { bytes: fragment } of pieces) {
    const canary = fragment.subarray(-48);
    assert.equal(kept.indexOf(canary), -1);
    assert.notEqual(Buffer.from(one).indexOf(canary), -1, 'it is in what was recorded');
  }
});

test('a catalogue that was lost and made anew from the objects knows which of them are encrypted', async () => {
  const proof = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  const { items } = await bench.service.library.segments(proof);
  assert.ok(items.some(({ encryption }) => encryption === undefined) && items.some(({ encryption }) => encryption !== undefined));
  await bench.db.deleteFrom('segment').execute();
  assert.deepEqual(await rebuild(bench.options), { restored: items.length, refused: 0 });
  const { items: again } = await bench.service.library.segments(proof);
  assert.deepEqual(
    again.map(({ id, encryption }) => [id, encryption]),
    items.map(({ id, encryption }) => [id, encryption]),
  );
});

test('a scheme nobody here has heard of is refused', async () => {
  const request: CreateSegment = { ...segmentRequest(bench.random.ulid(), NOON - 10_000), encryption: { scheme: 'cenc' } };
  const answer = await camera.post('/segments', request);
  assert.equal(answer.status, 422);
});
