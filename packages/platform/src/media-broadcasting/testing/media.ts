import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AccessUnit, bytesReader, Mp4File, type Track, type VideoTrack } from '@cardea/media';

/** 25 pictures a second in milliseconds; nothing decodes it. */
export const plainTrack: VideoTrack = {
  kind: 'video',
  id: 1,
  timescale: 1_000,
  codec: 'h264',
  codecString: 'avc1.42c01e',
  config: Uint8Array.of(1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 0, 1, 0, 0),
  width: 320,
  height: 180,
};

/** Picture number `index` of a plain track, with a key frame every `gop` pictures. */
export function picture(index: number, { gop = 25, sizeBytes = 100, trackId = 1 } = {}): AccessUnit {
  const data = new Uint8Array(sizeBytes).fill(index & 0xff);
  return { trackId, dts: index * 40, pts: index * 40, duration: 40, keyframe: index % gop === 0, data };
}

export interface Clip {
  readonly tracks: readonly Track[];
  /** In the order a camera sends them. */
  readonly units: readonly AccessUnit[];
}

const encoders = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-g', '25'],
  h265: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=25:bframes=0:pools=1'],
  av1: ['-c:v', 'libsvtav1', '-preset', '12', '-g', '25', '-svtav1-params', 'lookahead=0:pred-struct=1'],
} as const;

/** Eight seconds of H.264 or H.265 and AAC, or of AV1 and Opus, a key frame each second, made by ffmpeg in `directory`. */
export async function makeClip(directory: string, codec: keyof typeof encoders = 'h264'): Promise<Clip> {
  const path = join(directory, `clip-${codec}.mp4`);
  const video = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', ...encoders[codec]];
  const audio = ['-f', 'lavfi', '-i', 'sine=sample_rate=48000', '-c:a', codec === 'av1' ? 'libopus' : 'aac', '-b:a', '64k'];
  const inputs = [...video.slice(0, 4), ...audio.slice(0, 4)];
  const codecs = [...video.slice(4), '-pix_fmt', 'yuv420p', '-sc_threshold', '0', ...audio.slice(4)];
  await promisify(execFile)('ffmpeg', ['-v', 'error', ...inputs, '-t', '8', ...codecs, path]);
  return await readClip(await readFile(path));
}

async function readClip(bytes: Uint8Array): Promise<Clip> {
  const file = await Mp4File.open(bytesReader(bytes));
  const units: { readonly unit: AccessUnit; readonly atSec: number }[] = [];
  for (const { id, timescale } of file.tracks) {
    for (const index of file.samples(id).keys()) {
      const unit = await file.readSample(id, index);
      units.push({ unit, atSec: unit.dts / timescale });
    }
  }
  units.sort((a, b) => a.atSec - b.atSec || a.unit.trackId - b.unit.trackId);
  return { tracks: file.tracks, units: units.map(({ unit }) => unit) };
}
