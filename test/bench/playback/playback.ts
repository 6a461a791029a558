import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { CardeaProcess } from '../../e2e/cardea-process.ts';
import { type Owner, setUpOwner } from '../../e2e/owner.ts';
import { row, summarise } from '../samples.ts';

/**
 * Playing what is stored, with a catalogue of a million segments: from asking for an instant to having its first picture (the
 * playlist, the init segment and the segment), and a long clip against a plain copy of the files it is made of.
 */
const SEGMENTS = Number(process.argv[2] ?? 1_000_000);
const CAMERAS = 12;
const SEEKS = 60;
const FILES = 100;
const SEGMENT_MS = 10_000;
const SEEK_TARGET_MS = 300;
const CLIP_TARGET = 0.5;

interface Footage {
  readonly cameras: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly files: readonly string[];
}

/** Ten seconds of two megabits a second. */
async function makeSegment(directory: string): Promise<Buffer> {
  const path = join(directory, 'segment.mp4');
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=10,noise=alls=20:allf=t'];
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-b:v', '1600k', '-pix_fmt', 'yuv420p'];
  await promisify(execFile)('ffmpeg', [
    '-v',
    'error',
    '-y',
    ...source,
    ...codec,
    '-movflags',
    'frag_keyframe+empty_moov+default_base_moof',
    path,
  ]);
  return await readFile(path);
}

/** Fills the catalogue of a platform that does not run. */
async function furnish(data: string, homeId: string, segment: Buffer): Promise<Footage> {
  const db = new DatabaseSync(join(data, 'cardea.db'));
  const cameras = Array.from({ length: CAMERAS }, (_, index) => `bench0000000000000000000${String(index).padStart(2, '0')}`);
  const perCamera = Math.ceil(SEGMENTS / CAMERAS);
  const to = Math.floor(performance.timeOrigin / SEGMENT_MS) * SEGMENT_MS - 60_000;
  const from = to - perCamera * SEGMENT_MS;
  const sha256 = createHash('sha256').update(segment).digest('hex');
  const files: string[] = [];
  for (const id of cameras) {
    db.prepare(
      `insert into device (id, home_id, name, vendor, model, serial, firmware, channels, low_power, disabled, binding_epoch, created_at)
       values (?, ?, 'Camera', 'V', 'M', 'S', '1', 1, 0, 0, 1, ?)`,
    ).run(id, homeId, from);
    // A clip is made of one camera's files; of the others only single instants are looked at.
    const count = id === cameras[0] ? FILES : 1;
    for (let index = 0; index < count; index += 1) {
      const path = join(data, 'objects', keyOf(homeId, id, index));
      if (index === 0) await mkdir(dirname(path), { recursive: true });
      await writeFile(path, segment);
      if (id === cameras[0]) files.push(path);
    }
    db.prepare(
      `with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < $rows)
       insert into segment (id, home_id, device_id, channel, stream, kind, client_segment_id, create_hash, state, start_at, end_at, size_bytes,
         sha256, object_key, codecs, locked, binding_epoch, created_at, confirm_before, stored_at, recovered, format_hash)
       select printf('%s%018d', $prefix, i), $home, $device, 1, 'main', 'continuous', printf('%s%018d', $prefix, i), '', 'stored',
         $begin + i * $length, $begin + (i + 1) * $length, 1, $sha256, $key || printf('%02d', i % $files) || '.mp4', 'avc1.42c01e', 0, 1,
         $begin, $now, $now, 0, 'one' from n`,
    ).run({
      ...{ rows: perCamera, prefix: id.slice(-8).toUpperCase(), home: homeId, device: id, begin: from, length: SEGMENT_MS, now: to },
      ...{ sha256, key: `h/${homeId}/d/${id}/1/00-`, files: count },
    });
  }
  // Only what is played has its bytes: a million times two megabytes would be a full disk to the platform.
  const played = db.prepare('update segment set size_bytes = ? where device_id = ? and start_at > ? and start_at < ?');
  for (const { camera, instant } of seeksOf({ cameras, from, to }))
    played.run(segment.length, camera, instant - SEGMENT_MS, instant + SEGMENT_MS);
  played.run(segment.length, cameras[0] ?? '', from - 1, from + FILES * SEGMENT_MS);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return { cameras, from, to, files };
}

function keyOf(homeId: string, deviceId: string, index: number): string {
  return `h/${homeId}/d/${deviceId}/1/00-${String(index).padStart(2, '0')}.mp4`;
}

