import { MediaError } from './media-error.ts';

/** A piece of a segment that can be fetched before the segment is whole. */
export interface HlsPart {
  readonly uri: string;
  readonly durationSec: number;
  /** Begins with a key frame. */
  readonly independent?: boolean;
}

export interface HlsSegment {
  /** Absent while the segment grows: only its parts can be fetched. */
  readonly uri?: string;
  /** Length as it is now. */
  readonly durationSec: number;
  /** Where its init segment is; written where it differs from that of the segment before. */
  readonly mapUri?: string;
  /** Wall clock of its first picture, Unix milliseconds. */
  readonly startAt?: number;
  /** Its times or its tracks do not follow on those of the segment before. */
  readonly discontinuity?: boolean;
  /** There is nothing at `uri`. */
  readonly gap?: boolean;
  readonly parts?: readonly HlsPart[];
}

/** How far another rendition of the same channel is. */
export interface HlsRenditionReport {
  readonly uri: string;
  /** Media sequence number of its newest segment, also a growing one. */
  readonly lastSequence: number;
  /** Newest part of that segment, from 0. */
  readonly lastPart?: number;
}

export interface HlsMediaPlaylist {
  /** Oldest first. */
  readonly segments: readonly HlsSegment[];
  /** Whole seconds that no segment exceeds when rounded; default: the longest one. Must not change while a live stream goes on. */
  readonly targetDurationSec?: number;
  /** Number of the first segment. Default 0. */
  readonly mediaSequence?: number;
  /** Discontinuities that went by before the first segment. Default 0. */
  readonly discontinuitySequence?: number;
  /** `VOD`: nothing will change; `EVENT`: only added to. Absent for a window that moves. */
  readonly type?: 'VOD' | 'EVENT';
  /** Where players begin, seconds after the beginning of the first segment. */
  readonly startOffsetSec?: number;
  /** Nothing follows. */
  readonly ended?: boolean;
  /** Every segment begins with a key frame. */
  readonly independentSegments?: boolean;
  /** Parts, and requests that wait for what comes next. */
  readonly lowLatency?: { readonly partTargetSec: number; readonly partHoldBackSec: number };
  /** The part that comes next. */
  readonly preloadHintUri?: string;
  readonly renditionReports?: readonly HlsRenditionReport[];
}

export interface HlsVariant {
  readonly uri: string;
  /** Peak bits per second, sound included. */
  readonly bandwidthBps: number;
  /** RFC 6381, comma separated. */
  readonly codecs?: string;
  readonly width?: number;
  readonly height?: number;
  /** Pictures per second. */
  readonly frameRate?: number;
}

/** EXT-X-MAP outside I-frame playlists. */
const VERSION = 6;

/**
 * A media playlist, live or recorded.
 * @throws MediaError INVALID_REQUEST for a URI that cannot stand in a playlist
 * @see RFC 8216bis 4.4
 */
export function writeMediaPlaylist(playlist: HlsMediaPlaylist): string {
  const { segments, type, ended, preloadHintUri, renditionReports = [] } = playlist;
  const lines = [...headOf(playlist)];
  if (type !== undefined) lines.push(`#EXT-X-PLAYLIST-TYPE:${type}`);
  let mapUri: string | undefined;
  for (const segment of segments) {
    lines.push(...segmentLines(segment, mapUri));
    mapUri = segment.mapUri;
  }
  if (preloadHintUri !== undefined) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI=${quoted(preloadHintUri)}`);
  for (const { uri, lastSequence, lastPart } of renditionReports) {
    const part = lastPart === undefined ? '' : `,LAST-PART=${lastPart}`;
    lines.push(`#EXT-X-RENDITION-REPORT:URI=${quoted(uri)},LAST-MSN=${lastSequence}${part}`);
  }
  if (ended === true) lines.push('#EXT-X-ENDLIST');
  return text(lines);
}

/**
 * A multivariant playlist. Players begin with the first variant.
 * @throws MediaError INVALID_REQUEST for a URI that cannot stand in a playlist
 * @see RFC 8216bis 4.4.6
 */
export function writeMasterPlaylist({
  variants,
  independentSegments,
}: {
  readonly variants: readonly HlsVariant[];
  readonly independentSegments?: boolean;
}): string {
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${VERSION}`];
  if (independentSegments === true) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  for (const { uri, bandwidthBps, codecs, width, height, frameRate } of variants) {
    const attributes = [`BANDWIDTH=${Math.ceil(bandwidthBps)}`];
    if (codecs !== undefined) attributes.push(`CODECS=${quoted(codecs)}`);
    if (width !== undefined && height !== undefined) attributes.push(`RESOLUTION=${width}x${height}`);
    if (frameRate !== undefined) attributes.push(`FRAME-RATE=${frameRate.toFixed(3)}`);
    lines.push(`#EXT-X-STREAM-INF:${attributes.join(',')}`, checked(uri));
  }
  return text(lines);
}

function headOf(playlist: HlsMediaPlaylist): readonly string[] {
  const { segments, lowLatency, mediaSequence = 0, discontinuitySequence = 0, independentSegments } = playlist;
  const longestSec = segments.reduce((longest, { durationSec }) => Math.max(longest, Math.round(durationSec)), 1);
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${VERSION}`];
  if (independentSegments === true) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  lines.push(`#EXT-X-TARGETDURATION:${playlist.targetDurationSec ?? longestSec}`);
  if (playlist.startOffsetSec !== undefined) lines.push(`#EXT-X-START:TIME-OFFSET=${seconds(playlist.startOffsetSec)},PRECISE=YES`);
  if (lowLatency !== undefined) {
    lines.push(`#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(lowLatency.partHoldBackSec)}`);
    lines.push(`#EXT-X-PART-INF:PART-TARGET=${seconds(lowLatency.partTargetSec)}`);
  }
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${mediaSequence}`);
  if (discontinuitySequence > 0) lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}`);
  return lines;
}

function segmentLines(segment: HlsSegment, mapBefore: string | undefined): readonly string[] {
  const { uri, durationSec, mapUri, startAt, discontinuity, gap, parts = [] } = segment;
  const lines: string[] = [];
  if (discontinuity === true) lines.push('#EXT-X-DISCONTINUITY');
  if (mapUri !== undefined && mapUri !== mapBefore) lines.push(`#EXT-X-MAP:URI=${quoted(mapUri)}`);
  if (startAt !== undefined) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(startAt).toISOString()}`);
  if (gap === true) lines.push('#EXT-X-GAP');
  for (const part of parts) {
    const independent = part.independent === true ? ',INDEPENDENT=YES' : '';
    lines.push(`#EXT-X-PART:DURATION=${seconds(part.durationSec)},URI=${quoted(part.uri)}${independent}`);
  }
  if (uri !== undefined) lines.push(`#EXTINF:${seconds(durationSec)},`, checked(uri));
  return lines;
}

/** Decimal seconds to the tenth of a millisecond: enough that the sum over an hour is true to a frame. */
function seconds(value: number): string {
  return value.toFixed(4);
}

function quoted(value: string): string {
  return `"${checked(value)}"`;
}

function checked(value: string): string {
  if (value === '' || value.startsWith('#') || /["\r\n]/.test(value)) {
    throw new MediaError('INVALID_REQUEST', 'a URI of a playlist holds neither quotes nor line breaks');
  }
  return value;
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
