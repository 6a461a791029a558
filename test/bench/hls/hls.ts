import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFilm } from '../../support/film.ts';
import { startCardea } from '../fanout/cardea.ts';
import { type Contestant, cpuSec, hasNginx, startNginxFiles, startProgram } from '../fanout/servers.ts';
import type { SourceRequests } from '../fanout/sources.ts';
import type { ViewerRequests } from '../fanout/viewers.ts';
import { Worker } from '../gateway/requests.ts';
import type { PlayerRequests } from './players.ts';

/**
 * What low-latency HLS costs the platform: processor seconds for each gigabit delivered, beside HTTP-FLV of the same stream and
 * nginx that serves the same playlists and parts as files, at the same pace, and a bare loop of Node that does. Players and the camera are processes of their own; only
 * the servers are counted. Arguments: players, seconds of each measurement, rounds; the rounds take turns, and the least of each counts.
 */
const PLAYERS = Number(process.argv[2] ?? 500);
const SECONDS = Number(process.argv[3] ?? 10);
const ROUNDS = Number(process.argv[4] ?? 2);
const WARM_UP_MS = 3_000;
const RECORDED_PARTS = 24;
/** What a player gets at once when it comes, and the first segment, which is shorter than others. */
const PARTS_BEFORE = 8;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

await using stack = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
stack.defer(() => rm(directory, { recursive: true, force: true }));
// A worker of nginx is another user.
await chmod(directory, 0o755);
const film = join(directory, 'film.mp4');
await writeFile(film, await makeFilm({ seconds: 8, kbps: 1_985, width: 1280, height: 720, gopSec: 2, sound: true }));
const sources = stack.use(new Worker<SourceRequests>(join(import.meta.dirname, '..', 'fanout', 'sources.ts')));
await sources.request('load', { path: film });
const cardea = stack.use(await startCardea({ channels: 1 }));
await sources.request('publish', { url: await cardea.publishUrl(0) });
await pause(1_000);

const playerProcess = (): Worker<PlayerRequests> => new Worker<PlayerRequests>(join(import.meta.dirname, 'players.ts'));

async function recordFiles(): Promise<{ readonly root: string; readonly everyMs: number }> {
  await using player = playerProcess();
  const { rounds, everyMs } = await player.request('record', {
    url: (await cardea.open(0)).hls ?? '',
    before: PARTS_BEFORE,
    count: RECORDED_PARTS,
  });
  const root = join(directory, 'files');
  await mkdir(root);
  for (const [number, { playlist, part }] of rounds.entries()) {
    await writeFile(join(root, `${number}.m3u8`), Buffer.from(playlist, 'base64'));
    await writeFile(join(root, `${number}.m4s`), Buffer.from(part, 'base64'));
  }
  return { root, everyMs };
}

type Measure = (forMs: number) => Promise<{ readonly bytes: number; readonly stalled: number; readonly requests?: number }>;

async function costOf(label: string, { pids }: Pick<Contestant, 'pids'>, measure: Measure): Promise<number> {
  await pause(WARM_UP_MS);
  const before = cpuSec(pids);
  const { bytes, requests, stalled } = await measure(SECONDS * 1_000);
  const used = cpuSec(pids) - before;
  const cost = used / ((bytes * 8) / 1e9);
  const each = requests === undefined ? '' : `, ${((used * 1e6) / requests).toFixed(0)} us for each of ${requests} requests`;
  const kbps = ((bytes * 8) / SECONDS / PLAYERS / 1_000).toFixed(0);
  console.log(`${label.padEnd(20)} ${cost.toFixed(3)} s/Gbit, ${kbps} kbit/s each, ${stalled} stalled${each}`);
  return cost;
}

async function costOfFlv(): Promise<number> {
  await using viewers = new Worker<ViewerRequests>(join(import.meta.dirname, '..', 'fanout', 'viewers.ts'));
  await viewers.request('open', { protocol: 'flv', url: cardea.viewUrl('flv', 0), count: PLAYERS, reading: true });
  return await costOf('Cardea, HTTP-FLV', cardea, (forMs) => viewers.request('measure', { forMs }));
}

async function costOfHls(): Promise<number> {
  await using players = playerProcess();
  const urls: string[] = [];
  for (let player = 0; player < PLAYERS; player += 1) urls.push((await cardea.open(0)).hls ?? '');
  await players.request('live', { urls });
  return await costOf('Cardea, LL-HLS', cardea, (forMs) => players.request('measure', { forMs }));
}

interface FileServer extends Pick<Contestant, 'pids'>, AsyncDisposable {
  readonly port: number;
}

type Recorded = Awaited<ReturnType<typeof recordFiles>>;

async function costOfFiles(label: string, { root, everyMs }: Recorded, start: (root: string) => Promise<FileServer>): Promise<number> {
  await using server = await start(root);
  await using players = playerProcess();
  await players.request('files', { origin: `http://127.0.0.1:${server.port}/`, players: PLAYERS, count: RECORDED_PARTS, everyMs });
  return await costOf(label, server, (forMs) => players.request('measure', { forMs }));
}

const startNodeFloor = (root: string): Promise<FileServer> =>
  startProgram(() => [process.execPath, join(import.meta.dirname, 'node-floor.ts'), root]);

function compare(reference: string, ratio: number, target: number): void {
  console.log(`LL-HLS costs ${ratio.toFixed(2)} x ${reference}; target at most ${target}: ${ratio <= target ? 'met' : 'MISSED'}`);
}

console.log(`${PLAYERS} players of one stream of 2.05 Mbit/s`);
const files = await recordFiles();
const least = new Map<string, number>();
const take = (name: string, cost: number): void => void least.set(name, Math.min(cost, least.get(name) ?? Number.POSITIVE_INFINITY));
const ratio = (name: string, reference: string): number => (least.get(name) ?? Number.NaN) / (least.get(reference) ?? Number.NaN);
for (let round = 0; round < ROUNDS; round += 1) {
  take('flv', await costOfFlv());
  take('hls', await costOfHls());
  if (hasNginx()) take('nginx', await costOfFiles('nginx, files', files, startNginxFiles));
  take('floor', await costOfFiles('floor in Node', files, startNodeFloor));
}
compare('HTTP-FLV', ratio('hls', 'flv'), 1.5);
if (hasNginx()) compare('nginx with the same bytes as files', ratio('hls', 'nginx'), 1.6);
else console.log('nginx is not compared: apt-get install nginx libnginx-mod-rtmp');
const times = (reference: string): string => `${ratio('floor', reference).toFixed(2)} x ${reference}`;
console.log(
  `A bare loop of Node that writes ready answers costs ${times('flv')} and ${times('nginx')}; ours ${ratio('hls', 'floor').toFixed(2)} x the loop`,
);
