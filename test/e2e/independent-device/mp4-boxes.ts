/** One box of ISO/IEC 14496-12 with its header; `body` is what follows the header. */
export interface Box {
  readonly type: string;
  readonly bytes: Buffer;
  readonly body: Buffer;
}

const NOT_A_SYNC_SAMPLE = 0x0001_0000;
const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'moof', 'traf']);

/** The boxes at the start of `bytes`, as many as are whole. */
export function boxesOf(bytes: Buffer): readonly Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    if (size < 8) throw new Error(`a box of ${size} bytes`);
    if (at + size > bytes.length) break;
    const box = bytes.subarray(at, at + size);
    boxes.push({ type: box.toString('latin1', 4, 8), bytes: box, body: box.subarray(8) });
    at += size;
  }
  return boxes;
}

/** The boxes of a byte stream, each as soon as it is whole. */
export async function* splitBoxes(stream: AsyncIterable<Buffer>): AsyncGenerator<Box> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    for (const box of boxesOf(rest)) {
      yield box;
      rest = rest.subarray(box.bytes.length);
    }
  }
}

/** The first box of `type` in `bytes`, looking into containers. */
export function findBox(bytes: Buffer, type: string): Box | undefined {
  for (const box of boxesOf(bytes)) {
    const found = box.type === type ? box : containers.has(box.type) ? findBox(box.body, type) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether the first sample of a fragment (moof and maybe more) is a key frame. */
export function startsAtKeyFrame(fragment: Buffer): boolean {
  const flags = firstSampleFlags(findBox(fragment, 'trun')?.body) ?? defaultSampleFlags(findBox(fragment, 'tfhd')?.body);
  return flags !== undefined && (flags & NOT_A_SYNC_SAMPLE) === 0;
}

function firstSampleFlags(trun: Buffer | undefined): number | undefined {
  const present = trun?.readUIntBE(1, 3) ?? 0;
  const samples = 8 + (present & 0x1 ? 4 : 0);
  if (present & 0x4) return trun?.readUInt32BE(samples);
  return present & 0x400 ? trun?.readUInt32BE(samples + (present & 0x100 ? 4 : 0) + (present & 0x200 ? 4 : 0)) : undefined;
}

function defaultSampleFlags(tfhd: Buffer | undefined): number | undefined {
  const present = tfhd?.readUIntBE(1, 3) ?? 0;
  if (!(present & 0x20)) return undefined;
  const before = (present & 0x1 ? 8 : 0) + (present & 0x2 ? 4 : 0) + (present & 0x8 ? 4 : 0) + (present & 0x10 ? 4 : 0);
  return tfhd?.readUInt32BE(8 + before);
}
