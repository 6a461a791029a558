import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunningDevice } from '../running-device.ts';
import { buildImage, ImageServer, makerKeyPem } from '../stub-platform/image-server.ts';
import type { Json } from '../stub-platform/stub-vd.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

const TASK = '01KDVAKN0ZT3J9S5F8WQ2X7CVB';
const OTHER_TASK = '01KDVAKN0ZT3J9S5F8WQ2X7CVC';
const MINUTE_MS = 60_000;

class Rig implements AsyncDisposable {
  readonly bench: TestBench;
  readonly images: ImageServer;
  device: RunningDevice;

  private constructor(bench: TestBench, images: ImageServer, device: RunningDevice) {
    this.bench = bench;
    this.images = images;
    this.device = device;
  }

  static async open(): Promise<Rig> {
    const bench = await TestBench.open();
    return new Rig(bench, await ImageServer.start(), await bench.device({ firmwareKeys: [makerKeyPem] }));
  }

  async upgrade(params: Json): Promise<Json> {
    return await this.bench.platform.device.request('firmware.upgrade', params);
  }

  async status(): Promise<Json> {
    return (await this.bench.platform.device.request('firmware.getStatus', { taskId: TASK })).result;
  }

  /** Lets time pass until firmware.changed tells `state`; returns what it told. */
  async told(state: string, withinMs = MINUTE_MS): Promise<Json> {
    const find = (): Json | undefined =>
      this.bench.platform.vd.flatMap((vd) => vd.all('firmware.changed')).find(({ params }) => params.state === state)?.params;
    await this.bench.within(withinMs, () => find() !== undefined, `firmware.changed says ${state}`, 250);
    return find() ?? {};
  }

  /** How the next start of the device introduces itself. */
  async nextStart(withinMs = MINUTE_MS): Promise<Json> {
    const { platform } = this.bench;
    const before = platform.vd.length;
    const isBack = (): boolean => platform.vd.length > before && platform.device.all('device.keepAlive').length > 0;
    await this.bench.within(withinMs, isBack, 'the device is back', withinMs > MINUTE_MS ? 1_000 : 250);
    return platform.device.all('device.keepAlive')[0]?.params.info;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
    await this.bench[Symbol.asyncDispose]();
  }
}

test('firmware.upgrade: a signed newer image is fetched, installed and running after one restart', async () => {
  await using rig = await Rig.open();
  const order = rig.images.offer(TASK, '1.1.0', buildImage('1.1.0', { payloadBytes: 200_000 }));
  const { result } = await rig.upgrade(order);
  assert.deepEqual(result, { taskId: TASK, state: 'downloading', expectedDownTimeSec: 10 });
  const first = rig.bench.platform.device;
  const info = await rig.nextStart();
  assert.deepEqual([info.firmware, info.bootReason, info.lastUpgradeTaskId], ['1.1.0', 'upgrade', TASK]);
  assert.equal(first.closeCode, 1001);
  assert.equal(rig.bench.platform.schedules.at(-1)?.body.firmware, '1.1.0');
  const { progressPct, currentVersion, targetVersion } = await rig.told('succeeded');
  assert.deepEqual([progressPct, currentVersion, targetVersion], [100, '1.1.0', '1.1.0']);
  const states = first.all('firmware.changed').map(({ params }) => params.state);
  assert.deepEqual([...new Set(states)], ['downloading', 'downloaded', 'installing', 'rebooting']);
  const steps = first.all('firmware.changed').filter(({ params }) => params.state === 'downloading');
  assert.ok(steps.every(({ params }) => params.progressPct % 10 === 0));
  assert.equal((await rig.status()).state, 'succeeded');
});

