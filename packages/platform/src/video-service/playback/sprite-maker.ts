import { spawn } from 'node:child_process';
import { AppError, type Clock, type Logger, withDeadline } from '@cardea/core';

export interface SpriteMaker {
  /**
   * One JPEG with `count` key frames of a segment side by side, each `TILE_WIDTH` pixels wide.
   * @throws AppError NOT_SUPPORTED where nothing can decode; TIMEOUT; INTERNAL_ERROR
   */
  make(media: Uint8Array, count: number): Promise<Uint8Array>;
}

export const TILE_WIDTH = 160;
const DEADLINE_MS = 10_000;
const MAX_BYTES = 2 * 1024 * 1024;

/** Decodes with ffmpeg, where it is installed; it gets bytes and gives bytes, and opens nothing. */
export function ffmpegSprites({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }): SpriteMaker {
  return {
    make: async (media, count) =>
      await withDeadline(clock, DEADLINE_MS, async (signal) => {
        const { code, output } = await run(media, count, signal);
        if (code !== 0 || output.length === 0) {
          logger.warn({ code }, 'pictures of a segment could not be decoded');
          throw new AppError('INTERNAL_ERROR');
        }
        return output;
      }),
  };
}

function run(
  media: Uint8Array,
  count: number,
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly output: Uint8Array }> {
  const filter = `scale=${TILE_WIDTH}:-2,tile=${count}x1`;
  const input = ['-v', 'error', '-protocol_whitelist', 'pipe', '-skip_frame', 'nokey', '-f', 'mp4', '-i', 'pipe:0'];
  const child = spawn('ffmpeg', [...input, '-an', '-vf', filter, '-frames:v', '1', '-q:v', '6', '-f', 'mjpeg', 'pipe:1'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    signal,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    child.once('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      reject(
        missing
          ? new AppError('NOT_SUPPORTED', undefined, { cause: error, httpStatus: 404, message: 'this platform has no decoder' })
          : error,
      );
    });
    child.stdout.on('data', (piece: Buffer) => {
      sizeBytes += piece.length;
      if (sizeBytes > MAX_BYTES) child.kill('SIGKILL');
      else pieces.push(piece);
    });
    child.once('close', (code) => resolve({ code, output: Buffer.concat(pieces) }));
    // It ends before it has read all when it has what it wants.
    child.stdin.on('error', () => {});
    child.stdin.end(media);
  });
}
