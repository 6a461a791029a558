import { spawn } from 'node:child_process';
import { AppError, type Clock } from '@cardea/core';

export type FrameGrab = PictureSize & (FileMoment | { readonly mp4: Uint8Array });

interface PictureSize {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** 1..100. */
  readonly quality: number;
}

interface FileMoment {
  readonly path: string;
  /** From the start of the file. */
  readonly atMs: number;
}

const GRAB_TIMEOUT_MS = 10_000;
const MAX_JPEG_BYTES = 8 * 1024 * 1024;

/**
 * One frame of a video file, or the first of an MP4 in memory, as JPEG, made by the ffmpeg on the PATH.
 * @throws AppError CAPTURE_FAILED also when there is no ffmpeg
 */
export function grabFrame(
  grab: FrameGrab,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', argumentsOf(grab), { stdio: ['pipe', 'pipe', 'ignore'], signal, killSignal: 'SIGKILL' });
    // A child that has seen enough closes its input; what failed is told by its end.
    child.stdin.on('error', () => {});
    child.stdin.end('mp4' in grab ? grab.mp4 : undefined);
    const timer = clock.setTimer(GRAB_TIMEOUT_MS, () => child.kill('SIGKILL'));
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_JPEG_BYTES) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.once('error', (cause) => {
      timer[Symbol.dispose]();
      reject(new AppError('CAPTURE_FAILED', undefined, { cause }));
    });
    child.once('close', (code) => {
      timer[Symbol.dispose]();
      if (code === 0 && sizeBytes > 0) resolve(Buffer.concat(chunks));
      else reject(new AppError('CAPTURE_FAILED', { exitCode: code }));
    });
  });
}

function argumentsOf(grab: FrameGrab): readonly string[] {
  const { width, height, quality } = grab;
  const scale = width === undefined && height === undefined ? [] : ['-vf', `scale=${width ?? -2}:${height ?? -2}`];
  // ffmpeg counts the other way: 2 is best, 31 worst.
  const qscale = Math.round(31 - ((quality - 1) / 99) * 29);
  const input = 'mp4' in grab ? ['-protocol_whitelist', 'pipe', '-f', 'mp4', '-i', 'pipe:0'] : inputOf(grab);
  const output = ['-frames:v', '1', '-an', ...scale, '-q:v', String(qscale), '-c:v', 'mjpeg', '-f', 'image2pipe', 'pipe:1'];
  return ['-nostdin', '-v', 'error', ...input, ...output];
}

function inputOf({ path, atMs }: FileMoment): readonly string[] {
  return ['-protocol_whitelist', 'file', '-ss', (atMs / 1_000).toFixed(3), '-i', `file:${path}`];
}
