import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { type CreateSegment, type SegmentStatement, segmentStatement } from '@cardea/protocol';
import { makeSegments } from './fixtures/segment-maker.ts';
import { type Bench, CAMERA, OWNER, openBench } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest, VrClient } from './fixtures/vr-client.ts';

const NOON = 1_767_268_800_000; // 2026-01-01T12:00:00Z
const PREVIOUS = 'c0'.repeat(32);

const identity = generateKeyPairSync('ed25519');
let directory: string;
let bytes: Uint8Array;
let bench: Bench;
let camera: VrClient;
let minute = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-proof-'));
  const [first] = await makeSegments(directory, { seconds: 1 });
  assert.ok(first);
  bytes = first;
  bench = await openBench({ directory: join(directory, 'data'), clock: new VirtualClock(NOON) });
  await bench.service.start();
  camera = new VrClient(await bench.listen(), await bench.tokenOf(CAMERA));
  await knowKey(identity.publicKey);
});

after(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function knowKey(key: KeyObject | undefined): Promise<void> {
  const publicKey = key?.export({ format: 'jwk' }).x ?? null;
  await bench.db.updateTable('device').set({ public_key: publicKey }).where('id', '=', CAMERA).execute();
}

/** A segment that was uploaded, and what its camera may say of it. */
async function uploaded() {
  minute += 1;
  const request: CreateSegment = segmentRequest(bench.random.ulid(), NOON - minute * 60_000);
  const created = await camera.create(request);
  await camera.put(created, bytes);
  const report = reportOf(bytes, request.startAt);
  const { channel, stream, kind, clientSegmentId } = request;
  const { startAt, endAt, sizeBytes, sha256 } = report;
  const statement: SegmentStatement = {
    deviceId: CAMERA,
    channel,
    stream,
    kind,
    clientSegmentId,
    startAt,
    endAt,
    sizeBytes,
    sha256,
    number: 7,
    previous: PREVIOUS,
  };
  return { created, report, statement };
}

function signed({ number, previous, ...rest }: SegmentStatement, { privateKey }: { readonly privateKey: KeyObject } = identity) {
  const text = segmentStatement({ number, previous, ...rest });
  return {
    number,
    ...(previous !== undefined && { previous }),
    signature: sign(null, Buffer.from(text), privateKey).toString('base64url'),
  };
}

async function nameOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { code: number; data: { name: string } } };
  return `${response.status} ${error.code} ${error.data.name}`;
}

test('what the camera signed of a segment is shown with it, and a repetition changes nothing', async () => {
  const { created, report, statement } = await uploaded();
  const chain = signed(statement);
  assert.equal((await camera.confirm(created, { ...report, chain })).status, 200);
  assert.equal((await camera.confirm(created, report)).status, 200);
  const proof = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  const segment = await bench.service.library.segment(proof, created.segmentId);
  assert.deepEqual(segment.chain, { number: 7, previous: PREVIOUS, signature: chain.signature });
  assert.equal(segment.clientSegmentId, statement.clientSegmentId);
});

test('a device that signs nothing is served like any other', async () => {
  const { created, report } = await uploaded();
  assert.equal((await camera.confirm(created, report)).status, 200);
  const proof = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  assert.equal((await bench.service.library.segment(proof, created.segmentId)).chain, undefined);
});

test('no signature passes that is another key’s, over other values or for another place', async () => {
  const { created, report, statement } = await uploaded();
  const chain = signed(statement);
  const wrong = [
    signed(statement, generateKeyPairSync('ed25519')),
    { ...chain, number: 8 },
    { ...chain, previous: 'd1'.repeat(32) },
    { number: 7, signature: chain.signature },
    signed({ ...statement, startAt: statement.startAt - 1 }),
    signed({ ...statement, clientSegmentId: '01KDVBW3GQ2T4W6Y8B0D1F3H5K' }),
    signed({ ...statement, number: 0 }),
    signed({ ...statement, previous: undefined }),
  ];
  for (const each of wrong) {
    assert.equal(await nameOf(await camera.confirm(created, { ...report, chain: each })), '409 1404 SIGNATURE_INVALID');
  }
  assert.equal((await camera.confirm(created, { ...report, chain })).status, 200, 'nothing was spoilt by what was refused');
});

test('a device whose key is not known yet is sent to the scheduling service, which learns it', async () => {
  const { created, report, statement } = await uploaded();
  await knowKey(undefined);
  assert.equal(await nameOf(await camera.confirm(created, { ...report, chain: signed(statement) })), '401 1001 UNAUTHORIZED');
  await knowKey(identity.publicKey);
  assert.equal((await camera.confirm(created, { ...report, chain: signed(statement) })).status, 200);
});
