import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AccessUnit, bytesReader, h264NalType, h265NalType, Mp4File, splitLengthPrefixed, type Track } from '@cardea/media';

export type VideoCodec = 'h264' | 'h265' | 'av1';
export type AudioCodec = 'aac' | 'opus' | 'g711u' | 'g711a';

export interface FilmKind {
  readonly video: VideoCodec;
  readonly audio: AudioCodec;
}

/** Pictures and sound as a camera codes them, with the means to know each picture again behind any output. */
export interface Film {
  readonly kind: FilmKind;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly tracks: readonly Track[];
  /** In the order a camera sends them. */
  readonly units: readonly AccessUnit[];
  /** Number of a picture by what ffmpeg makes of its slices; see `sliceFilter`. */
  readonly pictureByHash: ReadonlyMap<string, number>;
  /** Number of a picture by its slices. */
  readonly pictureOf: (data: Uint8Array) => number | undefined;
}

const encoders = {
  h264: [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-profile:v',
    'baseline',
    '-bf',
    '0',
    '-g',
    '25',
    '-sc_threshold',
    '0',
    '-pix_fmt',
    'yuv420p',
  ],
  h265: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=25:bframes=0:pools=1'],
  av1: ['-c:v', 'libsvtav1', '-preset', '12', '-g', '25', '-svtav1-params', 'lookahead=0:pred-struct=1', '-pix_fmt', 'yuv420p'],
  aac: ['-c:a', 'aac', '-b:a', '48k'],
  opus: ['-c:a', 'libopus', '-b:a', '32k'],
  g711u: ['-c:a', 'pcm_mulaw', '-ar', '8000', '-ac', '1'],
  g711a: ['-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '1'],
} as const;

/** Slices without anything a container adds: the same bytes behind every output. */
export const sliceFilter: Readonly<Record<VideoCodec, string>> = {
  h264: 'h264_mp4toannexb,filter_units=pass_types=1-5',
  h265: 'hevc_mp4toannexb,filter_units=pass_types=0-31',
  av1: 'null',
};

const run = promisify(execFile);
const width = 320;
const height = 180;

/** Draws and encodes a film of so many seconds, 25 pictures each, a key frame every second. */
export async function makeFilm(directory: string, kind: FilmKind, seconds: number): Promise<Film> {
  const path = join(directory, `${kind.video}-${kind.audio}-${seconds}.mkv`);
  const inputs = ['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=25`, '-f', 'lavfi', '-i', 'sine=sample_rate=48000'];
  const length = ['-t', String(seconds), '-threads', '1'];
  await run('ffmpeg', ['-v', 'error', '-y', ...inputs, ...length, ...encoders[kind.video], ...encoders[kind.audio], path], {
    env: { ...process.env, SVT_LOG: '1' },
  });
  const { tracks, units } = await mediaOf(path, kind);
  const video = tracks.find((track) => track.kind === 'video');
  const pictures = units.filter(({ trackId }) => trackId === video?.id);
  const byDigest = new Map(pictures.map(({ data }, index) => [digestOf(data, kind.video), index]));
  const filter = ['-map', '0:v', '-c', 'copy', '-bsf:v', sliceFilter[kind.video], '-f', 'framemd5', 'pipe:1'];
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, ...filter], { maxBuffer: 1 << 24 });
  const hashes = stdout.split('\n').flatMap((line) => (/^0,/.test(line) ? [line.split(',').at(-1)?.trim() ?? ''] : []));
  return {
    kind,
    path,
    width,
    height,
    tracks,
    units,
    pictureByHash: new Map(hashes.map((hash, index) => [hash, index])),
    pictureOf: (data) => byDigest.get(digestOf(data, kind.video)),
  };
}

/** Fragmented MP4 is how cameras send; of G.711 it holds nothing, whose frames are cut out of the plain sound. */
async function mediaOf(path: string, { audio }: FilmKind): Promise<Pick<Film, 'tracks' | 'units'>> {
  const isPlain = audio === 'g711u' || audio === 'g711a';
  const movie = `${path}.mp4`;
  await run('ffmpeg', ['-v', 'error', '-y', '-i', path, '-map', '0:v', ...(isPlain ? [] : ['-map', '0:a']), '-c', 'copy', movie]);
  const file = await Mp4File.open(bytesReader(await readFile(movie)));
  const coded = await unitsOf(file);
  if (!isPlain) return { tracks: file.tracks, units: coded.map(({ unit }) => unit) };
  const plain = `${path}.raw`;
  await run('ffmpeg', ['-v', 'error', '-y', '-i', path, '-map', '0:a', '-c', 'copy', '-f', audio === 'g711u' ? 'mulaw' : 'alaw', plain]);
  const track = { ...plainSound, codec: audio, codecString: audio === 'g711u' ? 'ulaw' : 'alaw' };
  const sounds = framesOf(await readFile(plain)).map((unit) => ({ unit, atSec: unit.dts / track.timescale }));
  const units = [...coded, ...sounds].toSorted((a, b) => a.atSec - b.atSec || a.unit.trackId - b.unit.trackId).map(({ unit }) => unit);
  return { tracks: [...file.tracks, track], units };
}

const FRAME_BYTES = 160;
const plainSound = { kind: 'audio', id: 2, timescale: 8_000, config: new Uint8Array(), sampleRate: 8_000, channels: 1 } as const;

function framesOf(sound: Uint8Array): readonly AccessUnit[] {
  return Array.from({ length: Math.floor(sound.length / FRAME_BYTES) }, (_, index) => {
    const at = index * FRAME_BYTES;
    return { trackId: plainSound.id, dts: at, pts: at, duration: FRAME_BYTES, keyframe: true, data: sound.subarray(at, at + FRAME_BYTES) };
  });
}

async function unitsOf(file: Mp4File): Promise<readonly { readonly unit: AccessUnit; readonly atSec: number }[]> {
  const units = file.tracks.flatMap(({ id, timescale }) =>
    Array.from({ length: file.samples(id).length }, async (_, index) => {
      const unit = await file.readSample(id, index);
      return { unit, atSec: unit.dts / timescale };
    }),
  );
  return (await Promise.all(units)).sort((a, b) => a.atSec - b.atSec || a.unit.trackId - b.unit.trackId);
}

function digestOf(data: Uint8Array, codec: VideoCodec): string {
  const hash = createHash('md5');
  if (codec === 'av1') return hash.update(data).digest('hex');
  for (const nalUnit of splitLengthPrefixed(data)) {
    const isSlice = codec === 'h264' ? h264NalType(nalUnit) <= 5 : h265NalType(nalUnit) <= 31;
    if (isSlice) hash.update(nalUnit);
  }
  return hash.digest('hex');
}