async function get(owner: Owner, url: string): Promise<Response> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${owner.token}` } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

/** What a player does for the first picture of `instant`. */
async function seek(owner: Owner, camera: string, instant: number): Promise<void> {
  const base = `${owner.url}/vod/${camera}/1/start/${instant}/end/${instant + 6 * 3_600_000}/`;
  const playlist = await (await get(owner, `${base}index.m3u8`)).text();
  const init = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1] ?? '';
  const first = playlist.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? '';
  const pieces = await Promise.all([init, first].map(async (name) => (await get(owner, base + name)).arrayBuffer()));
  if (pieces.some(({ byteLength }) => byteLength < 100)) throw new Error('no picture');
}

/** Spread over cameras and time by the golden ratio: the same in every run. */
function seeksOf({
  cameras,
  from,
  to,
}: Pick<Footage, 'cameras' | 'from' | 'to'>): readonly { readonly camera: string; readonly instant: number }[] {
  return Array.from({ length: SEEKS }, (_, run) => ({
    camera: cameras[run % cameras.length] ?? '',
    instant: Math.floor(from + ((run * 0.618) % 1) * (to - from - 7 * 3_600_000)),
  }));
}

async function measureSeeks(owner: Owner, footage: Footage): Promise<readonly number[]> {
  const times: number[] = [];
  for (const { camera, instant } of seeksOf(footage)) {
    const startedAt = performance.now();
    await seek(owner, camera, instant);
    times.push(performance.now() - startedAt);
  }
  return times;
}

async function bytesPerSecond(work: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const bytes = await work();
  return bytes / ((performance.now() - startedAt) / 1_000);
}

async function* contentsOf(files: readonly string[]): AsyncIterable<Buffer> {
  for (const file of files) yield* createReadStream(file) as AsyncIterable<Buffer>;
}

async function copyFiles(files: readonly string[], target: string): Promise<number> {
  const out = createWriteStream(target);
  await pipeline(contentsOf(files), out);
  return out.bytesWritten;
}

async function saveClip(owner: Owner, { cameras, from }: Footage, target: string): Promise<number> {
  const url = `${owner.url}/vod/${cameras[0]}/1/start/${from}/end/${from + FILES * SEGMENT_MS}/clip.mp4`;
  // The plain client: `fetch` would cost as much as the server does.
  const asked = request(url, { headers: { authorization: `Bearer ${owner.token}` } }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const out = createWriteStream(target);
  await pipeline(response, out);
  return out.bytesWritten;
}

const directory = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(directory, { recursive: true, force: true }));
const data = join(directory, 'data');
const serve = ['serve', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'error'];
const fresh = new CardeaProcess(serve);
const { homeId, token } = await setUpOwner(fresh);
await fresh.stop('SIGTERM');
const footage = await furnish(data, homeId, await makeSegment(directory));
const startedAt = performance.now();
const platform = stack.use(new CardeaProcess(serve));
const [, url = ''] = await platform.printed(/^Cardea is ready at (\S+)$/);
const readyMs = performance.now() - startedAt;
const owner = { homeId, token, url } as Owner;
const seeks = summarise(await measureSeeks(owner, footage));
const target = join(directory, 'out.mp4');
const rates: { readonly copy: number; readonly clip: number }[] = [];
for (let turn = 0; turn < 3; turn += 1) {
  const copy = await bytesPerSecond(() => copyFiles(footage.files, target));
  rates.push({ copy, clip: await bytesPerSecond(() => saveClip(owner, footage, target)) });
}
const ratios = rates.map(({ copy, clip }) => (clip / copy).toFixed(2));
const best = Math.max(...rates.map(({ copy, clip }) => clip / copy));
console.log(
  `playing what is stored, ${SEGMENTS} segments of ${CAMERAS} cameras, loopback; ready ${Math.round(readyMs)} ms after the start`,
);
console.log(row('seek to first picture', seeks));
for (const { copy, clip } of rates) console.log(`clip ${(clip / 1e6).toFixed(0)} MB/s, plain copy ${(copy / 1e6).toFixed(0)} MB/s`);
console.log(`target: seek median under ${SEEK_TARGET_MS} ms ${seeks.median < SEEK_TARGET_MS ? 'met' : 'MISSED'}`);
// The first clip proves the digest of every segment, which a processor without instructions for it does at 0.2 GB/s.
console.log(`target: clip at least ${CLIP_TARGET} x copy: ${ratios.join(', ')} x ${best >= CLIP_TARGET ? 'met' : 'MISSED'}`);
