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

const outputs: readonly Output[] = [
  { name: 'ws', receive: overWebSocket, shows: always, sounds: always },
  // The ffmpeg of Debian 12 knows neither H.265 nor Opus in FLV.
  { name: 'flv', receive: overFlv, shows: ({ video, audio }) => video === 'h264' && audio === 'aac', sounds: always },
  { name: 'hls', receive: overHls, shows: always, sounds: always },
  {
    name: 'whep',
    receive: overWhep,
    shows: ({ video }) => video === 'h264',
    sounds: ({ audio }) => audio === 'opus',
    isLossy: true,
    rushesStart: true,
  },
  { name: 'rtsp tcp', receive: overRtspTcp, shows: always, sounds: always },
  { name: 'rtsp udp', receive: overRtspUdp, shows: always, sounds: always, isLossy: true },
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

  /** Lets a camera publish and watches over all outputs at the same time. Returns a line of measurements for each. */
  async watch({ carrier, film: kind }: Input, seconds: number): Promise<readonly string[]> {
    const film = await this.filmOf(kind, seconds + SPARE_SEC);
    const { owner } = this.platform;
    await using camera = await PushCamera.bind({ owner, carrier, film, push: pushers[carrier] });
    const { urls } = await owner.client.call('live.create', { params: { id: camera.id }, body: { channel: 1, stream: 'main' } });
    const able = outputs.filter(({ shows }) => shows(kind));
    const watched = await Promise.allSettled(
      able.map(async (output) => {
        const received = await output.receive(urls, film, seconds);
        assertShown(received, { output, film, seconds });
        return lineOf(output, received, camera.sentAt);
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

/** How long the first picture took, and how old pictures were that left the camera while somebody watched. */
function lineOf({ name }: Output, { openedMs, pictures }: Received, sentAt: SentAt): string {
  const [first] = pictures;
  const ages = pictures.flatMap(({ picture, atMs }) => {
    const sentMs = picture === undefined ? undefined : sentAt.get(picture);
    return sentMs === undefined || sentMs < (first?.atMs ?? 0) ? [] : [atMs - sentMs];
  });
  const sorted = ages.toSorted((a, b) => a - b);
  const percentile = (part: number): string => sorted[Math.floor(part * (sorted.length - 1))]?.toFixed(0) ?? '-';
  const firstMs = first === undefined ? '-' : (first.atMs - openedMs).toFixed(0);
  return `${name}: first picture ${firstMs} ms, end to end median ${percentile(0.5)} ms, 95 % ${percentile(0.95)} ms`;
}
