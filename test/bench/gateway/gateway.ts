import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { FleetRequests } from './fleet.ts';
import { type Floor, reportCalls, reportMemory, reportStorm } from './report.ts';
import { Worker } from './requests.ts';
import type { ServerRequests } from './server.ts';

/**
 * The device gateway with its store and handlers, in one process: cost of a validated RPC beside a bare `ws` echo of the same
 * size, memory of a connection beside a bare one, and the return of devices that were cut at once, beside bare connections with
 * one echo each. `--devices 20000` takes several processes on both sides, since one may not open so many sockets; `--processes 1
 * --devices 15000` is the most that fits into one. `--tls` does all of it over TLS, `--only rpc|memory|storm` a part of it.
 */
const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '5' },
    senders: { type: 'string', default: '256' },
    processes: { type: 'string' },
    only: { type: 'string' },
    tls: { type: 'boolean', default: false },
  },
});
const DEVICES = Number(values.devices);
const FOR_MS = Number(values.seconds) * 1_000;
const SENDERS = Number(values.senders);
const DEVICES_PER_PROCESS = 10_000;
const PROCESSES = Number(values.processes ?? Math.ceil(DEVICES / DEVICES_PER_PROCESS));
const SHARE = Math.ceil(DEVICES / PROCESSES);
const TRANSPORT = { tls: values.tls };
const SPARED_SHARE = 0.05;
const SPARED = Math.ceil(SHARE * SPARED_SHARE);

type Server = Worker<ServerRequests>;
type Fleet = Worker<FleetRequests>;

/** A server, most of its devices in one process, and in another those that are not cut, which nothing keeps from their clocks. */
interface Group {
  readonly platform: Server;
  readonly url: string;
  readonly crowd: Fleet;
  readonly spared: Fleet;
}

await using stack = new AsyncDisposableStack();
const server = (): Server => new Worker<ServerRequests>(join(import.meta.dirname, 'server.ts'));
const fleet = (): Fleet => new Worker<FleetRequests>(join(import.meta.dirname, 'fleet.ts'));
const isWanted = (part: 'rpc' | 'memory' | 'storm'): boolean => values.only === undefined || values.only === part;

/** Says on stderr what is being done, and how long that took. */
async function phase<T>(name: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  console.error(`${name} ...`);
  const result = await work();
  console.error(`${name}: ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  return result;
}

/** Round trips for each second of processor time the server spent on them. */
async function perCpuSecond(measured: Server, load: () => Promise<{ readonly roundTrips: number }>): Promise<number> {
  const before = await measured.request('cpuMs', null);
  const { roundTrips } = await load();
  const after = await measured.request('cpuMs', null);
  return roundTrips / ((after - before) / 1_000);
}

/** Bare connections to a bare server. */
async function measureFloor(count: number): Promise<Floor> {
  await using bare = server();
  await using clients = fleet();
  const { url } = await bare.request('echo', TRANSPORT);
  await clients.request('floor', { url, count: SENDERS });
  const cpuMsBefore = await bare.request('cpuMs', null);
  const before = await bare.request('memory', null);
  const { elapsedMs } = await clients.request('floor', { url, count });
  const cpuMsEach = ((await bare.request('cpuMs', null)) - cpuMsBefore) / count;
  const memory = { before, after: await bare.request('memory', null), connections: count };
  return { cpuMsEach, perSecond: count / (elapsedMs / 1_000), memory };
}

async function measureEcho(): Promise<number> {
  await using echo = server();
  await using clients = fleet();
  const { url } = await echo.request('echo', TRANSPORT);
  // The first run warms up.
  await clients.request('echo', { url, count: SENDERS, forMs: FOR_MS });
  return await perCpuSecond(echo, () => clients.request('echo', { url, count: SENDERS, forMs: FOR_MS }));
}

async function measureCalls({ crowd, platform }: Group): Promise<number> {
  await crowd.request('ping', { count: SENDERS, forMs: FOR_MS });
  return await perCpuSecond(platform, () => crowd.request('ping', { count: SENDERS, forMs: FOR_MS }));
}

async function openGroup(): Promise<Group> {
  const platform = stack.use(server());
  const { url } = await platform.request('platform', TRANSPORT);
  const group = { platform, url, crowd: stack.use(fleet()), spared: stack.use(fleet()) };
  // What is made once, such as compiled validators, does not count as memory of a device.
  await group.crowd.request('connect', { url, count: SENDERS });
  return group;
}

async function connectRest({ crowd, spared, url }: Group): Promise<void> {
  await crowd.request('connect', { url, count: SHARE - SENDERS - SPARED });
  await spared.request('connect', { url, count: SPARED });
}

async function stormOn(group: Group) {
  const { crowd, platform, spared } = group;
  const cpuMsBefore = await platform.request('cpuMs', null);
  await platform.request('watchLoop', null);
  await spared.request('startPings', null);
  const report = await crowd.request('storm', null);
  const pingsMs = await spared.request('stopPings', null);
  return {
    report,
    pingsMs,
    loopDelay: await platform.request('loopDelay', null),
    cpuMs: (await platform.request('cpuMs', null)) - cpuMsBefore,
  };
}

const echoPerSecond = isWanted('rpc') ? await phase('echo', measureEcho) : Number.NaN;
const floor = await phase('bare connections', () => measureFloor(Math.min(SHARE, DEVICES_PER_PROCESS / 5)));
const groups = await phase('start', () => Promise.all(Array.from({ length: PROCESSES }, openGroup)));
console.log(
  `device gateway, ${DEVICES} devices, ${PROCESSES} process${PROCESSES === 1 ? '' : 'es'}, loopback, ${TRANSPORT.tls ? 'TLS' : 'plain'}`,
);
const [first] = groups;
if (first === undefined) throw new Error('there is no platform');
if (isWanted('rpc')) reportCalls(await phase('RPC', () => measureCalls(first)), echoPerSecond);
const before = await first.platform.request('memory', null);
if (isWanted('memory') || isWanted('storm')) await phase('connecting', () => Promise.all(groups.map(connectRest)));
if (isWanted('memory')) {
  const growth = { before, after: await first.platform.request('memory', null), connections: SHARE - SENDERS };
  reportMemory(growth, floor, TRANSPORT);
}
if (isWanted('storm')) {
  const storms = await phase('storm', () => Promise.all(groups.map(stormOn)));
  const measured = {
    reports: storms.map(({ report }) => report),
    pingsMs: storms.flatMap(({ pingsMs }) => pingsMs),
    cpuMs: storms.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    loopDelays: storms.map(({ loopDelay }) => loopDelay),
  };
  reportStorm(measured, floor);
}
await Promise.all(groups.map(({ platform }) => platform.request('stop', null)));
process.exitCode = 0;
