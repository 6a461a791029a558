import type { Track } from './access-unit.ts';
import { type Box, BoxReader, fileBoxes } from './box-reader.ts';
import { maxMoofBytes } from './limits.ts';
import { malformed } from './media-error.ts';
import { readMovieFragment } from './movie-fragment.ts';
import { readMovie } from './recorded-segment.ts';

/** Fragments as they stand in a recorded object, one behind the other. */
export interface MovedSegment {
  readonly bytes: Uint8Array;
  readonly fragments: number;
}

export interface SegmentMove {
  /** Where the first picture is to be presented, in milliseconds; the other tracks keep their distance to it. */
  readonly atMs: number;
  /** Number of the first fragment; the others count on. */
  readonly sequence: number;
}

interface Patch {
  readonly offset: number;
  readonly value: number;
  readonly bytes: 4 | 8;
}

/** Where the fragments of an object lie. */
interface Layout {
  readonly tracks: readonly Track[];
  readonly moofs: readonly Box[];
  readonly begin: number;
  readonly end: number;
}

/** Fields of tfhd (8.8.7) and trun (8.8.8) that have to stand in one of the two, so that a fragment needs no moov of its own. */
const tfhdFields = { duration: 0x8, size: 0x10, flags: 0x20 } as const;
const trunFields = { duration: 0x100, size: 0x200, flags: 0x400 } as const;
const baseOffsetPresent = 0x1;
const descriptionPresent = 0x2;
const defaultBaseIsMoof = 0x2_0000;
const UINT32 = 0x1_0000_0000;

/**
 * Moves a self-contained object of fragmented MP4 in time, in place: `bytes` are changed, and the answer is the part of them with
 * its fragments, to go behind an init segment with the same tracks. `undefined`, with nothing changed, when the object has
 * something that cannot be taken over as it stands; then it has to be taken apart (`readRecordedSegment`).
 * @throws MediaError OBJECT_MISMATCH when it is no such object
 */
export function moveSegment(bytes: Uint8Array, { atMs, sequence }: SegmentMove): MovedSegment | undefined {
  const layout = layoutOf(bytes);
  const video = layout?.tracks.find(({ kind }) => kind === 'video');
  const originSec = layout && video && presentationOf(bytes, layout, video);
  if (layout === undefined || originSec === undefined) return undefined;
  const patches: Patch[] = [];
  for (const [index, moof] of layout.moofs.entries()) {
    const boxes = new BoxReader(bytes);
    const found = patchesOf(boxes, moof, { tracks: layout.tracks, shiftSec: atMs / 1_000 - originSec });
    if (found === undefined) return undefined;
    const mfhd = boxes.need(moof, 'mfhd');
    patches.push({ offset: mfhd.bodyOffset + 4, value: (sequence + index) % UINT32, bytes: 4 }, ...found);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { offset, value, bytes: width } of patches) {
    if (width === 8) view.setUint32(offset, Math.floor(value / UINT32));
    view.setUint32(offset + width - 4, value % UINT32);
  }
  return { bytes: bytes.subarray(layout.begin, layout.end), fragments: layout.moofs.length };
}

/** Pairs of moof and mdat without anything in between; what stands before and behind them is left out. */
function layoutOf(bytes: Uint8Array): Layout | undefined {
  let tracks: readonly Track[] | undefined;
  const moofs: Box[] = [];
  let begin = 0;
  let end = 0;
  for (const box of fileBoxes(bytes)) {
    if (box.type === 'moov') tracks = readMovie(bytes.subarray(box.offset, box.end));
    if (box.type !== 'moof' && box.type !== 'mdat') continue;
    if (moofs.length === 0) begin = box.offset;
    else if (box.offset !== end) return undefined;
    if (box.type === 'moof') moofs.push(box);
    end = box.end;
  }
  if (tracks === undefined) throw malformed('no moov');
  return moofs.length === 0 || moofs[0]?.offset !== begin ? undefined : { tracks, moofs, begin, end };
}

/** When the first picture is presented now, in seconds. */
function presentationOf(bytes: Uint8Array, { tracks, moofs }: Layout, video: Track): number | undefined {
  for (const moof of moofs) {
    if (moof.end - moof.offset > maxMoofBytes) throw malformed('moof is too large');
    const parts = readMovieFragment(new BoxReader(bytes), moof, { tracks, moofOffset: moof.offset, endOffset: bytes.length });
    const first = parts.find(({ track }) => track.id === video.id)?.samples[0];
    if (first !== undefined) return first.pts / video.timescale;
  }
  return undefined;
}

interface Target {
  readonly tracks: readonly Track[];
  readonly shiftSec: number;
}

function patchesOf(boxes: BoxReader, moof: Box, target: Target): readonly Patch[] | undefined {
  const patches: Patch[] = [];
  for (const traf of boxes.children(moof)) {
    if (traf.type !== 'traf') continue;
    const patch = isSelfContained(boxes, traf) ? timePatch(boxes, traf, target) : undefined;
    if (patch === undefined) return undefined;
    patches.push(patch);
  }
  return patches;
}

/** Whether nothing of the fragment depends on a moov beside the track it names, or on where in a file it stands. */
function isSelfContained(boxes: BoxReader, traf: Box): boolean {
  const children = boxes.children(traf);
  const flagsOf = (box: Box): number => boxes.body(box).u32() & 0xff_ffff;
  const [tfhd] = children.filter(({ type }) => type === 'tfhd').map(flagsOf);
  if (tfhd === undefined || (tfhd & defaultBaseIsMoof) === 0 || (tfhd & (baseOffsetPresent | descriptionPresent)) !== 0) return false;
  const runs = children.filter(({ type }) => type === 'trun').map(flagsOf);
  return (['duration', 'size', 'flags'] as const).every(
    (field) => (tfhd & tfhdFields[field]) !== 0 || runs.every((run) => (run & trunFields[field]) !== 0),
  );
}

function timePatch(boxes: BoxReader, traf: Box, { tracks, shiftSec }: Target): Patch | undefined {
  const header = boxes.body(boxes.need(traf, 'tfhd'));
  header.skip(4);
  const trackId = header.u32();
  const timescale = tracks.find(({ id }) => id === trackId)?.timescale;
  const tfdt = boxes.child(traf, 'tfdt');
  if (timescale === undefined || tfdt === undefined) return undefined;
  const time = boxes.body(tfdt);
  const version = time.u8();
  time.skip(3);
  const bytes = version === 1 ? 8 : 4;
  const value = (bytes === 8 ? time.u64() : time.u32()) + Math.round(shiftSec * timescale);
  const fits = Number.isSafeInteger(value) && value >= 0 && (bytes === 8 || value < UINT32);
  return fits ? { offset: tfdt.bodyOffset + 4, value, bytes } : undefined;
}
