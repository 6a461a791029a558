import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../e2e/eventually.ts';
import { LightDevice } from '../support/light-device.ts';
import { startPlatformProcess, unlimited } from '../support/platform-process.ts';

/** A small heap, of which young objects take next to nothing. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=1' };
const BATCH = 40;
/** Several times what such a heap holds. */
const MOST_BATCHES = 120;
/** As much again as the heap holds. */
const MORE_BATCHES = 40;

/** A request that takes as much memory as one may, and whose end never comes. */
const endless = [
  'POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n',
  ...Array.from({ length: 700 }, (_, number) => `h${number}:v\r\n`),
  '\r\n{',
].join('');

/** Resolves when the bytes are on their way or there is no connection. */
async function beginEndless(url: URL): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => {});
  socket.resume();
  await new Promise((resolve) => {
    socket.once('close', resolve);
    socket.write(endless, resolve);
  });
  return socket;
}

test('a platform short of memory sends new work away in time, still does what it is told, and recovers', async () => {
  await using platform = await startPlatformProcess(unlimited, SMALL_HEAP);
  const { client, homeId, token, url } = platform.owner;
  const device = new LightDevice({ platformUrl: url });
  await device.start();
  await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  const { attempts } = device;
  const program = await client.call('token.create', { body: { name: 'a program', actions: ['view.live'], devices: ['*'] } });
  const readiness = async (): Promise<number> => (await fetch(`${url}/readyz`)).status;
  const crowd: Socket[] = [];
  const grow = async (): Promise<void> => {
    crowd.push(...(await Promise.all(Array.from({ length: BATCH }, () => beginEndless(new URL(url))))));
  };
  try {
    for (let batch = 0; batch < MOST_BATCHES && (await readiness()) === 200; batch += 1) await grow();
    const list = await fetch(`${url}/api/v1/devices`, { headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual([list.status, Number(list.headers.get('retry-after')) >= 2], [503, true]);
    // Garbage of the crowd may stand in the way for a moment.
    await eventually('a right ends', async () => {
      await client.call('token.delete', { params: { id: program.id } });
      return true;
    });
    for (let batch = 0; batch < MORE_BATCHES; batch += 1) await grow();
  } finally {
    for (const socket of crowd) socket.destroy();
  }
  await eventually('there is room again', async () => ((await readiness()) === 200 ? true : undefined));
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const name of ['requests_refused', 'connections_dropped']) assert.match(metrics, new RegExp(`^cardea_${name}_total [1-9]`, 'm'));
  assert.deepEqual([device.online, device.attempts], [true, attempts], 'the camera never lost its connection');
  await device.stop();
});
