import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeFilm } from '../../support/film.ts';
import { residentMb } from '../../support/process-usage.ts';
import { Worker } from '../gateway/requests.ts';
import { startCardea } from './cardea.ts';
import {
  type Contestant,
  cpuSec,
  type FloorLoad,
  hasCompiler,
  hasNginx,
  startFloor,
  startNginx,
  startNodeFloor,
  startNodeMediaServer,
} from './servers.ts';
import type { SourceRequests } from './sources.ts';
import type { ViewerProtocol, ViewerReport, ViewerRequests } from './viewers.ts';

/**
 * Live fan-out: one publisher of 2.05 Mbit/s, pictures and sound, over RTMP and many viewers, ours over HTTP-FLV (also in TLS) and
 * WebSocket beside node-media-server (HTTP-FLV), nginx with its RTMP module (RTMP), a C program that only sends and a loop in Node that
 * only writes, plain and in TLS. Then viewers that stall beside healthy ones, and many publishers that nobody watches. `--quick` is small
 * and short; `--only`, `--viewers`, `--seconds` and `--rounds` choose. Figures are processor seconds of the server for each gigabit
 * delivered, the least of all rounds, in which the ways to watch take turns; only their ratios within one run mean something.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'fanout,stalled,publishers' },
    viewers: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const VIEWERS = (values.viewers ?? (values.quick ? '20,60' : '50,200,500')).split(',').map(Number);
const FOR_MS = Number(values.seconds ?? (values.quick ? 4 : 15)) * 1_000;
const ROUNDS = Number(values.rounds ?? (values.quick ? 1 : 2));
const WARM_UP_MS = values.quick ? 2_000 : 4_000;
const PUBLISHERS = values.quick ? 20 : 200;
const TARGET_VIEWERS = 500;
/** With the sound it comes to 2.05 Mbit/s. */
const VIDEO_KBPS = 1_985;
const KBPS = 2_050;
const FLOOR_MS = 50;
const RELAXED_FLOOR_MS = 220;

const wants = (part: string): boolean => values.only.split(',').includes(part);

interface Measured extends ViewerReport {
  readonly viewers: number;
  readonly cpuPerGbit: number;
  readonly memoryMb: number;
}

await using stack = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
stack.defer(() => rm(directory, { recursive: true, force: true }));
const path = join(directory, 'film.mp4');
await writeFile(path, await makeFilm({ seconds: 8, kbps: VIDEO_KBPS, width: 1280, height: 720, gopSec: 2, sound: true }));
const sources = stack.use(new Worker<SourceRequests>(join(import.meta.dirname, 'sources.ts')));
await sources.request('load', { path });

const worker = (): Worker<ViewerRequests> => new Worker<ViewerRequests>(join(import.meta.dirname, 'viewers.ts'));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const memoryOf = ({ pids }: Contestant): number => pids.reduce((sum, pid) => sum + residentMb(pid), 0);

/** Publishes stream 0 and gives the server time to see it. */
async function publishOne(contestant: Contestant): Promise<void> {
  const url = await contestant.publishUrl(0);
  if (url === '') return;
  await sources.request('publish', { url });
  await pause(1_000);
}

async function measure(contestant: Contestant, protocol: ViewerProtocol, count: number, suffix = ''): Promise<Measured> {
  await using viewers = worker();
  await viewers.request('open', { protocol, url: contestant.viewUrl(protocol, 0) + suffix, count, reading: true });
  await pause(WARM_UP_MS);
  const before = cpuSec(contestant.pids);
  const report = await viewers.request('measure', { forMs: FOR_MS });
  const used = cpuSec(contestant.pids) - before;
  return { ...report, viewers: count, cpuPerGbit: used / ((report.bytes * 8) / 1e9), memoryMb: memoryOf(contestant) };
}

const results = new Map<string, Map<number, Measured>>();

async function run(
  start: () => Promise<Contestant>,
  ways: readonly (readonly [label: string, protocol: ViewerProtocol, suffix?: string])[],
): Promise<void> {
  await using contestant = await start();
  await publishOne(contestant);
  // A server has usually run for a while: what is compiled in its first seconds is not counted for whatever comes first.
  const [first] = ways;
  if (first !== undefined) await measure(contestant, first[1], VIEWERS.at(-1) ?? 1, first[2]);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [label, protocol, suffix] of ways) {
      for (const count of VIEWERS) note(label, await measure(contestant, protocol, count, suffix));
    }
  }
  await sources.request('stop', null);
}

/** Prints it, and keeps the least of each way to watch. */
function note(label: string, measured: Measured): void {
  const { bytes, cpuPerGbit, memoryMb, p99GapMs, stalled, viewers } = measured;
  const ofLabel = results.get(label) ?? new Map<number, Measured>();
  const best = ofLabel.get(viewers);
  if (best === undefined || cpuPerGbit < best.cpuPerGbit) ofLabel.set(viewers, measured);
  results.set(label, ofLabel);
  const kbps = (bytes * 8) / FOR_MS / viewers;
  const figures = [
    cpuPerGbit.toFixed(3).padStart(7),
    kbps.toFixed(0).padStart(11),
    `${memoryMb.toFixed(0)} MB`.padStart(8),
    String(stalled).padStart(7),
    p99GapMs.toFixed(0).padStart(9),
  ];
  console.log(`${label.padEnd(30)}${String(viewers).padStart(8)}${figures.join('  ')}`);
}

