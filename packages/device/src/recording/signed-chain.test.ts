import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type SegmentLink, type SegmentStatement, segmentStatement } from '@cardea/protocol';
import { wireError } from '../stub-platform/stub-vd.ts';
import type { StubSegment } from '../stub-platform/stub-video-service.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

interface Chained {
  readonly sha256: string;
  readonly link: SegmentLink;
}

/** What was stored, in the order of the chain, once `count` segments are; every signature is proven with the key of the device. */
async function chain(bench: TestBench, deviceId: string, count: number): Promise<readonly Chained[]> {
  await bench.within(120_000, () => bench.platform.video.stored.length >= count, `${count} stored segments`);
  const key = createPublicKey(await readFile(join(bench.stateDirectory, 'identity.key')));
  const links = bench.platform.video.stored.map(({ create, confirm }: StubSegment): Chained => {
    assert.ok(confirm?.chain, 'confirmed without a chain');
    const { channel, stream, kind, clientSegmentId } = create;
    const { startAt, endAt, sizeBytes, sha256 } = confirm;
    const { signature, ...place }: SegmentLink = confirm.chain;
    const statement: SegmentStatement = { deviceId, channel, stream, kind, clientSegmentId, startAt, endAt, sizeBytes, sha256, ...place };
    assert.ok(verify(null, Buffer.from(segmentStatement(statement)), key, Buffer.from(signature, 'base64url')), `number ${place.number}`);
    return { sha256, link: confirm.chain };
  });
  return links.toSorted((one, other) => one.link.number - other.link.number);
}

function assertWhole(links: readonly Chained[]): void {
  for (const [index, { link }] of links.entries()) {
    assert.equal(link.number, index);
    assert.equal(link.previous, links[index - 1]?.sha256);
  }
}

test('each segment names the one before it, signed by the camera, across a restart and the one it was cut off in', async () => {
  await using bench = await TestBench.open();
  const first = await bench.onlineAgent();
  await chain(bench, first.deviceId, 2);
  await first[Symbol.asyncDispose]();
  const stopped = bench.platform.video.stored.length;
  await bench.onlineAgent();
  assertWhole(await chain(bench, first.deviceId, stopped + 3));
});

test('what waited during an outage has its place by recording, in whatever order it is uploaded', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.onRequest = (what) => (what === 'create' ? { status: 503 } : undefined);
  const agent = await bench.onlineAgent();
  await bench.pass(45_000);
  bench.platform.video.onRequest = () => undefined;
  const numbersOf = (): readonly number[] => bench.platform.video.stored.map(({ confirm }) => confirm?.chain.number ?? Number.NaN);
  const isWithoutHole = (): boolean => numbersOf().length > 6 && Math.max(...numbersOf()) === numbersOf().length - 1;
  await bench.within(120_000, isWithoutHole, 'everything that waited');
  const numbers = numbersOf();
  const links = await chain(bench, agent.deviceId, numbers.length);
  assert.notDeepEqual(
    numbers,
    numbers.toSorted((one, other) => one - other),
    'uploads were to come out of order',
  );
  assertWhole(links);
});

test('a segment that was lost before it was uploaded leaves a break that the next one names', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.onRequest = (what) => (what === 'put' ? { status: 503 } : undefined);
  const first = await bench.onlineAgent();
  await bench.within(60_000, () => bench.platform.video.segments.length >= 2, 'two announced segments');
  await first[Symbol.asyncDispose]();
  const [gone] = bench.platform.video.segments.toSorted((one, other) => one.create.startAt - other.create.startAt);
  await rm(join(bench.stateDirectory, 'ring', `${gone?.create.clientSegmentId}.mp4`));
  bench.platform.video.onRequest = () => undefined;
  await bench.onlineAgent();
  const [one, two] = await chain(bench, first.deviceId, 2);
  assert.equal(one?.link.number, 1);
  assert.match(one?.link.previous ?? '', /^[0-9a-f]{64}$/);
  assert.equal(two?.link.previous, one?.sha256);
});

test('announced under another id, a segment keeps its place and is signed anew', async () => {
  await using bench = await TestBench.open();
  let refused = 0;
  bench.platform.video.onRequest = (what) =>
    what === 'create' && refused++ === 0 ? { status: 409, body: { error: wireError(1018, 'DUPLICATE') } } : undefined;
  const agent = await bench.onlineAgent();
  assertWhole(await chain(bench, agent.deviceId, 2));
});

test('a platform that does not take the signature gets the recording without it', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.onRequest = (what, { bytes }) =>
    what === 'confirm' && 'chain' in JSON.parse(bytes.toString())
      ? { status: 409, body: { error: wireError(1404, 'SIGNATURE_INVALID') } }
      : undefined;
  await bench.onlineAgent();
  await bench.within(60_000, () => bench.platform.video.stored.length >= 1, 'a stored segment');
  assert.equal(bench.platform.video.stored[0]?.confirm?.chain, undefined);
});
