import type { SampleDefaults, SampleEntry, Track } from './access-unit.ts';
import type { Box, BoxReader } from './box-reader.ts';
import type { ByteCursor } from './byte-cursor.ts';
import { maxMoofBytes, maxSamplesPerFragment } from './limits.ts';
import { malformed } from './media-error.ts';

/** The samples one traf holds of a track, in decode order. */
export interface TrackFragment {
  readonly track: Track;
  readonly samples: readonly SampleEntry[];
}

export interface FragmentPlace {
  readonly tracks: readonly Track[];
  /** Where the moof begins, in the offsets of the samples. */
  readonly moofOffset: number;
  /** No sample may reach beyond. */
  readonly endOffset: number;
  /** Where each track's last fragment ended, for a traf without tfdt; brought up to date. Left out: tfdt is required. */
  readonly decodeTimes?: Map<number, number>;
}

/** Sample flag bits (ISO/IEC 14496-12, 8.8.3.1) of which either means not a key frame. */
const notKeyframe = 0x0101_0000;

const baseOffsetPresent = 0x1;
const descriptionPresent = 0x2;
const durationPresent = 0x8;
const sizePresent = 0x10;
const flagsPresent = 0x20;
const defaultBaseIsMoof = 0x2_0000;

const dataOffsetPresent = 0x1;
const firstFlagsPresent = 0x4;
const sampleDurationPresent = 0x100;
const sampleSizePresent = 0x200;
const sampleFlagsPresent = 0x400;
const sampleOffsetPresent = 0x800;

/**
 * Reads a moof box (8.8.4 to 8.8.12). Tracks that are not in `place.tracks` are checked and left out.
 * @throws MediaError OBJECT_MISMATCH, also beyond `maxMoofBytes` and `maxSamplesPerFragment`
 */
export function readMovieFragment(boxes: BoxReader, moof: Box, place: FragmentPlace): TrackFragment[] {
  if (moof.end - moof.offset > maxMoofBytes) throw malformed('moof is too large');
  const reader = new MovieFragmentReader(boxes, place);
  for (const box of boxes.children(moof)) if (box.type === 'traf') reader.readTraf(box);
  return reader.fragments;
}

interface TrafHeader {
  readonly trackId: number;
  readonly baseOffset: number;
  readonly defaults: SampleDefaults;
}

interface TrafState {
  readonly isAudio: boolean;
  readonly header: TrafHeader;
  readonly samples: SampleEntry[];
  dts: number;
}

class MovieFragmentReader {
  readonly fragments: TrackFragment[] = [];
  readonly #boxes: BoxReader;
  readonly #place: FragmentPlace;
  /** Where the data of a run begins that does not say so: behind the run before. */
  #dataOffset: number;
  #samples = 0;

  constructor(boxes: BoxReader, place: FragmentPlace) {
    this.#boxes = boxes;
    this.#place = place;
    this.#dataOffset = place.moofOffset;
  }

  readTraf(traf: Box): void {
    const children = this.#boxes.children(traf);
    const tfhd = children.find((box) => box.type === 'tfhd');
    if (tfhd === undefined) throw malformed('traf has no tfhd');
    const header = this.#readHeader(this.#boxes.body(tfhd));
    const { tracks, decodeTimes } = this.#place;
    const track = tracks.find(({ id }) => id === header.trackId);
    const tfdt = children.find((box) => box.type === 'tfdt');
    const dts = tfdt === undefined ? decodeTimes?.get(header.trackId) : readDecodeTime(this.#boxes.body(tfdt));
    if (dts === undefined && track !== undefined) throw malformed('traf has no tfdt');
    const state: TrafState = { isAudio: track?.kind === 'audio', header, samples: [], dts: dts ?? 0 };
    this.#dataOffset = header.baseOffset;
    for (const trun of children) if (trun.type === 'trun') this.#readRun(this.#boxes.body(trun), state);
    if (!Number.isSafeInteger(state.dts)) throw malformed('decode times are too large');
    decodeTimes?.set(header.trackId, state.dts);
    if (track !== undefined) this.fragments.push({ track, samples: state.samples });
  }

  #readHeader(cursor: ByteCursor): TrafHeader {
    const flags = cursor.u32();
    const trackId = cursor.u32();
    const trackDefaults = this.#place.tracks.find(({ id }) => id === trackId)?.defaults;
    // Without any base given, the first traf counts from the moof and each later one from the data before it.
    const impliedBase = (flags & defaultBaseIsMoof) === 0 ? this.#dataOffset : this.#place.moofOffset;
    const baseOffset = (flags & baseOffsetPresent) === 0 ? impliedBase : cursor.u64();
    if ((flags & descriptionPresent) !== 0) cursor.skip(4);
    const defaults = {
      duration: (flags & durationPresent) === 0 ? (trackDefaults?.duration ?? 0) : cursor.u32(),
      sizeBytes: (flags & sizePresent) === 0 ? (trackDefaults?.sizeBytes ?? 0) : cursor.u32(),
      flags: (flags & flagsPresent) === 0 ? (trackDefaults?.flags ?? 0) : cursor.u32(),
    };
    return { trackId, baseOffset, defaults };
  }

  #readRun(cursor: ByteCursor, state: TrafState): void {
    const flags = cursor.u32();
    const declared = cursor.u32();
    if ((flags & dataOffsetPresent) !== 0) this.#dataOffset = state.header.baseOffset + cursor.i32();
    const firstFlags = (flags & firstFlagsPresent) === 0 ? undefined : cursor.u32();
    const fields = [sampleDurationPresent, sampleSizePresent, sampleFlagsPresent, sampleOffsetPresent];
    const ownBytes = 4 * fields.filter((field) => (flags & field) !== 0).length;
    const samples = cursor.count(declared, ownBytes);
    if (samples > 0 && ownBytes === 0 && state.header.defaults.sizeBytes === 0) throw malformed('a run of samples without any bytes');
    this.#samples += samples;
    if (this.#samples > maxSamplesPerFragment) throw malformed(`a fragment with ${this.#samples} samples`);
    const { defaults } = state.header;
    for (let i = 0; i < samples; i += 1) {
      const duration = (flags & sampleDurationPresent) === 0 ? defaults.duration : cursor.u32();
      const sizeBytes = (flags & sampleSizePresent) === 0 ? defaults.sizeBytes : cursor.u32();
      const ownFlags = (flags & sampleFlagsPresent) === 0 ? defaults.flags : cursor.u32();
      const sampleFlags = i === 0 && firstFlags !== undefined ? firstFlags : ownFlags;
      // Version 0 says unsigned, but writers put negative offsets there too; none is above 2^31.
      const offset = (flags & sampleOffsetPresent) === 0 ? 0 : cursor.i32();
      this.#addSample(state, { duration, sizeBytes, sampleFlags, offset });
    }
  }

  #addSample(state: TrafState, sample: { duration: number; sizeBytes: number; sampleFlags: number; offset: number }): void {
    const { duration, sizeBytes, sampleFlags, offset } = sample;
    const { isAudio, dts } = state;
    const start = this.#dataOffset;
    if (start < 0 || start + sizeBytes > this.#place.endOffset) throw malformed('a sample lies outside its fragment');
    const keyframe = isAudio || (sampleFlags & notKeyframe) === 0;
    state.samples.push({ dts, pts: dts + offset, duration, keyframe, offset: start, sizeBytes });
    state.dts = dts + duration;
    this.#dataOffset = start + sizeBytes;
  }
}

function readDecodeTime(cursor: ByteCursor): number {
  const version = cursor.u8();
  cursor.skip(3);
  return version === 1 ? cursor.u64() : cursor.u32();
}