test('firmware.upgrade: the same task again, also after the restart, starts nothing; another of that version is 1400', async () => {
  await using rig = await Rig.open();
  const order = rig.images.offer(TASK, '1.1.0', buildImage('1.1.0'));
  await rig.upgrade(order);
  await rig.nextStart();
  await rig.told('succeeded');
  assert.equal((await rig.upgrade(order)).result.state, 'succeeded');
  assert.deepEqual((await rig.upgrade({ ...order, taskId: OTHER_TASK })).error.code, 1400);
  assert.deepEqual(rig.images.ranges, [undefined]);
});

/** The device says `code` of an order that `spoil` made from a good one, and nothing has changed. */
async function assertSpoiled(code: number, spoil: (order: Json, image: Buffer) => Json): Promise<void> {
  await using rig = await Rig.open();
  const image = buildImage('1.1.0');
  await rig.upgrade(spoil(rig.images.offer(TASK, '1.1.0', image), image));
  assert.equal((await rig.told('failed')).error.code, code);
  assertUntouched(rig);
}

test('firmware.upgrade: an image signed by a key the device does not trust is not installed, code 1404', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  await assertSpoiled(1404, (order, image) => ({ ...order, signature: sign(null, image, privateKey).toString('base64') }));
});

test('firmware.upgrade: an image without a signature is not installed, code 1404', async () => {
  await assertSpoiled(1404, ({ signature: _, ...order }) => order);
});

test('firmware.upgrade: an image with another digest than announced is not installed, code 1403', async () => {
  await assertSpoiled(1403, (order) => ({ ...order, sha256: 'a'.repeat(64) }));
});

test('firmware.upgrade: an image too large for the device is not installed, code 1405', async () => {
  await assertSpoiled(1405, (order) => ({ ...order, sizeBytes: 2 ** 50 }));
});

test('firmware.upgrade: an image announced as another version than it is is not installed, code 1406', async () => {
  await assertSpoiled(1406, (order) => ({ ...order, version: '1.2.0' }));
});

test('firmware.upgrade: an image that cannot be written to its slot is not installed, code 1407', async () => {
  await using rig = await Rig.open();
  const order = rig.images.offer(TASK, '1.1.0', buildImage('1.1.0'));
  await rig.upgrade({ ...order, mode: 'downloadOnly' });
  await rig.told('downloaded');
  // A directory in its place, which no file can be moved over.
  for (const slot of ['a', 'b']) await mkdir(join(rig.bench.stateDirectory, 'slots', slot, 'x'), { recursive: true });
  await rig.upgrade({ ...order, mode: 'installDownloaded' });
  assert.equal((await rig.told('failed')).error.code, 1407);
  assert.equal(rig.device.online, true);
});

test('firmware.upgrade: an image for another model is not installed, code 1406', async () => {
  await using rig = await Rig.open();
  await rig.upgrade(rig.images.offer(TASK, '1.1.0', buildImage('1.1.0', { model: 'Doorbell' })));
  assert.deepEqual((await rig.told('failed')).error, { code: 1406, name: 'INCOMPATIBLE' });
  assertUntouched(rig);
});

test('firmware.upgrade: an old signed image under a new name is not installed', async () => {
  await using rig = await Rig.open();
  const { version: _, ...old } = rig.images.offer(TASK, '0.9.0', buildImage('0.9.0'));
  await rig.upgrade({ ...old, version: '1.1.0' });
  assert.equal((await rig.told('failed')).error.code, 1406);
  assertUntouched(rig);
});

test('firmware.upgrade: bytes that were swapped on the server are not installed, code 1403', async () => {
  await using rig = await Rig.open();
  const image = buildImage('1.1.0');
  const order = rig.images.offer(TASK, '1.1.0', image);
  rig.images.swap(TASK, Buffer.concat([image.subarray(0, -1), Buffer.from('X')]));
  await rig.upgrade(order);
  assert.equal((await rig.told('failed')).error.code, 1403);
  assertUntouched(rig);
});

