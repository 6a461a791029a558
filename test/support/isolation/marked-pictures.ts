import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';

/** Whose picture it is and which one, to be read from the picture itself. */
export interface Mark {
  /** 0 to 255, as is `camera`. */
  readonly home: number;
  readonly camera: number;
  /** 0 to 65,535. */
  readonly sequence: number;
}

/** A picture is a chequer of black and white cells, one for each bit: mark, then check sum. */
const COLUMNS = 8;
const ROWS = 6;
const CELLS = COLUMNS * ROWS;
const MARK_BYTES = 4;
const [WIDTH, HEIGHT] = [320, 240];
const FPS = 25;
/** Between key frames, in pictures. */
const GROUP = 5;
/** What stands in the coded video besides, so that bytes nobody can decode speak too. */
const TEXT = 'cardea-mark=';
const UUID = 'b57c1e7a9d3f4c68b57c1e7a9d3f4c68';
const JPEG_START_BYTES = 2;
const JPEG_COMMENT = 0xfffe;

/** How the bytes of pictures are packed, in the words of ffmpeg. */
export type Packing = 'mp4' | 'flv' | 'h264' | 'mjpeg';

/**
 * Fragmented MP4, H.264, 25 pictures a second, every fifth a key frame; `sequence` is that of the first picture and counts on.
 * @param pictures how many
 */
export async function makeMarkedFilm(first: Mark, pictures: number): Promise<Uint8Array> {
  const marks = Array.from({ length: pictures }, (_, index) => ({ ...first, sequence: first.sequence + index }));
  const coder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', String(GROUP), '-bf', '0', '-pix_fmt', 'yuv420p'];
  const marking = ['-x264-params', 'repeat-headers=1', '-bsf:v', `h264_metadata=sei_user_data=${UUID}+${TEXT}${nameOf(first)}`];
  const packing = ['-movflags', 'frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4'];
  return await draw(marks, [...coder, ...marking, ...packing]);
}

export async function makeMarkedStill(mark: Mark): Promise<Uint8Array> {
  const plain = await draw([mark], ['-frames:v', '1', '-f', 'mjpeg']);
  const comment = Buffer.from(TEXT + nameOf(mark), 'latin1');
  const head = Buffer.alloc(4);
  head.writeUInt16BE(JPEG_COMMENT);
  head.writeUInt16BE(comment.length + 2, 2);
  return Buffer.concat([plain.subarray(0, JPEG_START_BYTES), head, comment, plain.subarray(JPEG_START_BYTES)]);
}

/** As the pictures of a camera name it in the bytes: `home-camera`. */
export function nameOf({ camera, home }: Pick<Mark, 'home' | 'camera'>): string {
  return `${home}-${camera}`;
}

/** The names in coded pictures that stand in `bytes`, however they are packed. */
export function namesIn(bytes: Uint8Array): ReadonlySet<string> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return new Set([...text.matchAll(/cardea-mark=(\d+-\d+)/g)].map(([, name = '']) => name));
}

/**
 * Decodes `bytes` and reads what the pictures say. Pictures that cannot be read, such as the last of a stream cut off, are left out.
 * @param tiles pictures that stand side by side in each
 */
export async function marksIn(bytes: Uint8Array, packing: Packing, tiles = 1): Promise<readonly Mark[]> {
  const apart = tiles > 1 ? `untile=${tiles}x1,` : '';
  const input = ['-threads', '1', '-f', packing, '-i', 'pipe:0', '-vf', `${apart}scale=${COLUMNS}:${ROWS}:flags=area,format=gray`];
  const cells = await ffmpeg([...input, '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'], bytes);
  const marks: Mark[] = [];
  for (let at = 0; at + CELLS <= cells.length; at += CELLS) marks.push(...markOf(cells.subarray(at, at + CELLS)));
  return marks;
}

async function draw(marks: readonly Mark[], coding: readonly string[]): Promise<Uint8Array> {
  const source = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${COLUMNS}x${ROWS}`, '-r', String(FPS), '-i', 'pipe:0'];
  const drawn = Buffer.concat(marks.map(cellsOf));
  return await ffmpeg([...source, '-vf', `scale=${WIDTH}:${HEIGHT}:flags=neighbor`, ...coding, 'pipe:1'], drawn);
}

function cellsOf({ camera, home, sequence }: Mark): Uint8Array {
  const bytes = Buffer.of(home, camera, sequence >> 8, sequence & 0xff, 0, 0);
  bytes.writeUInt16BE(checkSum(bytes.subarray(0, MARK_BYTES)), MARK_BYTES);
  return Uint8Array.from({ length: CELLS }, (_, bit) => (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) * 255);
}

/** One mark, or none where the check sum is wrong. */
function markOf(cells: Uint8Array): readonly Mark[] {
  const bytes = Buffer.alloc(CELLS / 8);
  for (const [bit, cell] of cells.entries()) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | ((cell > 127 ? 1 : 0) << (7 - (bit & 7)));
  if (bytes.readUInt16BE(MARK_BYTES) !== checkSum(bytes.subarray(0, MARK_BYTES))) return [];
  return [{ home: bytes.readUInt8(0), camera: bytes.readUInt8(1), sequence: bytes.readUInt16BE(2) }];
}

/** CRC-16/CCITT-FALSE, so that one black or white all over says nothing. */
function checkSum(bytes: Uint8Array): number {
  let sum = 0xffff;
  for (const byte of bytes) {
    sum ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum & 0x8000 ? (sum << 1) ^ 0x1021 : sum << 1) & 0xffff;
  }
  return sum;
}

/** What ffmpeg makes of `input`; of a broken one, as much as it can. */
async function ffmpeg(args: readonly string[], input: Uint8Array): Promise<Buffer> {
  const child = spawn('ffmpeg', ['-v', 'quiet', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return await buffer(child.stdout);
}
