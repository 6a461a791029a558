import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { CardeaProcess } from '../../e2e/cardea-process.ts';
import { eventually } from '../../e2e/eventually.ts';
import { type Owner, setUpOwner } from '../../e2e/owner.ts';
import { row, type Summary, summarise } from '../samples.ts';

/**
 * Time from pressing play to the first picture in hand: the request for a live session, the WebSocket and the bytes up to the
 * end of the first key frame. `up` joins a stream somebody watches, `cold` makes the camera begin to push. The floor is a bare
 * WebSocket server that sends the same bytes to the same client.
 */
const RUNS = Number(process.argv[2] ?? 40);
/** Medians and 99th percentiles. */
const TARGETS = { up: { median: 150, p99: 400 }, cold: { median: 800, p99: 1_500 } };

/** Resolves with the bytes of the first two binary frames: the init segment and what begins with a key frame. */
async function firstPicture(url: string): Promise<readonly Buffer[]> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const parts: Buffer[] = [];
  const done = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) parts.push(data);
      if (parts.length === 2) resolve();
    });
  });
  await Promise.race([done, once(socket, 'close').then(() => Promise.reject(new Error('closed before the first picture')))]);
  socket.terminate();
  return parts;
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [number, T]> {
  const startedAt = performance.now();
  const result = await work();
  return [performance.now() - startedAt, result];
}

async function play(owner: Owner, id: string): Promise<{ readonly sessionId: string; readonly parts: readonly Buffer[] }> {
  const { sessionId, urls } = await owner.client.call('live.create', { params: { id }, body: { channel: 1, stream: 'main' } });
  return { sessionId, parts: await firstPicture(urls.ws) };
}

async function measureUp(owner: Owner, id: string): Promise<{ readonly times: number[]; readonly parts: readonly Buffer[] }> {
  const keeper = await owner.client.call('live.create', { params: { id }, body: { channel: 1, stream: 'main' } });
  const watching = new WebSocket(keeper.urls.ws);
  await once(watching, 'message');
  const times: number[] = [];
  let parts: readonly Buffer[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const [ms, played] = await timed(() => play(owner, id));
    times.push(ms);
    parts = played.parts;
    await owner.client.call('live.delete', { params: { sessionId: played.sessionId } });
  }
  watching.close();
  await owner.client.call('live.delete', { params: { sessionId: keeper.sessionId } });
  return { times, parts };
}

/** Each run waits until the camera has stopped pushing, so that the next one starts from nothing. */
async function measureCold(owner: Owner, id: string): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < Math.max(3, RUNS / 8); run += 1) {
    await eventually('the camera to stop pushing', async () => {
      const { channels } = await owner.client.command(id, 'device.getStatus', { sections: ['channels'] });
      return channels.every(({ live }) => live.length === 0) ? true : undefined;
    });
    const [ms, { sessionId }] = await timed(() => play(owner, id));
    times.push(ms);
    await owner.client.call('live.delete', { params: { sessionId } });
  }
  return times;
}

async function measureFloor(parts: readonly Buffer[]): Promise<number[]> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    for (const part of parts) socket.send(part);
  });
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1)
    times.push((await timed(() => firstPicture(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)))[0]);
  server.close();
  return times;
}

function report(up: Summary, cold: Summary, floor: Summary): void {
  console.log('first frame, simulated camera 1280x720, GOP 2 s, loopback');
  console.log(row('floor: bare WebSocket', floor));
  console.log(row('stream already up', up, floor));
  console.log(row('from cold', cold, floor));
  for (const [name, measured, target] of [
    ['up', up, TARGETS.up],
    ['cold', cold, TARGETS.cold],
  ] as const) {
    const isMet = measured.median <= target.median && measured.p99 <= target.p99;
    console.log(`target ${name}: median ${target.median} ms, p99 ${target.p99} ms: ${isMet ? 'met' : 'MISSED'}`);
  }
}

const directory = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(directory, { recursive: true, force: true }));
const platform = stack.use(
  new CardeaProcess(['serve', '--data', join(directory, 'data'), '--listen', '127.0.0.1:0', '--log-level', 'error']),
);
const owner = await setUpOwner(platform);
const { code } = await owner.client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} });
stack.use(
  new CardeaProcess([
    'device',
    'run',
    '--platform',
    owner.url,
    '--state',
    join(directory, 'camera'),
    '--binding-code',
    code,
    '--log-level',
    'error',
  ]),
);
const device = await eventually('the camera', async () =>
  (await owner.client.call('device.list')).items.find(({ state, capabilities }) => state === 'online' && capabilities !== undefined),
);
const { times, parts } = await measureUp(owner, device.id);
const floor = summarise(await measureFloor(parts));
report(summarise(times), summarise(await measureCold(owner, device.id)), floor);
