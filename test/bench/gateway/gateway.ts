import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { summarise } from '../samples.ts';
import type { FleetRequests, StormReport } from './fleet.ts';
import { type Memory, Worker } from './requests.ts';
import type { ServerRequests } from './server.ts';

/**
 * The device gateway with its store and handlers, in one process: cost of a validated RPC beside a bare `ws` echo of the same
 * size, memory of a connection, and the return of devices that were cut at once, beside bare connections with one echo each.
 * `--devices 20000` takes several processes on both sides, since one may not open so many sockets; `--processes 1 --devices
 * 15000` is the most that fits into one. `--tls` does all of it over TLS.
 */
const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '5' },
    senders: { type: 'string', default: '256' },
    processes: { type: 'string' },
    tls: { type: 'boolean', default: false },
  },
});
const DEVICES = Number(values.devices);
const FOR_MS = Number(values.seconds) * 1_000;
const SENDERS = Number(values.senders);
const DEVICES_PER_PROCESS = 10_000;
const PROCESSES = Number(values.processes ?? Math.ceil(DEVICES / DEVICES_PER_PROCESS));
const TRANSPORT = { tls: values.tls };
const SPARED_SHARE = 0.05;

const TARGET_RATIO = 0.45;
const TARGET_PER_CPU_SECOND = 15_000;
const TARGET_BYTES = values.tls ? 40_000 : 12_000;
const TARGET_ATTEMPTS = 1.5;
const TARGET_P99_MS = 1_000;

type Server = Worker<ServerRequests>;
type Fleet = Worker<FleetRequests>;

await using stack = new AsyncDisposableStack();
const server = (): Server => new Worker<ServerRequests>(join(import.meta.dirname, 'server.ts'));
const fleet = (): Fleet => new Worker<FleetRequests>(join(import.meta.dirname, 'fleet.ts'));

/** Round trips for each second of processor time the server spent on them. */
async function perCpuSecond(measured: Server, load: () => Promise<{ readonly roundTrips: number }>): Promise<number> {
  const before = await measured.request('cpuMs', null);
  const { roundTrips } = await load();
  const after = await measured.request('cpuMs', null);
  return roundTrips / ((after - before) / 1_000);
}

function verdict(met: boolean): string {
  return met ? 'met' : 'MISSED';
}

interface Floor {
  readonly cpuMsEach: number;
  readonly perSecond: number;
}

/** Bare connections to a bare server. */
async function measureFloor(count: number): Promise<Floor> {
  await using bare = server();
  await using clients = fleet();
  const { url } = await bare.request('echo', TRANSPORT);
  await clients.request('floor', { url, count: SENDERS });
  const before = await bare.request('cpuMs', null);
  const { elapsedMs } = await clients.request('floor', { url, count });
  return { cpuMsEach: ((await bare.request('cpuMs', null)) - before) / count, perSecond: count / (elapsedMs / 1_000) };
}

async function measureEcho(): Promise<number> {
  await using echo = server();
  await using clients = fleet();
  const { url } = await echo.request('echo', TRANSPORT);
  // The first run warms up.
  await clients.request('echo', { url, count: SENDERS, forMs: FOR_MS });
  return await perCpuSecond(echo, () => clients.request('echo', { url, count: SENDERS, forMs: FOR_MS }));
}

async function measureCalls(platform: Server, clients: Fleet): Promise<number> {
  await clients.request('ping', { count: SENDERS, forMs: FOR_MS });
  return await perCpuSecond(platform, () => clients.request('ping', { count: SENDERS, forMs: FOR_MS }));
}

function reportCalls(perSecond: number, echoPerSecond: number): void {
  const ratio = perSecond / echoPerSecond;
  console.log(`bare ws echo                 ${echoPerSecond.toFixed(0).padStart(7)} round trips per CPU-second`);
  console.log(`validated RPC of a device    ${perSecond.toFixed(0).padStart(7)} round trips per CPU-second   ${ratio.toFixed(2)} x echo`);
  console.log(
    `target: at least ${TARGET_RATIO} x echo ${verdict(ratio >= TARGET_RATIO)}, ${TARGET_PER_CPU_SECOND} per CPU-second ${verdict(perSecond >= TARGET_PER_CPU_SECOND)}`,
  );
}

