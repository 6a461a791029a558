import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What tells whose picture it is, in the picture itself: text in the coded video and in the file of a still, and one colour all over. */
export interface Mark {
  /** Letters, digits and `-`. */
  readonly name: string;
  readonly color: 'red' | 'blue';
}

export interface MarkedPictures {
  /** Fragmented MP4, H.264, 25 pictures a second for 2 s; every fifth is a key frame with the name in an SEI message. */
  readonly film: Uint8Array;
  /** With the name in a comment. */
  readonly jpeg: Uint8Array;
}

const PREFIX = 'cardea-mark=';
const UUID = 'b57c1e7a9d3f4c68b57c1e7a9d3f4c68';
const JPEG_START_BYTES = 2;
const JPEG_COMMENT = 0xfffe;
const ffmpeg = promisify(execFile);

export async function makeMarkedPictures({ name, color }: Mark): Promise<MarkedPictures> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-marked-'));
  const [video, still] = [join(directory, 'film.mp4'), join(directory, 'still.jpg')];
  const source = ['-v', 'error', '-y', '-f', 'lavfi', '-i', `color=c=${color}:size=320x240:rate=25:duration=2`];
  const coder = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '5',
    '-bf',
    '0',
    '-pix_fmt',
    'yuv420p',
    '-x264-params',
    'repeat-headers=1',
  ];
  const marking = ['-bsf:v', `h264_metadata=sei_user_data=${UUID}+${PREFIX}${name}`];
  await Promise.all([
    ffmpeg('ffmpeg', [...source, ...coder, ...marking, '-movflags', 'frag_keyframe+empty_moov+default_base_moof', video]),
    ffmpeg('ffmpeg', [...source, '-frames:v', '1', still]),
  ]);
  const [film, plain] = await Promise.all([readFile(video), readFile(still)]);
  await rm(directory, { recursive: true });
  const comment = Buffer.from(PREFIX + name, 'latin1');
  const head = Buffer.alloc(4);
  head.writeUInt16BE(JPEG_COMMENT);
  head.writeUInt16BE(comment.length + 2, 2);
  const jpeg = Buffer.concat([plain.subarray(0, JPEG_START_BYTES), head, comment, plain.subarray(JPEG_START_BYTES)]);
  return { film, jpeg };
}

/** The names in the pictures that stand in `bytes`, however they are packed. */
export function marksIn(bytes: Uint8Array): ReadonlySet<string> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return new Set([...text.matchAll(/cardea-mark=([\w-]+)/g)].map(([, name = '']) => name));
}

/** The colour a decoded JPEG has all over. */
export async function colorOf(jpeg: Uint8Array): Promise<Mark['color'] | 'other'> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-color-'));
  const path = join(directory, 'picture.jpg');
  await writeFile(path, jpeg);
  const pixel = ['-vf', 'scale=1:1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const { stdout } = await ffmpeg('ffmpeg', ['-v', 'error', '-i', path, ...pixel], { encoding: 'buffer' });
  await rm(directory, { recursive: true });
  const [red = 0, green = 0, blue = 0] = stdout;
  if (red > 150 && green < 100 && blue < 100) return 'red';
  return blue > 150 && green < 100 && red < 100 ? 'blue' : 'other';
}
