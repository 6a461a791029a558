import type { SampleDefaults, Track } from './access-unit.ts';
import type { Box, BoxReader } from './box-reader.ts';
import { maxTracks } from './limits.ts';
import { malformed } from './media-error.ts';
import { readSampleEntry } from './sample-entry-reader.ts';

/** A track as a moov box describes it. */
export interface MovieTrack {
  readonly track: Track;
  /** Ticks to add to a media time to get the presentation time its edit list gives it. */
  readonly presentationOffset: number;
  /** The sample table. */
  readonly stbl: Box;
}

/**
 * The tracks of a moov box that this package can carry (ISO/IEC 14496-12, 8.2 to 8.6), others left out.
 * Of an edit list only the initial empty edits and the start of the first real one count.
 * @throws MediaError OBJECT_MISMATCH
 */
export function readMovieHeader(boxes: BoxReader, moov: Box): readonly MovieTrack[] {
  const children = boxes.children(moov);
  const mvhd = children.find((box) => box.type === 'mvhd');
  const traks = children.filter((box) => box.type === 'trak');
  if (mvhd === undefined) throw malformed('moov has no mvhd');
  if (traks.length > maxTracks) throw malformed(`a movie with ${traks.length} tracks`);
  const movieTimescale = readTimescale(boxes, mvhd);
  const mvex = children.find((box) => box.type === 'mvex');
  const defaults = mvex === undefined ? new Map<number, SampleDefaults>() : readTrackExtends(boxes, mvex);
  const tracks: MovieTrack[] = [];
  for (const trak of traks) {
    const movieTrack = readTrack(boxes, trak, { movieTimescale, defaults });
    if (movieTrack === undefined) continue;
    if (tracks.some(({ track }) => track.id === movieTrack.track.id)) throw malformed(`two tracks have the id ${movieTrack.track.id}`);
    tracks.push(movieTrack);
  }
  return tracks;
}

interface MovieContext {
  readonly movieTimescale: number;
  readonly defaults: ReadonlyMap<number, SampleDefaults>;
}

function readTrack(boxes: BoxReader, trak: Box, { movieTimescale, defaults }: MovieContext): MovieTrack | undefined {
  const id = readTrackId(boxes, boxes.need(trak, 'tkhd'));
  const mdia = boxes.need(trak, 'mdia');
  const timescale = readTimescale(boxes, boxes.need(mdia, 'mdhd'));
  const stbl = boxes.need(boxes.need(mdia, 'minf'), 'stbl');
  const track = readSampleEntry(boxes, { id, timescale, stsd: boxes.need(stbl, 'stsd') });
  if (track === undefined) return undefined;
  const edts = boxes.child(trak, 'edts');
  const elst = edts && boxes.child(edts, 'elst');
  const presentationOffset = elst === undefined ? 0 : readEditList(boxes, elst, timescale / movieTimescale);
  const trackDefaults = defaults.get(id);
  return { track: trackDefaults === undefined ? track : { ...track, defaults: trackDefaults }, presentationOffset, stbl };
}

/** mvhd and mdhd begin alike. */
function readTimescale(boxes: BoxReader, box: Box): number {
  const cursor = boxes.body(box);
  const version = cursor.u8();
  cursor.skip(3 + (version === 1 ? 16 : 8));
  const timescale = cursor.u32();
  if (timescale === 0) throw malformed(`${box.type} has the timescale 0`);
  return timescale;
}

function readTrackId(boxes: BoxReader, tkhd: Box): number {
  const cursor = boxes.body(tkhd);
  const version = cursor.u8();
  cursor.skip(3 + (version === 1 ? 16 : 8));
  const id = cursor.u32();
  if (id === 0) throw malformed('a track has the id 0');
  return id;
}

function readEditList(boxes: BoxReader, elst: Box, trackTicksPerMovieTick: number): number {
  const cursor = boxes.body(elst);
  const version = cursor.u8();
  cursor.skip(3);
  const edits = cursor.count(cursor.u32(), version === 1 ? 20 : 12);
  let emptyTicks = 0;
  for (let i = 0; i < edits; i += 1) {
    const duration = version === 1 ? cursor.u64() : cursor.u32();
    const mediaTime = version === 1 ? cursor.i64() : cursor.i32();
    cursor.skip(4);
    if (mediaTime >= 0) return Math.round(emptyTicks) - mediaTime;
    emptyTicks += duration * trackTicksPerMovieTick;
  }
  return Math.round(emptyTicks);
}

/** Only the trex that say something: one that is all zero leaves nothing to default to. */
function readTrackExtends(boxes: BoxReader, mvex: Box): ReadonlyMap<number, SampleDefaults> {
  const defaults = new Map<number, SampleDefaults>();
  for (const trex of boxes.children(mvex)) {
    if (trex.type !== 'trex') continue;
    const cursor = boxes.body(trex);
    cursor.skip(4);
    const trackId = cursor.u32();
    cursor.skip(4);
    const trackDefaults = { duration: cursor.u32(), sizeBytes: cursor.u32(), flags: cursor.u32() };
    if (Object.values(trackDefaults).some((value) => value !== 0)) defaults.set(trackId, trackDefaults);
  }
  return defaults;
}
