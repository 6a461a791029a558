import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Small files as ffmpeg makes them. */
export interface Corpus {
  /** H.264 with B pictures, and AAC. */
  readonly mp4: Uint8Array;
  readonly fragmentedMp4: Uint8Array;
  readonly h265Mp4: Uint8Array;
  readonly flv: Uint8Array;
  readonly jpeg: Uint8Array;
}

const run = promisify(execFile);

export async function makeCorpus(): Promise<Corpus> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-fuzz-'));
  const make = async (name: string, ...options: readonly string[]): Promise<Uint8Array> => {
    const path = join(directory, name);
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...options, path]);
    return Uint8Array.from(await readFile(path));
  };
  try {
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=25:duration=0.4'];
    const tone = ['-f', 'lavfi', '-i', 'sine=sample_rate=16000:duration=0.4'];
    const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-pix_fmt', 'yuv420p', '-threads', '1'];
    const h265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:pools=1', '-frames:v', '5'];
    const aac = ['-c:a', 'aac', '-b:a', '24k'];
    const mp4 = await make('a.mp4', ...picture, ...tone, ...h264, ...aac);
    const from = ['-i', join(directory, 'a.mp4'), '-c', 'copy'];
    return {
      mp4,
      fragmentedMp4: await make('f.mp4', ...from, '-movflags', 'frag_every_frame+empty_moov'),
      h265Mp4: await make('h.mp4', ...picture, ...h265),
      flv: await make('a.flv', ...from),
      jpeg: await make('a.jpg', ...picture, '-frames:v', '1'),
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}
