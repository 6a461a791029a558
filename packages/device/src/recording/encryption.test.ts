import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import {
  checkFragmentedMp4,
  makeRecipientKey,
  openSegment,
  type RecipientKey,
  type RecipientKeyPair,
  recipientKey,
  recipientsOf,
} from '@cardea/media';
import type { StubSegment } from '../stub-platform/stub-video-service.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

let ada: RecipientKeyPair;
let bob: RecipientKeyPair;
let keys: readonly RecipientKey[];

before(async () => {
  ada = await makeRecipientKey();
  bob = await makeRecipientKey();
  keys = [await recipientKey(ada), await recipientKey(bob)];
});

const textOf = ({ publicKey }: RecipientKeyPair): string => Buffer.from(publicKey).toString('base64url');

async function stored(bench: TestBench, count: number): Promise<readonly StubSegment[]> {
  await bench.within(120_000, () => bench.platform.video.stored.length >= count, `${count} stored segments`);
  return bench.platform.video.stored.toSorted((a, b) => a.create.startAt - b.create.startAt);
}

/** What is configured on the device before it starts. */
async function configured(bench: TestBench, patch: Readonly<Record<string, unknown>>): Promise<void> {
  const result = await bench.platform.device.request('config.set', { patch });
  assert.deepEqual(result.error, undefined, JSON.stringify(result));
}

test('recordings are encrypted for the members whose keys the device was given, and uploaded like any other', async () => {
  await using bench = await TestBench.open();
  const agent = await bench.onlineAgent();
  await configured(bench, { 'record.encryption.recipients': [textOf(ada), textOf(bob)], 'record.encryption.mode': 'on' });
  const count = bench.platform.video.stored.length + 3;
  const encrypted = (await stored(bench, count)).filter(({ create }) => create.encryption?.scheme === 'aes-256-gcm');
  assert.ok(encrypted.length > 0);
  for (const { bytes, create } of encrypted) {
    assert.ok(bytes);
    const walk = await checkFragmentedMp4(bytes);
    assert.deepEqual([walk.ok, walk.keyframeFirst], [true, true], walk.reason);
    assert.deepEqual(recipientsOf(bytes), [ada.keyId, bob.keyId]);
    for (const key of keys) {
      const { bytes: plain, subject, complete } = await openSegment(bytes, [key]);
      assert.deepEqual(subject, {
        deviceId: agent.deviceId,
        channel: 1,
        stream: 'main',
        segmentId: create.clientSegmentId,
        startAt: create.startAt,
      });
      assert.equal(complete, true);
      const report = await checkFragmentedMp4(plain);
      assert.deepEqual([report.ok, report.durationMs], [true, walk.durationMs]);
    }
  }
});

test('whoever is no recipient any more cannot open what is recorded from then on', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  await configured(bench, { 'record.encryption.recipients': [textOf(ada), textOf(bob)], 'record.encryption.mode': 'on' });
  await stored(bench, 2);
  await configured(bench, { 'record.encryption.recipients': [textOf(ada)] });
  const before = bench.platform.video.stored.length;
  const last = (await stored(bench, before + 3)).at(-1);
  assert.ok(last?.bytes);
  assert.deepEqual(recipientsOf(last.bytes), [ada.keyId]);
  const { bytes } = last;
  await assert.rejects(openSegment(bytes, keys.slice(1)), { code: 'INVALID_REQUEST' });
});

test('a recording that was cut off is whole as far as it goes, and says that its end is not the one the camera made', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.onRequest = (what) => (what === 'create' ? { status: 503 } : undefined);
  await bench.onlineAgent({ recipients: [textOf(ada)] });
  await bench.pass(4_500);
  // What lies on the disk now is what is left of it after a power cut.
  const ring = join(bench.stateDirectory, 'ring');
  const [name = ''] = await readdir(ring);
  const cut = await openSegment(await readFile(join(ring, name)), keys);
  assert.equal(cut.complete, false);
  assert.ok((await checkFragmentedMp4(cut.bytes)).durationMs >= 2_000);
});

test('encrypted for nobody, nothing is recorded', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  await configured(bench, { 'record.encryption.mode': 'on' });
  await bench.pass(12_000);
  const before = bench.platform.video.segments.length;
  await bench.pass(15_000);
  assert.equal(bench.platform.video.segments.length, before);
  await configured(bench, { 'record.encryption.recipients': [textOf(ada)] });
  const last = (await stored(bench, bench.platform.video.stored.length + 1)).at(-1);
  assert.deepEqual(recipientsOf(last?.bytes ?? Buffer.alloc(0)), [ada.keyId]);
});

test('recipients fixed at the device are not changed by the platform', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent({ recipients: [textOf(ada)] });
  for (const patch of [{ 'record.encryption.mode': 'off' }, { 'record.encryption.recipients': [textOf(bob)] }]) {
    const { error } = await bench.platform.device.request('config.set', { patch });
    assert.equal(error?.code, 1501);
  }
  const [first] = await stored(bench, 1);
  assert.deepEqual(recipientsOf(first?.bytes ?? Buffer.alloc(0)), [ada.keyId]);
});
