import { type HlsSegment, writeMediaPlaylist } from '@cardea/media';
import type { LeftOut } from '../carried-by.ts';

/** A few pictures with their sound: a fragment that can be fetched before its segment is whole. */
export interface LivePart {
  readonly bytes: Uint8Array;
  /** The same behind the head of an answer. */
  readonly answer: Uint8Array;
  readonly durationSec: number;
  /** Begins with a key frame. */
  readonly independent: boolean;
}

interface LiveSegment {
  readonly sequence: number;
  readonly initVersion: number;
  /** Unix milliseconds. */
  readonly startAt: number;
  readonly discontinuity: boolean;
  readonly parts: LivePart[];
  durationSec: number;
  whole: boolean;
}

/** A place in a stream: a segment as a whole, or one of its parts, counted from 0. */
export interface HlsPosition {
  readonly sequence: number;
  readonly part?: number;
}

/** Whole segments in the playlist; players that know no parts stay three behind. */
const LISTED_SEGMENTS = 6;
/** Kept beyond those, for players that read a playlist a while ago (RFC 8216bis 6.2.2). */
const SPARE_SEGMENTS = 3;
const MAX_BYTES = 32 * 1024 * 1024;
/** A request may name what comes this many segments after the newest (RFC 8216bis 6.2.5.2). */
const SEGMENTS_AHEAD = 2;
/** Segments at the end whose parts are listed, the one of the hint included; players that play parts are within the last second. */
const SEGMENTS_WITH_PARTS = 3;
const PARTS_TO_HOLD_BACK = 3;
/** Stands where the token of a session goes. */
const TOKEN = '\u0001';

export interface HlsWindowOptions {
  /** Whole seconds. */
  readonly targetDurationSec: number;
  /** Number of the first segment. */
  readonly firstSequence: number;
  /** Follows the token in every address. */
  readonly addressSuffix?: string;
}

/** The newest segments of one stream with their parts, bounded in number and bytes, and the playlist that tells of them. */
export class HlsWindow {
  readonly targetDurationSec: number;
  private readonly segments: LiveSegment[] = [];
  private readonly inits = new Map<number, Uint8Array>();
  private initVersion = 0;
  private isInitNew = false;
  private leftOut: readonly LeftOut[] = [];
  private nextSequence: number;
  private discontinuitySequence = 0;
  private partTargetSec = 0;
  private bytes = 0;
  private readonly addressSuffix: string;
  private template: readonly string[] | undefined;

  constructor({ targetDurationSec, firstSequence, addressSuffix = '' }: HlsWindowOptions) {
    this.targetDurationSec = targetDurationSec;
    this.nextSequence = firstSequence;
    this.addressSuffix = `?token=${TOKEN}${addressSuffix}`;
  }

  get isEmpty(): boolean {
    return this.segments.length === 0;
  }

  /** Number the segment after the newest will have. */
  get followingSequence(): number {
    return this.nextSequence;
  }

  /** The newest part there is. */
  get newest(): Required<HlsPosition> | undefined {
    const last = this.segments.at(-1);
    return last && { sequence: last.sequence, part: last.parts.length - 1 };
  }

  /** What follows is read with this init segment; `leftOut` is not in it. */
  changeInit(init: Uint8Array, leftOut: readonly LeftOut[] = []): void {
    this.leftOut = leftOut;
    const current = this.inits.get(this.initVersion);
    if (current !== undefined && Buffer.compare(current, init) === 0) return;
    this.initVersion += 1;
    this.inits.set(this.initVersion, init);
    this.isInitNew = current !== undefined;
  }

  /** Adds a part to the segment that grows; when none does, it begins one, whose first picture is of `startAt`. */
  add(part: LivePart, startAt: number): void {
    let segment = this.segments.at(-1);
    if (segment === undefined || segment.whole) {
      segment = this.begin(startAt);
      this.segments.push(segment);
    }
    segment.parts.push(part);
    segment.durationSec += part.durationSec;
    this.bytes += part.bytes.length;
    this.partTargetSec = Math.max(this.partTargetSec, part.durationSec);
    this.trim();
    this.template = undefined;
  }

  /** The segment that grows is whole. */
  close(): void {
    const last = this.segments.at(-1);
    if (last === undefined || last.whole) return;
    last.whole = true;
    this.trim();
    this.template = undefined;
  }

  /** Parts are to be no longer than this; must be called before the first. */
  aimAt(partTargetSec: number): void {
    this.partTargetSec = Math.max(this.partTargetSec, partTargetSec);
  }

  /** Whether a playlist of now holds `position`; a part beyond the last of a whole segment is the first of the next one. */
  has({ sequence, part }: HlsPosition): boolean {
    const last = this.segments.at(-1);
    if (last === undefined || last.sequence < sequence) return false;
    if (last.sequence > sequence) return true;
    return part === undefined ? last.whole : last.parts.length > part;
  }