test('firmware.upgrade: an older version (1410), a foreign address (1408) and another component (1406) are refused at once', async () => {
  await using rig = await Rig.open();
  const old = rig.images.offer(TASK, '0.9.0', buildImage('0.9.0'));
  const code = async (more: Json): Promise<number> => (await rig.upgrade({ ...old, ...more })).error.code;
  assert.equal(await code({}), 1410);
  assert.equal(await code({ version: '1.1.0', url: 'http://example.org/image' }), 1408);
  assert.equal(await code({ version: '1.1.0', component: 'ptz' }), 1406);
  assert.equal((await rig.status()).state, 'idle');
  await rig.upgrade({ ...old, allowDowngrade: true });
  assert.equal((await rig.nextStart()).firmware, '0.9.0');
});

test('firmware.upgrade: a download that breaks off goes on where it ended', async () => {
  await using rig = await Rig.open();
  const image = buildImage('1.1.0', { payloadBytes: 400_000 });
  const half = Math.ceil(image.length / 2);
  rig.images.onRequest = (response) => {
    if (rig.images.ranges.length > 1) return false;
    response.writeHead(200, { 'content-length': image.length });
    response.write(image.subarray(0, half));
    const arrived = (): boolean => rig.bench.platform.device.all('firmware.changed').some(({ params }) => params.progressPct === 50);
    void rig.bench.until(arrived, 'half of it arrived').finally(() => response.destroy());
    return true;
  };
  await rig.upgrade({ ...rig.images.offer(TASK, '1.1.0', image), retryIntervalSec: 5 });
  assert.equal((await rig.nextStart()).firmware, '1.1.0');
  assert.deepEqual(rig.images.ranges, [undefined, `bytes=${half}-`]);
});

test('firmware.upgrade: a server that falls silent counts as a failure after a minute; after all retries the code is 1402', async () => {
  await using rig = await Rig.open();
  rig.images.onRequest = (response, image) => {
    response.writeHead(200, { 'content-length': image.length });
    response.write(image.subarray(0, 10));
    return true;
  };
  const startedAt = rig.bench.clock.now();
  await rig.upgrade({ ...rig.images.offer(TASK, '1.1.0', buildImage('1.1.0')), retries: 1, retryIntervalSec: 30 });
  const { error, updatedAt } = await rig.told('failed', 10 * MINUTE_MS);
  assert.deepEqual(error, { code: 1402, name: 'DOWNLOAD_FAILED' });
  assert.ok(updatedAt - startedAt >= 150_000, 'two silent minutes and a pause');
});

test('firmware.upgrade: only one runs at a time (1401); it can be cancelled (1409) until it is installed (1006)', async () => {
  await using rig = await Rig.open();
  rig.images.onRequest = () => true;
  const order = rig.images.offer(TASK, '1.1.0', buildImage('1.1.0'));
  await rig.upgrade(order);
  const busy = await rig.upgrade({ ...order, taskId: OTHER_TASK });
  assert.deepEqual([busy.error.code, busy.error.data.details], [1401, { taskId: TASK }]);
  assert.equal((await rig.upgrade({ ...order, mode: 'cancel' })).result.state, 'cancelled');
  assert.deepEqual((await rig.told('cancelled')).error, { code: 1409, name: 'CANCELLED' });
  assert.equal((await rig.upgrade({ ...order, taskId: OTHER_TASK, mode: 'cancel' })).result.state, 'cancelled');
  assert.equal((await rig.upgrade({ ...order, taskId: OTHER_TASK, version: '9', mode: 'cancel' })).error.code, 1006);
  rig.images.onRequest = () => false;
  await rig.upgrade({ ...order, taskId: OTHER_TASK });
  assert.equal((await rig.nextStart()).firmware, '1.1.0');
});

