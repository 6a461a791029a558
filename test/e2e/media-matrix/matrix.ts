import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PlatformProcess, startPlatformProcess, unlimited } from '../../support/platform-process.ts';
import { type Film, type FilmKind, makeFilm } from './film.ts';
import type { SentAt } from './film-player.ts';
import { overWhep } from './over-whep.ts';
import { type Carrier, PushCamera } from './push-camera.ts';
import { pushOverWhip } from './push-over-whip.ts';
import { type Pusher, pushOverRtmp, pushOverWebSocket } from './pushers.ts';
import { overFlv, overHls, overRtspTcp, overRtspUdp, overWebSocket, type Received, type Receiver } from './receivers.ts';

export interface Input {
  readonly carrier: Carrier;
  readonly film: FilmKind;
}

/** How long the first picture took from the request on, and how old pictures were that left the camera while somebody watched. */
export interface Measured {
  readonly input: string;
  readonly output: string;
  readonly firstMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
}

interface Output {
  readonly name: string;
  readonly receive: Receiver;
  /** Whether a film can be seen, and heard, here. */
  readonly shows: (film: FilmKind) => boolean;
  readonly sounds: (film: FilmKind) => boolean;
  /** Datagrams may get lost on a machine that is busy. */
  readonly isLossy?: boolean;
  /** What was kept is shown at once, so that its times say nothing. */
  readonly rushesStart?: boolean;
}

const pushers: Readonly<Record<Carrier, Pusher>> = { 'wss-fmp4': pushOverWebSocket, rtmp: pushOverRtmp, whip: pushOverWhip };
const always = (): boolean => true;
/** What browsers play in a MediaSource. */
const playable = ({ audio }: FilmKind): boolean => audio === 'aac' || audio === 'opus';

const outputs: readonly Output[] = [
  { name: 'ws', receive: overWebSocket, shows: always, sounds: playable },
  // The ffmpeg of Debian 12 knows neither H.265, AV1 nor Opus in FLV.
  { name: 'flv', receive: overFlv, shows: ({ video, audio }) => video === 'h264' && audio !== 'opus', sounds: always },
  { name: 'hls', receive: overHls, shows: always, sounds: playable },
  {
    name: 'whep',
    receive: overWhep,
    shows: ({ video }) => video === 'h264',
    sounds: ({ audio }) => audio === 'opus',
    isLossy: true,
    rushesStart: true,
  },
  { name: 'rtsp tcp', receive: overRtspTcp, shows: ({ video }) => video !== 'av1', sounds: always },
  { name: 'rtsp udp', receive: overRtspUdp, shows: ({ video }) => video !== 'av1', sounds: always, isLossy: true },
];

/** Longer than its viewing by what a busy machine needs to begin. */
const SPARE_SEC = 20;
const FPS = 25;
const GOP = 25;

/** A platform, and films to show on it. */
export class MediaMatrix implements AsyncDisposable {
  private readonly platform: PlatformProcess;
  private readonly directory: string;
  private readonly films = new Map<string, Promise<Film>>();

  private constructor(platform: PlatformProcess, directory: string) {
    this.platform = platform;
    this.directory = directory;
  }

  static async start(): Promise<MediaMatrix> {
    return new MediaMatrix(await startPlatformProcess(unlimited), await mkdtemp(join(tmpdir(), 'cardea-matrix-')));
  }

