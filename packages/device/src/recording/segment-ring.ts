import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '@cardea/core';
import type { StreamName } from '@cardea/protocol';
import { readFileIfPresent, syncDirectory, writeFileDurably } from '../state/durable-file.ts';
import { Journal } from '../state/journal.ts';
import { givingWay, protectedSegments } from './ring-room.ts';
import { SegmentChain } from './segment-chain.ts';
import {
  decodeSegmentEntry,
  includesSide,
  isRecorded,
  joined,
  type RecordedSegment,
  type RecordSide,
  type SegmentEntry,
} from './segment-entry.ts';
import { recoverSegment } from './segment-recovery.ts';

export interface SegmentRingOptions {
  readonly stateDirectory: string;
  /** All files together; the oldest make room for new ones. */
  readonly quotaBytes: number;
  readonly logger: Logger;
}

/** A part of what one stream recorded, as wall times. */
export interface RecordedRange {
  readonly channel: number;
  readonly stream?: StreamName;
  readonly fromAt: number;
  readonly toAt: number;
}

/** Why segments are wanted at one more place. */
export interface ShareReason {
  readonly side: RecordSide;
  readonly eventId?: string | undefined;
  readonly taskId?: string | undefined;
}

const RING = 'ring';
const JOURNAL = 'journal';
/** Stands in the directory while everything else in it is erased. */
const ERASING = 'erasing';
const COMPACT_AFTER_LINES = 4_000;
const FILE_NAME = /^[0-9A-Z]{26}\.mp4$/;

/**
 * The disk of the device: video segments as files in `ring/`, of a fixed size together, and a journal of what each is for
 * and how far its upload is, so that a restart goes on where the device stopped (C8, C-15). What is recorded for the video
 * service waits here, too; what is for the disk stays until the oldest has to make room.
 */
export class SegmentRing implements AsyncDisposable {
  /** Whether the oldest recording gives way when the disk is full. */
  overwrite = true;
  private readonly options: SegmentRingOptions;
  private readonly journal: Journal<SegmentEntry>;
  private readonly entries: Map<string, SegmentEntry>;
  private readonly chain = new SegmentChain();
  private halfErased = false;
  private lost: readonly string[] = [];
  private dropped = 0;

  private constructor(options: SegmentRingOptions, journal: Journal<SegmentEntry>, entries: Map<string, SegmentEntry>) {
    this.options = options;
    this.journal = journal;
    this.entries = entries;
  }

  static async open(options: SegmentRingOptions): Promise<SegmentRing> {
    await mkdir(join(options.stateDirectory, RING), { recursive: true });
    await syncDirectory(options.stateDirectory);
    const { journal, records } = await Journal.open({ path: join(options.stateDirectory, JOURNAL), decode: decodeSegmentEntry });
    const entries = new Map<string, SegmentEntry>();
    for (const entry of records) {
      if (entry.state === 'done') entries.delete(entry.create.clientSegmentId);
      else entries.set(entry.create.clientSegmentId, entry);
    }
    const ring = new SegmentRing(options, journal, entries);
    for (const entry of records) ring.chain.note(entry);
    ring.halfErased = (await readFileIfPresent(ring.pathOfMark())) !== undefined;
    if (!ring.halfErased) await ring.recover();
    return ring;
  }

  get quotaBytes(): number {
    return this.options.quotaBytes;
  }

  /** The device stopped while it erased the disk: what is left is not to be trusted. */
  get isHalfErased(): boolean {
    return this.halfErased;
  }

  /** Segments whose file is whole, oldest first. */
  recorded(): readonly RecordedSegment[] {
    return [...this.entries.values()].filter(isRecorded).toSorted((a, b) => a.create.startAt - b.create.startAt);
  }

  /** Of those, what waits for the video service. */
  waiting(): readonly RecordedSegment[] {
    return this.recorded().filter(({ state }) => state !== 'kept');
  }

  /** Of those, what belongs on the disk and reaches into the range. */
  local({ channel, stream, fromAt, toAt }: RecordedRange): readonly RecordedSegment[] {
    return this.recorded().filter(
      ({ target, create, endAt }) =>
        includesSide(target, 'local') &&
        create.channel === channel &&
        (stream === undefined || create.stream === stream) &&
        create.startAt < toAt &&
        endAt > fromAt,
    );
  }