test('firmware.upgrade: an image that was only downloaded waits until it is to be installed', async () => {
  await using rig = await Rig.open();
  const order = rig.images.offer(TASK, '1.1.0', buildImage('1.1.0'));
  assert.equal((await rig.upgrade({ ...order, mode: 'installDownloaded' })).error.code, 1006);
  await rig.upgrade({ ...order, mode: 'downloadOnly' });
  await rig.told('downloaded');
  await rig.bench.idle(MINUTE_MS);
  assert.equal((await rig.status()).currentVersion, '1.0.0');
  await rig.upgrade({ ...order, taskId: OTHER_TASK, mode: 'installDownloaded' });
  const info = await rig.nextStart();
  assert.deepEqual([info.firmware, info.lastUpgradeTaskId], ['1.1.0', OTHER_TASK]);
  assert.equal(rig.images.ranges.length, 1);
});

test('firmware.upgrade: it is installed in its window, and a restart in between does not lose it', async () => {
  await using rig = await Rig.open();
  const startAt = rig.bench.clock.now() + 3 * MINUTE_MS;
  const order = rig.images.offer(TASK, '1.1.0', buildImage('1.1.0'));
  await rig.upgrade({ ...order, window: { startAt, endAt: startAt + 10 * MINUTE_MS } });
  await rig.told('scheduled');
  await rig.bench.platform.device.request('device.reboot', { taskId: OTHER_TASK, delaySec: 0 });
  assert.equal((await rig.nextStart()).firmware, '1.0.0');
  const info = await rig.nextStart(5 * MINUTE_MS);
  assert.deepEqual([info.firmware, info.lastUpgradeTaskId], ['1.1.0', TASK]);
  assert.ok(rig.bench.clock.now() >= startAt);
});

test('firmware.upgrade: firmware that does not come up is rolled back after five minutes, 1411', async () => {
  await using rig = await Rig.open();
  await rig.upgrade(rig.images.offer(TASK, '1.1.0', buildImage('1.1.0', { fault: 'noBoot' })));
  const before = rig.bench.clock.now();
  const info = await rig.nextStart(10 * MINUTE_MS);
  assert.ok(rig.bench.clock.now() - before >= 5 * MINUTE_MS);
  assert.deepEqual([info.firmware, info.bootReason, info.lastUpgradeTaskId], ['1.0.0', 'upgrade', TASK]);
  assert.deepEqual((await rig.told('rolledBack')).error, { code: 1411, name: 'BOOT_CHECK_FAILED' });
  const next = rig.images.offer(OTHER_TASK, '1.2.0', buildImage('1.2.0'));
  await rig.upgrade(next);
  assert.equal((await rig.nextStart()).firmware, '1.2.0');
});

function assertUntouched(rig: Rig): void {
  assert.equal(existsSync(join(rig.bench.stateDirectory, 'slots.json')), false);
  assert.equal(existsSync(join(rig.bench.stateDirectory, 'slots', 'download')), false);
  assert.equal(rig.bench.platform.vd.length, 1);
  assert.equal(rig.device.online, true);
}

test('device.reboot, channel.reboot, device.reschedule, disk.format, live.push, config.reset: refused with 1013 while firmware is installed', async () => {
  await using rig = await Rig.open();
  const { platform } = rig.bench;
  await rig.upgrade(rig.images.offer(TASK, '1.1.0', buildImage('1.1.0')));
  const { device } = platform;
  await rig.bench.until(() => device.all('firmware.changed').some(({ params }) => params.state === 'installing'), 'it installs');
  const answers = await Promise.all([
    device.request('device.reboot', { taskId: OTHER_TASK }),
    device.request('channel.reboot', { channel: 1 }),
    device.request('device.reschedule', { reason: 'maintenance', mode: 'graceful', deadlineSec: 60 }),
    device.request('disk.format', { taskId: OTHER_TASK, diskId: 1, confirm: true }),
    device.request('live.push', platform.livePush(OTHER_TASK)),
    device.request('config.reset', { scope: 'factory', keepBinding: false }),
  ]);
  assert.deepEqual(
    answers.map(({ error }) => error?.code),
    Array(6).fill(1013),
  );
  assert.equal((await rig.nextStart()).firmware, '1.1.0');
});
