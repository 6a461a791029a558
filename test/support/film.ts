import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface FilmOptions {
  readonly seconds: number;
  readonly kbps: number;
  readonly width?: number;
  readonly height?: number;
  /** Time between two key frames; default 1. */
  readonly gopSec?: number;
  /** A tone beside the pictures, AAC of 64 kbit/s. */
  readonly sound?: boolean;
}

/** A video segment of `seconds` at about `kbps`, fragmented MP4 with a key frame every `gopSec`, drawn and encoded by ffmpeg. */
export async function makeFilm({ seconds, kbps, width = 320, height = 240, gopSec = 1, sound = false }: FilmOptions): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-film-'));
  const path = join(directory, 'film.mp4');
  // Noise does not compress, so that the encoder needs all the bits it is given.
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=25:duration=${seconds},noise=alls=60:allf=t`];
  const tone = sound ? ['-f', 'lavfi', '-i', `sine=sample_rate=48000:duration=${seconds}`] : [];
  const audio = sound ? ['-c:a', 'aac', '-b:a', '64k'] : [];
  const rate = ['-b:v', `${kbps}k`, '-minrate', `${kbps}k`, '-maxrate', `${kbps}k`, '-bufsize', `${kbps}k`];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', String(25 * gopSec), '-bf', '0', '-pix_fmt', 'yuv420p', ...rate];
  const container = ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...picture, ...tone, ...video, ...audio, ...container, path]);
  const bytes = await readFile(path);
  await rm(directory, { recursive: true });
  return bytes;
}
