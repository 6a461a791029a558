import type { StreamName } from '@cardea/protocol';
import { isEncrypted, type RecordedSegment } from '../recording/segment-entry.ts';
import type { SegmentRing } from '../recording/segment-ring.ts';
import { type RecordedMedia, type RecordedUnit, readRecordedMedia } from './recorded-media.ts';

/** Between segments that belong together there is less. */
const GAP_MS = 100;

/** A place in what the disk has of one stream, which moves from unit to unit and over gaps. */
export class RecordingCursor {
  private readonly ring: SegmentRing;
  private readonly channel: number;
  private readonly stream: StreamName;
  private media: RecordedMedia | undefined;
  private index = 0;
  private gap = false;

  constructor(ring: SegmentRing, { channel, stream }: { readonly channel: number; readonly stream: StreamName }) {
    this.ring = ring;
    this.channel = channel;
    this.stream = stream;
  }

  /** The unit it stands on; `undefined` at the end. */
  get current(): RecordedUnit | undefined {
    return this.media?.units[this.index];
  }

  /** What `current` belongs to. */
  get source(): RecordedMedia | undefined {
    return this.media;
  }

  /** Nothing was recorded between the last unit and this one. */
  get isAfterGap(): boolean {
    return this.gap;
  }

  /**
   * Goes to the key frame at or before `atMs`, in a gap to the next recorded one. Resolves with its time; `undefined` when
   * nothing is recorded there or later. @throws AppError DISK_ERROR
   */
  async seek(atMs: number): Promise<number | undefined> {
    for (const segment of this.segmentsFrom(atMs)) {
      const media = await readRecordedMedia(this.ring.pathOf(segment), segment);
      const index = media?.units.findLastIndex((unit) => unit.isKey && unit.atMs <= Math.max(atMs, segment.create.startAt)) ?? -1;
      if (media === undefined || index < 0) continue;
      this.media = media;
      this.index = index;
      this.gap = false;
      return media.units[index]?.atMs;
    }
    return undefined;
  }

  /** Goes to the next unit. @throws AppError DISK_ERROR */
  async advance(): Promise<void> {
    const { media } = this;
    if (media === undefined) return;
    this.gap = false;
    this.index += 1;
    if (this.index < media.units.length) return;
    this.media = undefined;
    for (const segment of this.segmentsFrom(media.segment.endAt)) {
      if (segment.create.startAt <= media.segment.create.startAt) continue;
      const next = await readRecordedMedia(this.ring.pathOf(segment), segment);
      if (next === undefined || next.units.length === 0) continue;
      this.media = next;
      this.index = 0;
      this.gap = segment.create.startAt - media.segment.endAt > GAP_MS;
      return;
    }
  }

  /** Segments that reach beyond `atMs`, oldest first. */
  private segmentsFrom(atMs: number): readonly RecordedSegment[] {
    const { channel, stream } = this;
    // What is encrypted nobody here can open; it is passed over like a gap.
    return this.ring.local({ channel, stream, fromAt: atMs, toAt: Number.POSITIVE_INFINITY }).filter((segment) => !isEncrypted(segment));
  }
}
