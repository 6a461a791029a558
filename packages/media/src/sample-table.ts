import type { SampleEntry, Track } from './access-unit.ts';
import type { Box, BoxReader } from './box-reader.ts';
import type { ByteCursor } from './byte-cursor.ts';
import { maxSamplesPerTrack } from './limits.ts';
import { malformed } from './media-error.ts';

/**
 * Expands the sample table of a track (ISO/IEC 14496-12, 8.6.1, 8.7) into one entry per sample, in decode order, with
 * media times.
 * @throws MediaError OBJECT_MISMATCH when the tables disagree or a sample lies outside the file
 */
export function readSampleTable(boxes: BoxReader, stbl: Box, { track, fileBytes }: { track: Track; fileBytes: number }): SampleEntry[] {
  const tables = boxes.children(stbl);
  const find = (type: string): ByteCursor | undefined => {
    const box = tables.find((table) => table.type === type);
    return box && boxes.body(box);
  };
  const sizes = new SampleSizes(find('stsz'), find('stz2'), fileBytes);
  const durations = new RunLengths(find('stts'));
  const offsets = new RunLengths(find('ctts'));
  const isKeyframe = track.kind === 'audio' ? () => true : keyframeTest(find('stss'));
  const samples: SampleEntry[] = [];
  let dts = 0;
  forEachChunk({ chunkOffsets: readChunkOffsets(find('stco'), find('co64')), runs: find('stsc') }, (chunkOffset, chunkSamples) => {
    let offset = chunkOffset;
    const end = Math.min(sizes.count, samples.length + chunkSamples);
    while (samples.length < end) {
      const sizeBytes = sizes.next();
      if (offset + sizeBytes > fileBytes) throw malformed('a sample lies outside the file');
      const duration = durations.next();
      const keyframe = isKeyframe(samples.length + 1);
      samples.push({ dts, pts: dts + (offsets.next() | 0), duration, keyframe, offset, sizeBytes });
      dts += duration;
      offset += sizeBytes;
    }
  });
  if (samples.length < sizes.count) throw malformed(`${sizes.count} samples declared, chunks for ${samples.length}`);
  return samples;
}

/** stsz and stz2 (8.7.3). */
class SampleSizes {
  readonly count: number;
  readonly #cursor: ByteCursor;
  readonly #fieldBits: number;
  readonly #constantBytes: number;
  #halfByte: number | undefined;

  constructor(stsz: ByteCursor | undefined, stz2: ByteCursor | undefined, fileBytes: number) {
    const cursor = stsz ?? stz2;
    if (cursor === undefined) throw malformed('stbl has no sample sizes');
    cursor.skip(4);
    const first = cursor.u32();
    this.#cursor = cursor;
    this.#constantBytes = stsz === undefined ? 0 : first;
    this.#fieldBits = stsz === undefined ? first & 0xff : 32;
    if (![4, 8, 16, 32].includes(this.#fieldBits)) throw malformed(`stz2 has fields of ${this.#fieldBits} bits`);
    this.count = cursor.u32();
    const neededBytes = this.#constantBytes === 0 ? Math.ceil((this.count * this.#fieldBits) / 8) : this.count * this.#constantBytes;
    if (neededBytes > (this.#constantBytes === 0 ? cursor.left : fileBytes)) throw malformed(`${this.count} samples declared, not there`);
    if (this.count > maxSamplesPerTrack) throw malformed(`a track with ${this.count} samples`);
  }

  next(): number {
    if (this.#constantBytes !== 0) return this.#constantBytes;
    if (this.#fieldBits === 32) return this.#cursor.u32();
    if (this.#fieldBits === 16) return this.#cursor.u16();
    if (this.#fieldBits === 8) return this.#cursor.u8();
    const low = this.#halfByte;
    if (low !== undefined) {
      this.#halfByte = undefined;
      return low;
    }
    const pair = this.#cursor.u8();
    this.#halfByte = pair & 0xf;
    return pair >> 4;
  }
}

/** stts and ctts (8.6.1): runs of equal values; the last value goes on when the runs are too few, 0 without any. */
class RunLengths {
  readonly #cursor: ByteCursor | undefined;
  #runsLeft = 0;
  #samplesLeft = 0;
  #value = 0;

  constructor(cursor: ByteCursor | undefined) {
    this.#cursor = cursor;
    if (cursor === undefined) return;
    cursor.skip(4);
    this.#runsLeft = cursor.count(cursor.u32(), 8);
  }

  next(): number {
    while (this.#samplesLeft === 0 && this.#runsLeft > 0 && this.#cursor !== undefined) {
      this.#samplesLeft = this.#cursor.u32();
      this.#value = this.#cursor.u32();
      this.#runsLeft -= 1;
    }
    if (this.#samplesLeft > 0) this.#samplesLeft -= 1;
    return this.#value;
  }
}

/** stss (8.6.2): numbers of the key frames from 1, rising; without it every sample is one. Ask in rising order. */
function keyframeTest(stss: ByteCursor | undefined): (sampleNumber: number) => boolean {
  if (stss === undefined) return () => true;
  stss.skip(4);
  let left = stss.count(stss.u32(), 4);
  let next = 0;
  return (sampleNumber) => {
    while (next < sampleNumber && left > 0) {
      next = stss.u32();
      left -= 1;
    }
    return next === sampleNumber;
  };
}

/** stco and co64 (8.7.5). */
function* readChunkOffsets(stco: ByteCursor | undefined, co64: ByteCursor | undefined): Generator<number> {
  const cursor = stco ?? co64;
  if (cursor === undefined) throw malformed('stbl has no chunk offsets');
  cursor.skip(4);
  const chunks = cursor.count(cursor.u32(), stco === undefined ? 8 : 4);
  for (let i = 0; i < chunks; i += 1) yield stco === undefined ? cursor.u64() : cursor.u32();
}

interface Chunks {
  readonly chunkOffsets: Iterable<number>;
  readonly runs: ByteCursor | undefined;
}

/** Goes through the chunks with the number of samples stsc (8.7.4) gives each. */
function forEachChunk({ chunkOffsets, runs }: Chunks, visit: (offset: number, samples: number) => void): void {
  if (runs === undefined) throw malformed('stbl has no stsc');
  runs.skip(4);
  let runsLeft = runs.count(runs.u32(), 12);
  let chunk = 0;
  let samples = 0;
  let nextRunStart = 1;
  let nextRunSamples = 0;
  for (const offset of chunkOffsets) {
    chunk += 1;
    while (nextRunStart <= chunk) {
      samples = nextRunSamples;
      if (runsLeft === 0) {
        nextRunStart = Number.POSITIVE_INFINITY;
      } else {
        nextRunStart = runs.u32();
        nextRunSamples = runs.u32();
        runs.skip(4);
        runsLeft -= 1;
      }
    }
    visit(offset, samples);
  }
}
