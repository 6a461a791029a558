import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Probed {
  readonly codecs: readonly string[];
  readonly width: number;
  readonly height: number;
  /** Video frames that ffprobe could decode. */
  readonly frames: number;
}

const run = promisify(execFile);

/** What ffprobe makes of an MP4 file, every frame decoded. */
export async function probe(bytes: Uint8Array): Promise<Probed> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-probe-'));
  try {
    const path = join(directory, 'video.mp4');
    await writeFile(path, bytes);
    const { stdout } = await run('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', path]);
    const { streams } = JSON.parse(stdout) as {
      streams: { codec_name: string; width?: number; height?: number; nb_read_frames?: string }[];
    };
    const video = streams.find(({ width }) => width !== undefined);
    return {
      codecs: streams.map(({ codec_name }) => codec_name),
      width: video?.width ?? 0,
      height: video?.height ?? 0,
      frames: Number(video?.nb_read_frames ?? 0),
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}
