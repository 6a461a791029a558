import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import type { LiveSession } from '@cardea/api';
import { WebSocket } from 'ws';
import { type Film, sliceFilter } from './film.ts';

export interface ReceivedPicture {
  /** Of the film; `undefined` for one that it does not hold. */
  readonly picture: number | undefined;
  readonly timeSec: number;
  /** Milliseconds of `performance.now`. */
  readonly atMs: number;
}

/** What came out at the far end of an output. */
export interface Received {
  readonly openedMs: number;
  readonly pictures: readonly ReceivedPicture[];
  /** Seconds of each frame of sound. */
  readonly sounds: readonly number[];
  readonly width: number;
  readonly height: number;
  /** What the decoder found wrong. */
  readonly complaints: string;
}

/** Watches for so many seconds of media. */
export type Receiver = (urls: LiveSession['urls'], film: Film, seconds: number) => Promise<Received>;

/** Lets ffmpeg read `input`, name every picture by its slices, and decode everything. */
function ffmpegReceiver(inputOf: (urls: LiveSession['urls']) => readonly string[]): Receiver {
  return async (urls, film, seconds) => {
    const openedMs = performance.now();
    return await received(startFfmpeg(inputOf(urls), film, seconds), film, openedMs);
  };
}

function startFfmpeg(input: readonly string[], film: Film, seconds: number): ChildProcess {
  const length = ['-t', String(seconds)];
  const names = ['-map', '0:v', '-map', '0:a?', ...length, '-c', 'copy', '-bsf:v', sliceFilter[film.kind.video]];
  const log = ['-flush_packets', '1', '-f', 'framemd5', 'pipe:1'];
  const decoding = ['-map', '0', ...length, '-f', 'null', '-'];
  const quick = ['-v', 'error', '-nostdin', '-analyzeduration', '500000'];
  return spawn('ffmpeg', [...quick, ...input, ...names, ...log, ...decoding], { stdio: ['pipe', 'pipe', 'pipe'] });
}

async function received(ffmpeg: ChildProcess, film: Film, openedMs: number): Promise<Received> {
  const pictures: ReceivedPicture[] = [];
  const sounds: number[] = [];
  const timebases = new Map<string, number>();
  let [width, height] = [0, 0];
  let complaints = '';
  const { stdout, stderr } = ffmpeg;
  if (stdout === null || stderr === null) throw new Error('ffmpeg has no pipes');
  stderr.on('data', (bytes) => {
    complaints += String(bytes);
  });
  createInterface(stdout).on('line', (line) => {
    const [, tbIndex, numerator, denominator] = /^#tb (\d): (\d+)\/(\d+)/.exec(line) ?? [];
    if (tbIndex !== undefined) timebases.set(tbIndex, Number(numerator) / Number(denominator));
    const [, wide, high] = /^#dimensions 0: (\d+)x(\d+)/.exec(line) ?? [];
    if (wide !== undefined) [width, height] = [Number(wide), Number(high)];
    const [stream = '', , pts = '', , , hash = ''] = line.split(',').map((field) => field.trim());
    const timeSec = Number(pts) * (timebases.get(stream) ?? Number.NaN);
    if (stream === '0') pictures.push({ picture: film.pictureByHash.get(hash), timeSec, atMs: performance.now() });
    if (stream === '1') sounds.push(timeSec);
  });
  const timeout = setTimeout(() => ffmpeg.kill('SIGKILL'), 60_000);
  await once(ffmpeg, 'close');
  clearTimeout(timeout);
  return { openedMs, pictures, sounds, width, height, complaints };
}

export const overFlv = ffmpegReceiver(({ flv = '' }) => ['-i', flv]);
export const overHls = ffmpegReceiver(({ hls = '' }) => ['-live_start_index', '-1', '-i', hls]);
export const overRtspTcp = ffmpegReceiver(({ rtsp = '' }) => ['-rtsp_transport', 'tcp', '-i', rtsp]);
export const overRtspUdp = ffmpegReceiver(({ rtsp = '' }) => ['-rtsp_transport', 'udp', '-i', rtsp]);

export const overWebSocket: Receiver = async ({ ws }, film, seconds) => {
  const openedMs = performance.now();
  const ffmpeg = startFfmpeg(['-f', 'mp4', '-i', 'pipe:0'], film, seconds);
  const socket = new WebSocket(ws);
  const input: Writable | null = ffmpeg.stdin;
  // ffmpeg leaves when it has seen enough.
  input?.on('error', () => {});
  socket.on('error', () => {});
  socket.on('message', (data: Buffer, isBinary) => isBinary && input?.write(data));
  socket.on('close', () => input?.end());
  const result = await received(ffmpeg, film, openedMs);
  socket.terminate();
  return result;
};