  /** Whether `position` is so near that waiting for it makes sense. */
  mayCome({ sequence, part = 0 }: HlsPosition): boolean {
    const newest = this.newest ?? { sequence: this.nextSequence - 1, part: -1 };
    if (sequence > newest.sequence + SEGMENTS_AHEAD) return false;
    const partsAhead = this.partTargetSec >= 1 || this.partTargetSec === 0 ? PARTS_TO_HOLD_BACK : Math.ceil(3 / this.partTargetSec);
    return sequence !== newest.sequence || part <= newest.part + partsAhead;
  }

  init(version: number): Uint8Array | undefined {
    return this.inits.get(version);
  }

  /** The bytes of a whole segment, in pieces. */
  segment(sequence: number): readonly Uint8Array[] | undefined {
    const segment = this.find(sequence);
    return segment?.whole === true ? segment.parts.map(({ bytes }) => bytes) : undefined;
  }

  part(sequence: number, part: number): LivePart | undefined {
    return this.find(sequence)?.parts[part];
  }

  /** Whether it is the part that a playlist of now tells players to ask for ahead of its time. */
  isHinted(sequence: number, part: number): boolean {
    const hint = this.hint();
    return hint.sequence === sequence && hint.part === part;
  }

  /** The playlist of now, with `token` in every address. @throws MediaError INVALID_REQUEST for a token that cannot stand there */
  playlist(token: string): string {
    this.template ??= this.write().split(TOKEN);
    return this.template.join(token);
  }

  private write(): string {
    const listed = this.segments.slice(-LISTED_SEGMENTS - 1);
    const hint = this.hint();
    const text = writeMediaPlaylist({
      targetDurationSec: this.targetDurationSec,
      mediaSequence: listed[0]?.sequence ?? this.nextSequence,
      discontinuitySequence: this.discontinuitySequence + this.discontinuitiesBefore(listed[0]),
      lowLatency: { partTargetSec: this.partTargetSec, partHoldBackSec: PARTS_TO_HOLD_BACK * this.partTargetSec },
      segments: this.describe(listed),
      preloadHintUri: `part-${hint.sequence}-${hint.part}.m4s${this.addressSuffix}`,
    });
    // Players skip lines that begin so (RFC 8216bis 4.1).
    return text + this.leftOut.map(({ codec, outputs }) => `# left out: ${codec}, which goes over ${outputs.join(', ')}\n`).join('');
  }

  private describe(listed: readonly LiveSegment[]): readonly HlsSegment[] {
    const firstWithParts = this.hint().sequence - SEGMENTS_WITH_PARTS;
    return listed.map(({ sequence, initVersion, startAt, discontinuity, parts, durationSec, whole }) => {
      return {
        mapUri: `init-${initVersion}.mp4${this.addressSuffix}`,
        startAt,
        durationSec,
        discontinuity,
        ...(whole && { uri: `segment-${sequence}.m4s${this.addressSuffix}` }),
        ...(sequence > firstWithParts && {
          parts: parts.map((part, number) => ({
            uri: `part-${sequence}-${number}.m4s${this.addressSuffix}`,
            durationSec: part.durationSec,
            independent: part.independent,
          })),
        }),
      };
    });
  }

  private hint(): Required<HlsPosition> {
    const last = this.segments.at(-1);
    return last === undefined || last.whole
      ? { sequence: this.nextSequence, part: 0 }
      : { sequence: last.sequence, part: last.parts.length };
  }

  private begin(startAt: number): LiveSegment {
    const discontinuity = this.isInitNew;
    this.isInitNew = false;
    const sequence = this.nextSequence++;
    return { sequence, initVersion: this.initVersion, startAt, discontinuity, parts: [], durationSec: 0, whole: false };
  }

  private find(sequence: number): LiveSegment | undefined {
    const first = this.segments[0];
    return first && this.segments[sequence - first.sequence];
  }

  private discontinuitiesBefore(first: LiveSegment | undefined): number {
    const spare = first === undefined ? [] : this.segments.slice(0, this.segments.indexOf(first));
    return spare.filter(({ discontinuity }) => discontinuity).length;
  }

  private trim(): void {
    const limit = LISTED_SEGMENTS + SPARE_SEGMENTS + 1;
    while (this.segments.length > limit || (this.bytes > MAX_BYTES && this.segments.length > 1)) {
      const oldest = this.segments.shift();
      if (oldest === undefined) return;
      if (oldest.discontinuity) this.discontinuitySequence += 1;
      for (const { bytes } of oldest.parts) this.bytes -= bytes.length;
    }
    const oldestInit = this.segments[0]?.initVersion ?? this.initVersion;
    for (const version of this.inits.keys()) if (version < oldestInit) this.inits.delete(version);
  }
}
