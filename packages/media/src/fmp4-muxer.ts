import type { AccessUnit, Track } from './access-unit.ts';
import { writeInitSegment } from './init-segment-writer.ts';
import { MediaError } from './media-error.ts';
import { sampleEntryType } from './sample-entry-writer.ts';

/** Box types as 32 bit numbers: fragments are written per frame, so no strings are taken apart. */
const moofType = 0x6d6f6f66;
const mfhdType = 0x6d666864;
const trafType = 0x74726166;
const tfhdType = 0x74666864;
const tfdtType = 0x74666474;
const trunType = 0x7472756e;
const mdatType = 0x6d646174;

const moofHeadBytes = 8 + 16;
const mdatHeadBytes = 8;
/** traf, tfhd with default sample flags, tfdt version 1, trun up to its samples. */
const trafHeadBytes = 8 + 20 + 20 + 20;
const videoSampleBytes = 16;
const audioSampleBytes = 8;

const tfhdFlags = 0x02_0020; // default-base-is-moof, default-sample-flags-present
const version1 = 0x0100_0000; // 64 bit time in tfdt, signed composition offsets in trun
const audioRunFlags = 0x301; // data-offset, sample-duration and sample-size present
const videoRunFlags = 0xf01; // and sample-flags and sample-composition-time-offsets

/** Sample flags (8.8.3.1): depends on no other; depends on others and is no sync sample. */
const syncSample = 0x0200_0000;
const dependentSample = 0x0101_0000;

/** What a fragment holds of one track, gathered before anything is written. */
interface TrackPlan {
  readonly track: Track;
  samples: number;
  payloadBytes: number;
}

interface FragmentContent {
  readonly units: readonly AccessUnit[];
  readonly sequence: number;
  readonly headBytes: number;
}

/**
 * Writes fragmented MP4 (ISO/IEC 14496-12, 8.8): one init segment for all tracks, then fragments that can be read on
 * their own. Serialise once per stream and share the bytes; a muxer keeps nothing between fragments.
 */
export class Fmp4Muxer {
  readonly tracks: readonly Track[];
  readonly #plans: readonly TrackPlan[];

  /** @throws MediaError INVALID_REQUEST without tracks, or when an id, timescale or codec string cannot be written */
  constructor(tracks: readonly Track[]) {
    const ids = new Set(tracks.map((track) => track.id));
    if (tracks.length === 0 || ids.size !== tracks.length) throw new MediaError('INVALID_REQUEST', 'tracks need ids of their own');
    for (const track of tracks) {
      sampleEntryType(track);
      if (!isPositive32(track.id) || !isPositive32(track.timescale)) {
        throw new MediaError('INVALID_REQUEST', `track ${track.id} with timescale ${track.timescale} cannot be written`);
      }
    }
    this.tracks = tracks;
    this.#plans = tracks.map((track) => ({ track, samples: 0, payloadBytes: 0 }));
  }

  /** ftyp and moov with mvex. */
  initSegment(): Uint8Array {
    return writeInitSegment(this.tracks);
  }

  /**
   * One moof (a traf per track, in the order of the muxer's tracks) and one mdat.
   * `units` of one track stand in decode order with whole, rising `dts`; tracks may be mixed. A sample lasts until the
   * next one of its track; only the last uses its own `duration`. `sequence` counts fragments, modulo 2^32.
   * The payload is copied once.
   * @throws MediaError INVALID_REQUEST for no units, an unknown track, or times a fragment cannot express
   */
  fragment(units: readonly AccessUnit[], sequence: number): Uint8Array {
    const { headBytes, payloadBytes } = this.#plan(units);
    const bytes = new Uint8Array(headBytes + payloadBytes);
    this.#writeHead(bytes, { units, sequence, headBytes });
    let at = headBytes;
    this.#forEachInOrder(units, ({ data }) => {
      bytes.set(data, at);
      at += data.length;
    });
    return bytes;
  }

  /** The bytes of `fragment` in pieces, for a gathering write: the head, then the units' own `data`, not copied. */
  fragmentParts(units: readonly AccessUnit[], sequence: number): readonly Uint8Array[] {
    const { headBytes } = this.#plan(units);
    const head = new Uint8Array(headBytes);
    this.#writeHead(head, { units, sequence, headBytes });
    const parts: Uint8Array[] = [head];
    this.#forEachInOrder(units, ({ data }) => parts.push(data));
    return parts;
  }

  #plan(units: readonly AccessUnit[]): { headBytes: number; payloadBytes: number } {
    if (units.length === 0) throw new MediaError('INVALID_REQUEST', 'a fragment needs a unit');
    for (const plan of this.#plans) {
      plan.samples = 0;
      plan.payloadBytes = 0;
    }
    for (const { trackId, data } of units) {
      const plan = this.#plans.find(({ track }) => track.id === trackId);
      if (plan === undefined) throw new MediaError('INVALID_REQUEST', `no track ${trackId}`);
      plan.samples += 1;
      plan.payloadBytes += data.length;
    }
    let headBytes = moofHeadBytes + mdatHeadBytes;
    let payloadBytes = 0;
    for (const plan of this.#plans) {
      if (plan.samples > 0) headBytes += trafBytes(plan);
      payloadBytes += plan.payloadBytes;
    }
    return { headBytes, payloadBytes };
  }

  #writeHead(head: Uint8Array, { units, sequence, headBytes }: FragmentContent): void {
    const view = new DataView(head.buffer);
    const moofBytes = headBytes - mdatHeadBytes;
    view.setUint32(0, moofBytes);
    view.setUint32(4, moofType);
    view.setUint32(8, 16);
    view.setUint32(12, mfhdType);
    view.setUint32(20, sequence);
    let at = moofHeadBytes;
    let dataOffset = headBytes;
    for (const plan of this.#plans) {
      if (plan.samples === 0) continue;
      writeTraf(new DataView(head.buffer, at, trafBytes(plan)), { plan, units, dataOffset });
      at += trafBytes(plan);
      dataOffset += plan.payloadBytes;
    }
    const mdatBytes = dataOffset - moofBytes;
    if (mdatBytes > 0xffff_ffff) throw new MediaError('INVALID_REQUEST', 'a fragment is larger than 4 GiB');
    view.setUint32(moofBytes, mdatBytes);
    view.setUint32(moofBytes + 4, mdatType);
  }

  /** In the order the payload is laid out: track by track. */
  #forEachInOrder(units: readonly AccessUnit[], visit: (unit: AccessUnit) => void): void {
    for (const { track, samples } of this.#plans) {
      if (samples === 0) continue;
      for (const unit of units) if (unit.trackId === track.id) visit(unit);
    }
  }
}

