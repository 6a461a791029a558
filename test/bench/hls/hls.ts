import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../e2e/eventually.ts';
import { makeFilm } from '../../support/film.ts';
import { liveForms } from '../../support/live-forms.ts';
import { startPlatformProcess, unlimited } from '../../support/platform-process.ts';
import { StampedCamera } from '../../support/stamped-camera.ts';

/**
 * What low-latency HLS costs the platform beside HTTP-FLV in the same run: processor seconds for each gigabit delivered, one
 * camera of 2 Mbit/s, every player asking for each playlist and part as it comes.
 */
const PLAYERS = Number(process.argv[2] ?? 500);
const SECONDS = Number(process.argv[3] ?? 15);
const TARGET_RATIO = 1.5;
const TICKS_PER_SEC = 100;

/** User and system time of a process. Linux only. */
function cpuSec(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC;
}

await using platform = await startPlatformProcess(unlimited);
const { owner, pid } = platform;
const camera = await StampedCamera.open(owner.url, await makeFilm({ seconds: 8, kbps: 2_000, width: 1280, height: 720, gopSec: 2 }));
await camera.device.start();
await camera.device.bind((await owner.client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} })).code);
await eventually('a known camera', async () =>
  (await owner.client.call('device.list')).items.find(({ capabilities }) => capabilities !== undefined),
);

async function costOf(form: 'flv' | 'hls'): Promise<number> {
  const stopping = new AbortController();
  let bytes = 0;
  const onBytes = (piece: Uint8Array): void => {
    bytes += piece.length;
  };
  const open = async (): Promise<string> => {
    const body = { channel: 1, stream: 'main' } as const;
    return (await owner.client.call('live.create', { params: { id: camera.device.id }, body })).urls[form] ?? '';
  };
  const players: Promise<void>[] = [];
  for (let count = 0; count < PLAYERS; count += 1) players.push(liveForms[form](await open(), { signal: stopping.signal, onBytes }));
  await delay(3_000);
  const before = { bytes, cpu: cpuSec(pid) };
  await delay(SECONDS * 1_000);
  const gigabits = ((bytes - before.bytes) * 8) / 1e9;
  const cost = (cpuSec(pid) - before.cpu) / gigabits;
  stopping.abort();
  const failed = (await Promise.allSettled(players)).filter(({ status }) => status === 'rejected').length;
  const wholeMbps = (PLAYERS * 2).toFixed(0);
  console.log(
    `${form}: ${PLAYERS} players, ${((gigabits / SECONDS) * 1_000).toFixed(0)} of about ${wholeMbps} Mbit/s, ${cost.toFixed(2)} CPU s per Gbit, ${failed} failed`,
  );
  return cost;
}

const flv = await costOf('flv');
const hls = await costOf('hls');
const ratio = hls / flv;
console.log(`LL-HLS costs ${ratio.toFixed(2)} x HTTP-FLV; target at most ${TARGET_RATIO}: ${ratio <= TARGET_RATIO ? 'met' : 'MISSED'}`);
await camera.device.stop();
