import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../e2e/eventually.ts';
import { makeFilm } from '../../support/film.ts';
import { startPlatformProcess, unlimited } from '../../support/platform-process.ts';
import { StampedCamera } from '../../support/stamped-camera.ts';
import { cpuSec } from '../fanout/servers.ts';
import { Worker } from '../gateway/requests.ts';
import type { ViewerRequests } from './viewers.ts';

/**
 * What one more viewer over WebRTC costs: CPU of the platform for 50 of them, beside the same bytes sent to as many by a bare loop of
 * the same library. Both encipher with what they agree on, AES-GCM.
 */
const VIEWERS = Number(process.argv[2] ?? 50);
const SECONDS = Number(process.argv[3] ?? 10);
const KBPS = 2_000;
/** Connecting and the first pictures are not what is measured. */
const SETTLE_MS = 3_000;

interface Cost {
  /** CPU of the server, per viewer, in thousandths of a core. */
  readonly millicores: number;
  readonly mbitPerViewer: number;
  /** CPU seconds for each gigabit that viewers got. */
  readonly secPerGigabit: number;
}

/** What `VIEWERS` cost the process `pid` besides the first one, which brings the stream about. */
async function measure(pid: number, url: string): Promise<Cost> {
  await using viewers = new Worker<ViewerRequests>(join(import.meta.dirname, 'viewers.ts'));
  const watch = async (count: number): Promise<Usage> => {
    await viewers.request('watch', { url, count });
    await delay(SETTLE_MS);
    return await usage(pid, () => viewers.request('bytes', null));
  };
  const one = await watch(1);
  const all = await watch(VIEWERS);
  const cpu = all.cpu - one.cpu;
  const gigabits = ((all.bytes - one.bytes) * 8) / 1e9;
  const millicores = (cpu / SECONDS / VIEWERS) * 1_000;
  return { millicores, mbitPerViewer: (gigabits * 1_000) / SECONDS / VIEWERS, secPerGigabit: cpu / gigabits };
}

interface Usage {
  readonly cpu: number;
  readonly bytes: number;
}

async function usage(pid: number, bytes: () => Promise<number>): Promise<Usage> {
  const before = { cpu: cpuSec([pid]), bytes: await bytes() };
  await delay(SECONDS * 1_000);
  return { cpu: cpuSec([pid]) - before.cpu, bytes: (await bytes()) - before.bytes };
}

async function measureBareLoop(): Promise<Cost> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare-loop.ts'), String(KBPS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [url]: Buffer[] = await once(child.stdout, 'data');
    return await measure(child.pid ?? 0, String(url).trim());
  } finally {
    child.kill();
  }
}

async function measurePlatform(): Promise<Cost> {
  await using platform = await startPlatformProcess(unlimited);
  const { owner, pid } = platform;
  const { device } = await StampedCamera.open(owner.url, await makeFilm({ seconds: 8, kbps: KBPS, width: 1280, height: 720, gopSec: 2 }));
  await device.start();
  await device.bind((await owner.client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} })).code);
  await eventually('a known camera', async () => {
    const { items } = await owner.client.call('device.list');
    return items.find(({ capabilities }) => capabilities !== undefined);
  });
  const { urls } = await owner.client.call('live.create', { params: { id: device.id }, body: { channel: 1, stream: 'main' } });
  if (urls.whep === undefined) throw new Error('WebRTC is off');
  const cost = await measure(pid, urls.whep);
  await device.stop();
  return cost;
}

function row(name: string, { millicores, mbitPerViewer, secPerGigabit }: Cost): string {
  const cost = `${millicores.toFixed(2).padStart(7)} thousandths of a core per viewer`;
  return `${name.padEnd(34)}${cost}   ${secPerGigabit.toFixed(2).padStart(6)} CPU s/Gbit   ${mbitPerViewer.toFixed(2)} Mbit/s each`;
}

console.log(`WebRTC, ${VIEWERS} viewers of ${KBPS / 1_000} Mbit/s for ${SECONDS} s`);
const bare = await measureBareLoop();
console.log(row('bare loop of node-datachannel', bare));
const ours = await measurePlatform();
console.log(row('cardea', ours));
console.log(`ratio per gigabit ${(ours.secPerGigabit / bare.secPerGigabit).toFixed(2)}; target at most 1.2`);