  /** Segments that are not overwritten. */
  protected(): ReadonlySet<RecordedSegment> {
    return protectedSegments(this.recorded(), this.quotaBytes);
  }

  /** Announced segments whose file was gone at the start, by the id of the video service; told once. */
  takeLost(): readonly string[] {
    const { lost } = this;
    this.lost = [];
    return lost;
  }

  get(clientSegmentId: string): SegmentEntry | undefined {
    return this.entries.get(clientSegmentId);
  }

  pathOf(entry: SegmentEntry): string {
    return this.pathOfId(entry.create.clientSegmentId);
  }

  pathOfId(clientSegmentId: string): string {
    return join(this.options.stateDirectory, RING, `${clientSegmentId}.mp4`);
  }

  /** Keeps how far a segment is. Places it was wanted at meanwhile are not forgotten; one that is gone does not come back. */
  async put(entry: SegmentEntry): Promise<void> {
    const { clientSegmentId } = entry.create;
    const known = this.entries.get(clientSegmentId);
    if (known === undefined && isAnnounced(entry)) return;
    const next = { ...entry, target: joined(known?.target, entry.target) };
    const becameWhole = isRecorded(next) && (known === undefined || !isRecorded(known));
    const present = becameWhole ? this.chain.place(next) : next;
    this.entries.set(clientSegmentId, present);
    await this.journal.append(present);
    if (isRecorded(present)) await this.makeRoom();
  }

  /** Wants what overlaps the range at one more place; returns those segments. */
  async share(range: RecordedRange, { side, eventId, taskId }: ShareReason): Promise<readonly RecordedSegment[]> {
    const { channel, stream, fromAt, toAt } = range;
    const shared: RecordedSegment[] = [];
    for (const entry of this.recorded()) {
      const { create, endAt, target, state } = entry;
      if (create.channel !== channel || (stream !== undefined && create.stream !== stream) || includesSide(target, side)) continue;
      if (create.startAt >= toAt || endAt <= fromAt) continue;
      const marks = { ...(eventId !== undefined && { eventId, kind: 'event' as const }), ...(taskId !== undefined && { taskId }) };
      const wanted: RecordedSegment = {
        ...entry,
        create: isAnnounced(entry) ? create : { ...create, ...marks },
        target: 'both',
        state: state === 'kept' ? 'recorded' : state,
      };
      await this.put(wanted);
      shared.push(wanted);
    }
    return shared;
  }

  /** The video service has it, or never will: from now on only the disk has a claim on it. */
  async settle(entry: SegmentEntry, outcome: 'stored' | 'givenUp'): Promise<void> {
    const present = this.entries.get(entry.create.clientSegmentId);
    if (present === undefined) return;
    if (!includesSide(present.target, 'local')) return await this.remove(present);
    const { segmentId: _, backfill: __, ...rest } = present;
    const { segmentId } = entry;
    await this.put({ ...rest, state: 'kept', ...(outcome === 'stored' && segmentId !== undefined && { segmentId }) });
  }

  /** Lets go of a segment and its file. */
  async remove(entry: SegmentEntry): Promise<void> {
    const { clientSegmentId } = entry.create;
    if (!this.entries.delete(clientSegmentId)) return;
    await this.journal.append(gone(entry));
    await rm(this.pathOf(entry), { force: true });
    if (this.journal.lineCount > COMPACT_AFTER_LINES + 2 * this.entries.size) await this.compact();
  }

  /** The same recording under another id, as if it had never been announced. */
  async rename(entry: RecordedSegment, clientSegmentId: string): Promise<RecordedSegment> {
    const { segmentId: _, ...rest } = entry;
    const renamed: RecordedSegment = { ...rest, create: { ...entry.create, clientSegmentId }, state: 'recorded' };
    // Whenever the device stops, the journal names a file that is there. A memory card may know no second name for one.
    await writeFile(this.pathOf(renamed), await readFile(this.pathOf(entry)), { mode: 0o600, flush: true });
    await syncDirectory(dirname(this.pathOf(renamed)));
    this.entries.delete(entry.create.clientSegmentId);
    this.entries.set(clientSegmentId, renamed);
    await this.journal.append(renamed, { create: entry.create, target: entry.target, state: 'done' });
    await rm(this.pathOf(entry), { force: true });
    return renamed;
  }