function reportMemory(before: Memory, after: Memory, devices: number): void {
  const rss = (after.rssBytes - before.rssBytes) / devices;
  const heap = (after.heapBytes - before.heapBytes) / devices;
  console.log(
    `memory per connected device  ${(rss / 1_000).toFixed(1).padStart(7)} kB resident   ${(heap / 1_000).toFixed(1)} kB heap   n ${devices}`,
  );
  console.log(`target: at most ${TARGET_BYTES / 1_000} kB ${verdict(rss <= TARGET_BYTES)}`);
}

function reportStorm(reports: readonly StormReport[], cpuMs: number, floor: Floor): void {
  const devices = reports.reduce((sum, report) => sum + report.devices, 0);
  const attempts = reports.reduce((sum, report) => sum + report.attempts, 0) / devices;
  const lastBackMs = Math.max(...reports.map((report) => report.lastBackMs));
  const { p99, median } = summarise(reports.flatMap((report) => report.pingsMs));
  console.log(
    `storm of ${devices} devices        all back after ${(lastBackMs / 1_000).toFixed(1)} s   ${attempts.toFixed(2)} attempts per device`,
  );
  const cpuMsEach = cpuMs / devices;
  console.log(
    `bare connection and echo     ${floor.cpuMsEach.toFixed(2)} ms of processor time each, ${floor.perSecond.toFixed(0)} a second`,
  );
  console.log(
    `return of a device           ${cpuMsEach.toFixed(2)} ms of processor time, ${(cpuMsEach / floor.cpuMsEach).toFixed(1)} x bare`,
  );
  console.log(`RPC of the others meanwhile  median ${median.toFixed(1)} ms   p99 ${p99.toFixed(1)} ms`);
  console.log(
    `target: at most ${TARGET_ATTEMPTS} attempts ${verdict(attempts <= TARGET_ATTEMPTS)}, p99 under ${TARGET_P99_MS} ms ${verdict(p99 < TARGET_P99_MS)}`,
  );
}

const echoPerSecond = await measureEcho();
const pairs = await Promise.all(
  Array.from({ length: PROCESSES }, async () => {
    const platform = stack.use(server());
    const { url } = await platform.request('platform', TRANSPORT);
    return { platform, url, clients: stack.use(fleet()) };
  }),
);
const share = Math.ceil(DEVICES / pairs.length);
const floor = await measureFloor(Math.min(share, DEVICES_PER_PROCESS / 5));
const transport = values.tls ? 'TLS' : 'plain';
console.log(`device gateway, ${DEVICES} devices, ${pairs.length} process${pairs.length === 1 ? '' : 'es'}, loopback, ${transport}`);
const [first] = pairs;
if (first === undefined) throw new Error('there is no platform');
// What is made once, such as compiled validators, does not count as memory of a device.
await Promise.all(pairs.map(({ clients, url }) => clients.request('connect', { url, count: SENDERS })));
reportCalls(await measureCalls(first.platform, first.clients), echoPerSecond);
const before = await first.platform.request('memory', null);
await Promise.all(pairs.map(({ clients, url }) => clients.request('connect', { url, count: share - SENDERS })));
reportMemory(before, await first.platform.request('memory', null), share - SENDERS);
const cpuOfAll = async (): Promise<number> => {
  const each = await Promise.all(pairs.map(({ platform }) => platform.request('cpuMs', null)));
  return each.reduce((sum, ms) => sum + ms, 0);
};
const cpuBefore = await cpuOfAll();
const reports = await Promise.all(pairs.map(({ clients }) => clients.request('storm', { spared: Math.ceil(share * SPARED_SHARE) })));
reportStorm(reports, (await cpuOfAll()) - cpuBefore, floor);
await Promise.all(pairs.map(({ platform }) => platform.request('stop', null)));
process.exitCode = 0;
