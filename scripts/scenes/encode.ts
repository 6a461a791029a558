import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { SAMPLE_RATE, SAMPLES_PER_LOOP } from './ambience.ts';

const SAMPLES_PER_PACKET = 1024;
const PACKETS_PER_LOOP = SAMPLES_PER_LOOP / SAMPLES_PER_PACKET;
const ADTS_HEADER_BYTES = 7;

export interface Rendition {
  readonly width: number;
  readonly height: number;
  readonly level: string;
  readonly bitrateKbps: number;
}

/** Runs ffmpeg to its end, with `input` on its standard input. @throws Error with what ffmpeg wrote when it fails. */
export async function ffmpeg(parameters: readonly string[], input?: Uint8Array): Promise<void> {
  const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...parameters], { stdio: ['pipe', 'inherit', 'pipe'] });
  const complaint = Array.fromAsync(child.stderr);
  child.stdin.end(input);
  await Promise.all([finished(child.stdin), new Promise((resolve) => child.once('close', resolve))]);
  if (child.exitCode !== 0) throw new Error(`ffmpeg ended with ${child.exitCode}: ${Buffer.concat(await complaint).toString()}`);
}

/**
 * Writes one loop of sound as ADTS that can be repeated without a gap.
 * Three loops are encoded and the packets of the middle one are kept, so the first packet was coded after the last.
 * The encoder's delay is one packet: packet n + 1 decodes to the samples of packet n, hence the cut one packet later.
 */
export async function encodeLoopedSound(loop: Float32Array, path: string): Promise<void> {
  const bytes = Buffer.from(loop.buffer, loop.byteOffset, loop.byteLength);
  const format = ['-f', 'f32le', '-ar', String(SAMPLE_RATE), '-ac', '1'];
  await ffmpeg(
    [...format, '-i', '-', '-c:a', 'aac', '-b:a', '48k', '-aac_pns', '0', '-f', 'adts', path],
    Buffer.concat([bytes, bytes, bytes]),
  );
  const packets = splitAdts(await readFile(path));
  await writeFile(path, Buffer.concat(packets.slice(PACKETS_PER_LOOP + 1, 2 * PACKETS_PER_LOOP + 1)));
}

function splitAdts(stream: Buffer): readonly Buffer[] {
  const packets: Buffer[] = [];
  for (let offset = 0; offset + ADTS_HEADER_BYTES <= stream.length; ) {
    const sizeBytes = (stream.readUIntBE(offset + 3, 3) >> 5) & 0x1fff;
    packets.push(stream.subarray(offset, offset + sizeBytes));
    offset += sizeBytes;
  }
  return packets;
}

/** Encodes JPEG frames (a Motion JPEG file) and looped sound into one MP4 whose tracks both begin at 0 without edit lists. */
export async function encodeRendition(framesPath: string, soundPath: string, rendition: Rendition, path: string): Promise<void> {
  const rate = rendition.bitrateKbps;
  // The pictures stand still for the most part, so by default nearly all bits go into key frames and what moves gets blurred: hence qcomp.
  const video = [
    ...[
      '-vf',
      `scale=${rendition.width}:${rendition.height}:flags=area:in_range=pc:out_range=tv:in_color_matrix=bt601:out_color_matrix=bt709,format=yuv420p`,
    ],
    ...['-c:v', 'libx264', '-preset', 'slow', '-profile:v', 'high', '-level', rendition.level, '-bf', '0'],
    ...['-x264-params', `keyint=50:min-keyint=50:scenecut=0:open-gop=0:sliced-threads=0:qcomp=0.75`],
    ...['-b:v', `${rate}k`, '-maxrate', `${rate * 1.6}k`, '-bufsize', `${rate * 3}k`],
    ...['-color_range', 'tv', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
  ];
  const input = ['-f', 'mjpeg', '-framerate', '25', '-i', framesPath];
  const log = ['-passlogfile', `${path}.pass`];
  await ffmpeg([...input, ...video, '-pass', '1', ...log, '-f', 'null', '/dev/null']);
  const tracks = ['-map', '0:v', '-map', '1:a', '-c:a', 'copy', '-bsf:a', 'aac_adtstoasc', '-bsf:v', 'filter_units=remove_types=6'];
  const container = [
    '-use_editlist',
    '0',
    '-video_track_timescale',
    '90000',
    '-movflags',
    '+faststart',
    '-fflags',
    '+bitexact',
    '-map_metadata',
    '-1',
  ];
  await ffmpeg([...input, '-i', soundPath, ...video, '-pass', '2', ...log, ...tracks, ...container, path]);
}