function compare(label: string, reference: string, target: number): void {
  const most = VIEWERS.at(-1) ?? 0;
  const [ours, theirs] = [results.get(label)?.get(most), results.get(reference)?.get(most)];
  if (ours === undefined || theirs === undefined) return;
  const ratio = ours.cpuPerGbit / theirs.cpuPerGbit;
  const verdict = ratio <= target && ours.stalled === 0 ? 'met' : 'MISSED';
  const judged = most >= TARGET_VIEWERS ? verdict : `is for ${TARGET_VIEWERS} viewers`;
  console.log(`  ${label} at ${most}: ${ratio.toFixed(2)} x ${reference}; target at most ${target}: ${judged}`);
}

const floorLoad = (everyMs: number): FloorLoad => ({ bytes: Math.round((KBPS / 8) * everyMs), everyMs });

async function compareFanOut(): Promise<void> {
  console.log('fan-out of one stream of 2.05 Mbit/s');
  console.log(`${''.padEnd(30)} viewers  s/Gbit  kbit/s each   memory  stalled  p99 gap ms`);
  await run(
    () => startCardea({ channels: 1 }),
    [
      ['Cardea, HTTP-FLV', 'flv'],
      ['Cardea, WebSocket', 'ws'],
      ['Cardea, HTTP-FLV, relaxed', 'flv', '&latency=relaxed'],
      ['Cardea, WebSocket, relaxed', 'ws', '&latency=relaxed'],
    ],
  );
  await run(() => startCardea({ channels: 1, tls: true }), [['Cardea, HTTP-FLV, TLS', 'flv']]);
  await run(startNodeMediaServer, [['node-media-server', 'flv']]);
  if (hasNginx()) await run(startNginx, [['nginx with RTMP', 'rtmp']]);
  else console.log('nginx with RTMP is not compared: apt-get install nginx libnginx-mod-rtmp');
  if (!hasCompiler()) console.log('there is no floor without gcc: apt-get install gcc');
  for (const everyMs of hasCompiler() ? [FLOOR_MS, RELAXED_FLOOR_MS] : []) {
    await run(() => startFloor(floorLoad(everyMs)), [[`floor, ${everyMs} ms`, 'raw']]);
  }
  await run(() => startNodeFloor(floorLoad(FLOOR_MS)), [['floor in Node', 'raw']]);
  await run(() => startNodeFloor({ ...floorLoad(FLOOR_MS), tls: true }), [['floor in Node, TLS', 'raw']]);
  for (const label of ['Cardea, HTTP-FLV', 'Cardea, WebSocket']) {
    compare(label, 'node-media-server', 0.3);
    compare(label, 'nginx with RTMP', 0.55);
  }
  compare('Cardea, HTTP-FLV, TLS', 'Cardea, HTTP-FLV', 1.6);
  compare('floor in Node, TLS', 'floor in Node', 1.6);
  for (const label of ['Cardea, HTTP-FLV, relaxed', 'Cardea, WebSocket, relaxed']) {
    compare(label, 'node-media-server', 0.15);
    compare(label, 'nginx with RTMP', 0.3);
    compare(label, `floor, ${RELAXED_FLOOR_MS} ms`, 2.2);
  }
}

async function compareStalled(): Promise<void> {
  await using cardea = await startCardea({ channels: 1 });
  await publishOne(cardea);
  await using healthy = worker();
  await using stalled = worker();
  await healthy.request('open', { protocol: 'flv', url: cardea.viewUrl('flv', 0), count: 50, reading: true });
  await pause(WARM_UP_MS);
  const alone = await healthy.request('measure', { forMs: FOR_MS });
  const memoryMb = memoryOf(cardea);
  await stalled.request('open', { protocol: 'flv', url: cardea.viewUrl('flv', 0), count: 20, reading: false });
  const beside = await healthy.request('measure', { forMs: FOR_MS });
  const grownMb = memoryOf(cardea) - memoryMb;
  const worseMs = beside.p99GapMs - alone.p99GapMs;
  console.log('50 viewers, then 20 more that read nothing');
  console.log(
    `  p99 gap ${alone.p99GapMs.toFixed(0)} ms, then ${beside.p99GapMs.toFixed(0)} ms; target at most 50 ms worse: ${worseMs <= 50 ? 'met' : 'MISSED'}`,
  );
  console.log(`  memory grew by ${grownMb.toFixed(0)} MB; target at most 64 MB: ${grownMb <= 64 ? 'met' : 'MISSED'}`);
  await sources.request('stop', null);
}

async function measurePublishers(start: () => Promise<Contestant>): Promise<number> {
  await using contestant = await start();
  const emptyMb = memoryOf(contestant);
  for (let index = 0; index < PUBLISHERS; index += 1) await sources.request('publish', { url: await contestant.publishUrl(index) });
  await pause(WARM_UP_MS);
  const before = cpuSec(contestant.pids);
  await pause(FOR_MS);
  const share = (cpuSec(contestant.pids) - before) / (FOR_MS / 1_000);
  const perStreamMb = (memoryOf(contestant) - emptyMb) / PUBLISHERS;
  console.log(`  ${contestant.name.padEnd(20)} ${(100 * share).toFixed(0)} % of a core, ${perStreamMb.toFixed(2)} MB for each stream`);
  await sources.request('stop', null);
  return share;
}

async function comparePublishers(): Promise<void> {
  console.log(`${PUBLISHERS} publishers that nobody watches`);
  const ours = await measurePublishers(() => startCardea({ channels: PUBLISHERS }));
  if (!hasNginx()) return;
  const ratio = ours / (await measurePublishers(startNginx));
  console.log(`  ${ratio.toFixed(2)} x nginx with RTMP; target at most 1.3: ${ratio <= 1.3 ? 'met' : 'MISSED'}`);
}

if (wants('fanout')) await compareFanOut();
if (wants('stalled')) await compareStalled();
if (wants('publishers')) await comparePublishers();