  /** Lets a camera publish and watches over all outputs that show it, at the same time. What was measured at each. */
  async watch({ carrier, film: kind }: Input, seconds: number): Promise<readonly Measured[]> {
    const film = await this.filmOf(kind, seconds + SPARE_SEC);
    const { owner } = this.platform;
    await using camera = await PushCamera.bind({ owner, carrier, film, push: pushers[carrier] });
    const { urls } = await owner.client.call('live.create', { params: { id: camera.id }, body: { channel: 1, stream: 'main' } });
    const able = outputs.filter(({ shows }) => shows(kind));
    const watched = await Promise.allSettled(
      able.map(async (output) => {
        const received = await output.receive(urls, film, seconds);
        assertShown(received, { output, film, seconds });
        return { input: `${kind.video} ${kind.audio} ${carrier}`, output: output.name, ...timesOf(received, camera.sentAt) };
      }),
    );
    const failed = watched.filter((result) => result.status === 'rejected').map(({ reason }) => String(reason));
    assert.deepEqual(failed, []);
    return watched.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  private async filmOf(kind: FilmKind, seconds: number): Promise<Film> {
    const name = `${kind.video} ${kind.audio} ${seconds}`;
    const film = this.films.get(name) ?? makeFilm(this.directory, kind, seconds);
    this.films.set(name, film);
    return await film;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.platform[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true });
  }
}

function assertShown(
  { complaints, height, pictures, sounds, width }: Received,
  { output, film, seconds }: { readonly output: Output; readonly film: Film; readonly seconds: number },
): void {
  const { name, isLossy = false, rushesStart = false } = output;
  assert.deepEqual([width, height], [film.width, film.height], `${name}: size`);
  const numbers = pictures.map(({ picture }) => picture ?? Number.NaN);
  const [first = Number.NaN] = numbers;
  const last = numbers.at(-1) ?? Number.NaN;
  assert.equal(first % GOP, 0, `${name}: begins with a key frame`);
  assert.ok(numbers.length >= seconds * FPS * (isLossy ? 0.8 : 0.95), `${name}: ${numbers.length} pictures in ${seconds} s`);
  const steps = numbers.slice(1).map((number, index) => number - (numbers[index] ?? Number.NaN));
  assert.ok(
    steps.every((step) => (isLossy ? step >= 1 : step === 1)),
    `${name}: pictures ${numbers.join(' ')}`,
  );
  const times = pictures.map(({ timeSec }) => timeSec);
  assertRising(times, `${name}: times of pictures`);
  const shownSec = (times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN);
  if (!rushesStart) assert.ok(Math.abs(shownSec - (last - first) / FPS) < 0.1, `${name}: ${shownSec} s for pictures ${first} to ${last}`);
  if (output.sounds(film.kind)) {
    assert.ok(sounds.length > seconds * 20, `${name}: ${sounds.length} frames of sound`);
    assertRising(sounds, `${name}: times of sound`);
  } else assert.equal(sounds.length, 0, `${name}: no sound`);
  if (!isLossy) assert.equal(complaints, '', `${name}: complaints`);
}

function assertRising(times: readonly number[], what: string): void {
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
    what,
  );
}

function timesOf({ openedMs, pictures }: Received, sentAt: SentAt): Pick<Measured, 'firstMs' | 'medianMs' | 'p95Ms'> {
  const [first] = pictures;
  const ages = pictures.flatMap(({ picture, atMs }) => {
    const sentMs = picture === undefined ? undefined : sentAt.get(picture);
    return sentMs === undefined || sentMs < (first?.atMs ?? 0) ? [] : [atMs - sentMs];
  });
  const sorted = ages.toSorted((a, b) => a - b);
  const percentile = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
  return { firstMs: (first?.atMs ?? Number.NaN) - openedMs, medianMs: percentile(0.5), p95Ms: percentile(0.95) };
}

/** What was measured as the lines of one table. */
export function tableOf(rows: readonly Measured[]): readonly string[] {
  const ms = (value: number): string => value.toFixed(0).padStart(8);
  const line = (input: string, output: string, cells: string): string => `${input.padEnd(20)} ${output.padEnd(9)} ${cells}`;
  const head = line('input', 'output', '   first   median     95 %');
  return [
    head,
    ...rows.map(({ input, output, firstMs, medianMs, p95Ms }) => line(input, output, `${ms(firstMs)} ${ms(medianMs)} ${ms(p95Ms)}`)),
  ];
}