function trafBytes({ track, samples }: TrackPlan): number {
  return trafHeadBytes + samples * (track.kind === 'video' ? videoSampleBytes : audioSampleBytes);
}

interface TrafContent {
  readonly plan: TrackPlan;
  readonly units: readonly AccessUnit[];
  readonly dataOffset: number;
}

function writeTraf(view: DataView, { plan, units, dataOffset }: TrafContent): void {
  const { track, samples } = plan;
  const isVideo = track.kind === 'video';
  view.setUint32(0, view.byteLength);
  view.setUint32(4, trafType);
  view.setUint32(8, 20);
  view.setUint32(12, tfhdType);
  view.setUint32(16, tfhdFlags);
  view.setUint32(20, track.id);
  view.setUint32(24, isVideo ? dependentSample : syncSample);
  view.setUint32(28, 20);
  view.setUint32(32, tfdtType);
  view.setUint32(36, version1);
  view.setUint32(48, view.byteLength - 48);
  view.setUint32(52, trunType);
  view.setUint32(56, version1 | (isVideo ? videoRunFlags : audioRunFlags));
  view.setUint32(60, samples);
  view.setUint32(64, dataOffset);
  const baseTime = writeSamples(view, track, units);
  view.setUint32(40, Math.floor(baseTime / 0x1_0000_0000));
  view.setUint32(44, baseTime % 0x1_0000_0000);
}

/** Writes the samples of a track behind the head of its trun; returns the first decode time. */
function writeSamples(view: DataView, track: Track, units: readonly AccessUnit[]): number {
  const isVideo = track.kind === 'video';
  const sampleBytes = isVideo ? videoSampleBytes : audioSampleBytes;
  let at = trafHeadBytes;
  let previous: AccessUnit | undefined;
  let baseTime = 0;
  for (const unit of units) {
    if (unit.trackId !== track.id) continue;
    if (previous === undefined) baseTime = checkedTime(unit);
    else view.setUint32(at - sampleBytes, checkedDuration(unit.dts - previous.dts));
    view.setUint32(at, checkedDuration(unit.duration));
    view.setUint32(at + 4, unit.data.length);
    if (isVideo) {
      view.setUint32(at + 8, unit.keyframe ? syncSample : dependentSample);
      view.setInt32(at + 12, checkedOffset(unit));
    }
    previous = unit;
    at += sampleBytes;
  }
  return baseTime;
}

function checkedTime({ dts }: AccessUnit): number {
  if (!Number.isSafeInteger(dts) || dts < 0) throw new MediaError('INVALID_REQUEST', `dts ${dts} is no whole number from 0`);
  return dts;
}

function checkedOffset({ pts, dts }: AccessUnit): number {
  const offset = pts - dts;
  if (offset !== (offset | 0)) throw new MediaError('INVALID_REQUEST', `pts ${pts} is no whole number near dts ${dts}`);
  return offset;
}

function checkedDuration(ticks: number): number {
  if (ticks !== ticks >>> 0) throw new MediaError('INVALID_REQUEST', `a sample lasts ${ticks} ticks`);
  return ticks;
}

function isPositive32(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 0xffff_ffff;
}
