import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { createLogger } from '@cardea/core';
import { TestBench } from '../stub-platform/test-bench.ts';
import { DeviceLog } from './device-log.ts';

const TASK = '01KDVBF9P1S3V5X7Z9C2E4G6J8';
const OTHER_TASK = '01KDVBF9P1S3V5X7Z9C2E4G6J9';

/** A place that takes uploads, and says to them what `status` says. */
async function openShelf(t: TestContext) {
  const shelf = { status: () => 201, bodies: [] as string[], url: '' };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    shelf.bodies.push(await text(request));
    response.writeHead(shelf.status()).end();
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  shelf.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`;
  return shelf;
}

async function openDevice(bench: TestBench, t: TestContext) {
  const log = await DeviceLog.open({ stateDirectory: bench.stateDirectory, clock: bench.clock });
  t.after(() => log[Symbol.asyncDispose]());
  await bench.onlineAgent({ log, logger: createLogger('silent', log) });
}

const ticket = (url: string, expiresAt: number) => ({ ticketId: TASK, method: 'PUT', url, expiresAt, maxBytes: 100_000 });
const expiresAt = (bench: TestBench): number => bench.clock.now() + 600_000;

test('log.upload: the logs are put at the ticket and the end is told once', async (t) => {
  await using bench = await TestBench.open();
  const shelf = await openShelf(t);
  await openDevice(bench, t);
  const vd = bench.platform.device;
  const answer = await vd.request('log.upload', {
    taskId: TASK,
    types: ['system'],
    compress: 'none',
    upload: ticket(shelf.url, expiresAt(bench)),
  });
  assert.equal(answer.result.accepted, true);
  await bench.within(5_000, () => vd.all('log.uploadDone').length > 0, 'the end is told');
  const { status, files, taskId } = vd.all('log.uploadDone')[0]?.params ?? {};
  assert.deepEqual([status, taskId, files[0].name, files[0].type], ['uploaded', TASK, 'system.log', 'system']);
  assert.match(shelf.bodies[0] ?? '', /"msg":"the device starts"/);
  assert.equal(files[0].sizeBytes, shelf.bodies[0]?.length);
});

test('log.upload: an upload that fails is tried again at the interval asked for, then given up with 1600', async (t) => {
  await using bench = await TestBench.open();
  const shelf = await openShelf(t);
  shelf.status = () => 503;
  await openDevice(bench, t);
  const vd = bench.platform.device;
  const upload = ticket(shelf.url, expiresAt(bench));
  await vd.request('log.upload', { taskId: TASK, types: ['system'], retries: 2, retryIntervalSec: 10, upload });
  await bench.within(60_000, () => vd.all('log.uploadDone').length > 0, 'the end is told', 250);
  assert.equal(shelf.bodies.length, 3);
  assert.deepEqual(vd.all('log.uploadDone')[0]?.params.error, { code: 1600, name: 'UPLOAD_FAILED' });
});

test('log.upload: a ticket that ran out is 1603, another task while one runs is 1004, and no lines are no failure', async (t) => {
  await using bench = await TestBench.open();
  const shelf = await openShelf(t);
  shelf.status = () => 503;
  await openDevice(bench, t);
  const vd = bench.platform.device;
  const late = await vd.request('log.upload', { taskId: TASK, types: ['system'], upload: ticket(shelf.url, bench.clock.now()) });
  assert.equal(late.error.code, 1603);
  const upload = ticket(shelf.url, expiresAt(bench));
  await vd.request('log.upload', { taskId: TASK, types: ['system'], retryIntervalSec: 3_600, upload });
  const busy = await vd.request('log.upload', { taskId: OTHER_TASK, types: ['system'], upload });
  assert.deepEqual([busy.error.code, busy.error.data.details], [1004, { taskId: TASK }]);
  const again = await vd.request('log.upload', { taskId: TASK, types: ['system'], retryIntervalSec: 3_600, upload });
  assert.equal(again.result.accepted, true);
});

test('log.upload: what was not logged is told as such', async (t) => {
  await using bench = await TestBench.open();
  const shelf = await openShelf(t);
  await openDevice(bench, t);
  const vd = bench.platform.device;
  await vd.request('log.upload', { taskId: TASK, types: ['crash'], upload: ticket(shelf.url, expiresAt(bench)) });
  await bench.within(5_000, () => vd.all('log.uploadDone').length > 0, 'the end is told');
  assert.deepEqual([vd.all('log.uploadDone')[0]?.params.status, shelf.bodies], ['noLogs', []]);
});

test('log.upload: a device without logs refuses with 1601', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  const upload = ticket('http://127.0.0.1:9/log', expiresAt(bench));
  const answer = await bench.platform.device.request('log.upload', { taskId: TASK, types: ['system'], upload });
  assert.equal(answer.error.code, 1601);
});
