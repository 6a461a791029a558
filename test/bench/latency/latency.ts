import { setTimeout as delay } from 'node:timers/promises';
import type { LiveSession } from '@cardea/api';
import { eventually } from '../../e2e/eventually.ts';
import type { Owner } from '../../e2e/owner.ts';
import { makeFilm } from '../../support/film.ts';
import { liveForms } from '../../support/live-forms.ts';
import { startPlatformProcess, unlimited } from '../../support/platform-process.ts';
import { StampedCamera, stampsIn } from '../../support/stamped-camera.ts';
import { row, summarise } from '../samples.ts';
import { readWhep } from './read-whep.ts';

/**
 * For each way to watch, on loopback: how old a picture is when its bytes arrive, by the time the camera wrote into it; and how
 * long after pressing play the first picture comes, with the stream up and from cold. 25 pictures a second, a key frame every two
 * seconds. Over HLS a player shows a picture PART-HOLD-BACK later than it arrives.
 */
const SECONDS = Number(process.argv[2] ?? 10);
const RUNS_UP = Number(process.argv[3] ?? 20);
const RUNS_COLD = 3;

const forms = { ...liveForms, whep: readWhep };

type Form = keyof typeof forms;

interface Play {
  readonly firstMs: number;
  readonly agesMs: readonly number[];
}

const open = async ({ client }: Owner, id: string): Promise<LiveSession> =>
  await client.call('live.create', { params: { id }, body: { channel: 1, stream: 'main' } });

/** Presses play and watches for `ms` from the first picture on; the pictures kept from before count as the first only. */
async function play(owner: Owner, id: string, form: Form, ms: number): Promise<Play> {
  const startedAt = performance.now();
  const { sessionId, urls } = await open(owner, id);
  const url = urls[form];
  if (url === undefined) throw new Error(`${form} is off`);
  const stopping = new AbortController();
  let firstMs: number | undefined;
  const agesMs: number[] = [];
  const onBytes = (bytes: Uint8Array): void => {
    const now = performance.now();
    const stamps = stampsIn(bytes);
    if (stamps.length === 0) return;
    if (firstMs === undefined) {
      firstMs = now - startedAt;
      void delay(ms).then(() => stopping.abort());
    } else agesMs.push(...stamps.map((stamp) => now - stamp));
  };
  await forms[form](url, { signal: stopping.signal, onBytes });
  await owner.client.call('live.delete', { params: { sessionId } });
  return { firstMs: firstMs ?? Number.NaN, agesMs };
}

async function holdBackMs(owner: Owner, id: string): Promise<number> {
  const { urls } = await open(owner, id);
  const [, seconds] = /PART-HOLD-BACK=([\d.]+)/.exec(await (await fetch(urls.hls ?? '')).text()) ?? [];
  return Number(seconds) * 1_000;
}

await using platform = await startPlatformProcess(unlimited);
const { owner } = platform;
const camera = await StampedCamera.open(owner.url, await makeFilm({ seconds: 8, kbps: 2_000, width: 1280, height: 720, gopSec: 2 }));
const { device } = camera;
await device.start();
await device.bind((await owner.client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} })).code);
await eventually('a known camera', async () => {
  const { items } = await owner.client.call('device.list');
  return items.find(({ capabilities }) => capabilities !== undefined);
});
const { urls: known } = await open(owner, device.id);
const offered = (Object.keys(forms) as Form[]).filter((form) => known[form] !== undefined);
console.log(`live, 1280x720 H.264 at 25 pictures a second, key frame every 2 s, loopback, ${SECONDS} s each`);
for (const form of offered) {
  const { agesMs } = await play(owner, device.id, form, SECONDS * 1_000);
  console.log(row(`${form}: age at arrival`, summarise(agesMs)));
  if (form === 'hls') {
    const held = await holdBackMs(owner, device.id);
    console.log(row('hls: age on screen', summarise(agesMs.map((ageMs) => ageMs + held))));
  }
  const up: number[] = [];
  for (let run = 0; run < RUNS_UP; run += 1) up.push((await play(owner, device.id, form, 0)).firstMs);
  console.log(row(`${form}: first picture, up`, summarise(up)));
}
const { items: watching } = await owner.client.call('viewer.list', { params: { id: device.id } });
for (const { sessionId } of watching) await owner.client.call('live.delete', { params: { sessionId } });
for (const form of offered) {
  const cold: number[] = [];
  for (let run = 0; run < RUNS_COLD; run += 1) {
    await eventually('the camera to stop pushing', async () => (camera.pushCount > 0 ? undefined : true));
    cold.push((await play(owner, device.id, form, 0)).firstMs);
  }
  console.log(row(`${form}: first picture, cold`, summarise(cold)));
}
console.log('targets: age ws and whep 80, hls on screen 1200; first picture median up 150, cold 800');
await device.stop();