  /** Removes everything: the device belongs to somebody else from now on. */
  async clear(): Promise<void> {
    for (const entry of [...this.entries.values()]) await this.remove(entry);
    this.chain.clear();
    await this.compact();
  }

  /**
   * Erases the disk, file by file, and makes it usable again if it was not. Stopped in between it is half erased.
   * @param onProgress called with the part that is done, 0..1
   */
  async erase(onProgress: (part: number) => void): Promise<void> {
    const directory = join(this.options.stateDirectory, RING);
    await mkdir(directory, { recursive: true });
    await writeFileDurably(this.pathOfMark(), '');
    this.halfErased = true;
    this.entries.clear();
    const names = (await readdir(directory)).filter((name) => FILE_NAME.test(name));
    for (const [index, name] of names.entries()) {
      await rm(join(directory, name), { force: true });
      onProgress((index + 1) / names.length);
    }
    await this.compact();
    await rm(this.pathOfMark(), { force: true });
    this.halfErased = false;
  }

  /** Finds out whether the disk can be written, and brings it up to date after it could not. @throws what the file system says */
  async check(): Promise<void> {
    const probe = join(this.options.stateDirectory, RING, 'check');
    await mkdir(join(this.options.stateDirectory, RING), { recursive: true });
    await writeFileDurably(probe, 'x'.repeat(4_096));
    await rm(probe);
    await this.compact();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal[Symbol.asyncDispose]();
  }

  private async recover(): Promise<void> {
    const { logger, stateDirectory } = this.options;
    const unfinished = [...this.entries.values()].filter((entry) => !isRecorded(entry));
    for (const entry of unfinished) {
      const recovered = await recoverSegment(this.pathOf(entry), entry);
      logger.info(
        { clientSegmentId: entry.create.clientSegmentId, durationMs: recovered?.create.durationMs },
        'an unfinished segment is recovered',
      );
      if (recovered === undefined) await this.remove(entry);
      else this.entries.set(entry.create.clientSegmentId, this.chain.place(recovered));
    }
    const names = await readdir(join(stateDirectory, RING));
    for (const name of names) {
      // A file without a journal line was removed from the journal just before the device stopped.
      if (FILE_NAME.test(name) && !this.entries.has(idOf(name))) await rm(join(stateDirectory, RING, name), { force: true });
    }
    const present = new Set(names.map(idOf));
    const missing = [...this.entries.values()].filter(({ create }) => !present.has(create.clientSegmentId));
    for (const entry of missing) this.entries.delete(entry.create.clientSegmentId);
    this.lost = missing.flatMap(({ state, segmentId }) => (state === 'kept' || segmentId === undefined ? [] : [segmentId]));
    if (unfinished.length + missing.length > 0 || this.journal.lineCount > this.entries.size) await this.compact();
  }

  /** Drops what does not fit any more. */
  private async makeRoom(): Promise<void> {
    const { quotaBytes, logger } = this.options;
    for (const entry of givingWay(this.recorded(), { quotaBytes, overwrite: this.overwrite })) {
      const { clientSegmentId, channel, startAt } = entry.create;
      if (entry.state === 'kept') logger.debug({ clientSegmentId, channel, startAt, endAt: entry.endAt }, 'the oldest recording gives way');
      else {
        this.dropped += 1;
        logger.warn({ clientSegmentId, channel, startAt, endAt: entry.endAt, dropped: this.dropped }, 'a segment is dropped: no room');
      }
      await this.remove(entry);
    }
  }

  private pathOfMark(): string {
    return join(this.options.stateDirectory, RING, ERASING);
  }

  private compact(): Promise<void> {
    return this.journal.rewrite(() => [...this.chain.remembered(), ...this.entries.values()]);
  }
}

/** What the journal says of a segment that is no more. */
function gone({ create, target, place, sha256 }: SegmentEntry): SegmentEntry {
  return { create, target, state: 'done', ...(place !== undefined && sha256 !== undefined && { place, sha256 }) };
}

/** The video service knows it under the marks it has. */
function isAnnounced({ state }: SegmentEntry): boolean {
  return state === 'created' || state === 'uploaded';
}

function idOf(fileName: string): string {
  return fileName.slice(0, -'.mp4'.length);
}
