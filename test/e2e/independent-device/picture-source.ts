import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { splitBoxes, startsAtKeyFrame } from './mp4-boxes.ts';

export const width = 320;
export const height = 240;
export const fps = 25;
export const gopSec = 2;

/** What an H.264 encoder set to the Baseline profile at level 3.0 announces in RFC 6381. */
export const codecs = 'avc1.42C01E';

/** A piece of fragmented MP4: the init segment, or one frame. */
export interface Piece {
  readonly kind: 'init' | 'fragment';
  readonly key: boolean;
  readonly bytes: Buffer;
}

const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-level', '3.0', '-pix_fmt'];
const output = [...encoder, 'yuv420p', '-g', String(fps * gopSec), '-bf', '0', '-f', 'mp4', '-'];
const input = ['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${fps}`];

/** A test picture in real time, beginning with an init segment and a key frame, until the reader has enough. */
export async function* pictures(): AsyncGenerator<Piece> {
  const flags = ['-movflags', 'empty_moov+default_base_moof+frag_every_frame'];
  const ffmpeg = spawn('ffmpeg', ['-re', ...input, ...flags, ...output], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let collected: Buffer[] = [];
    for await (const { type, bytes } of splitBoxes(ffmpeg.stdout)) {
      collected.push(bytes);
      if (type !== 'moov' && type !== 'mdat') continue;
      const piece = Buffer.concat(collected);
      collected = [];
      yield { kind: type === 'moov' ? 'init' : 'fragment', key: type === 'mdat' && startsAtKeyFrame(piece), bytes: piece };
    }
  } finally {
    ffmpeg.kill('SIGKILL');
  }
}

/** A self-contained recording of `durationSec`: fragmented MP4 that begins at a key frame and ends with mfra (B7.1). */
export async function recording(durationSec: number): Promise<Buffer> {
  const flags = ['-t', String(durationSec), '-movflags', 'empty_moov+default_base_moof+frag_keyframe'];
  const { stdout } = await promisify(execFile)('ffmpeg', [...input, ...flags, ...output], { encoding: 'buffer' });
  return stdout;
}
