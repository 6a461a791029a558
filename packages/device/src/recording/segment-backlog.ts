import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@cardea/core';
import { Journal } from '../state/journal.ts';
import { decodeSegmentEntry, isRecorded, type RecordedSegment, type SegmentEntry } from './segment-entry.ts';
import { recoverSegment } from './segment-recovery.ts';

export interface SegmentBacklogOptions {
  readonly stateDirectory: string;
  /** All files together; the oldest make room for new ones. */
  readonly quotaBytes: number;
  readonly logger: Logger;
}

const RING = 'ring';
const JOURNAL = 'journal';
const COMPACT_AFTER_LINES = 4_000;
const FILE_NAME = /^[0-9A-Z]{26}\.mp4$/;

/**
 * The video segments that are not at the platform yet: their files in `ring/`, and a journal of how far each is, so that a
 * restart goes on where the device stopped (C8).
 */
export class SegmentBacklog implements AsyncDisposable {
  private readonly options: SegmentBacklogOptions;
  private readonly journal: Journal<SegmentEntry>;
  private readonly entries: Map<string, SegmentEntry>;
  private dropped = 0;

  private constructor(options: SegmentBacklogOptions, journal: Journal<SegmentEntry>, entries: Map<string, SegmentEntry>) {
    this.options = options;
    this.journal = journal;
    this.entries = entries;
  }

  static async open(options: SegmentBacklogOptions): Promise<SegmentBacklog> {
    await mkdir(join(options.stateDirectory, RING), { recursive: true });
    const { journal, records } = await Journal.open({ path: join(options.stateDirectory, JOURNAL), decode: decodeSegmentEntry });
    const entries = new Map<string, SegmentEntry>();
    for (const entry of records) {
      if (entry.state === 'done') entries.delete(entry.create.clientSegmentId);
      else entries.set(entry.create.clientSegmentId, entry);
    }
    const backlog = new SegmentBacklog(options, journal, entries);
    await backlog.recover();
    return backlog;
  }

  /** Segments whose file is whole, oldest first. */
  recorded(): readonly RecordedSegment[] {
    return [...this.entries.values()].filter(isRecorded).toSorted((a, b) => a.create.startAt - b.create.startAt);
  }

  get(clientSegmentId: string): SegmentEntry | undefined {
    return this.entries.get(clientSegmentId);
  }

  /** Segments dropped since the start because there was no room. */
  get droppedCount(): number {
    return this.dropped;
  }

  pathOf(entry: SegmentEntry): string {
    return this.pathOfId(entry.create.clientSegmentId);
  }

  pathOfId(clientSegmentId: string): string {
    return join(this.options.stateDirectory, RING, `${clientSegmentId}.mp4`);
  }

  /** Keeps how far a segment is. */
  async put(entry: SegmentEntry): Promise<void> {
    this.entries.set(entry.create.clientSegmentId, entry);
    await this.journal.append(entry);
    if (entry.state === 'recorded') await this.makeRoom();
  }

  /** Lets go of a segment and its file: it is stored, or given up. */
  async remove(entry: SegmentEntry): Promise<void> {
    const { clientSegmentId } = entry.create;
    if (!this.entries.delete(clientSegmentId)) return;
    await this.journal.append({ create: entry.create, state: 'done' });
    await rm(this.pathOf(entry), { force: true });
    if (this.journal.lineCount > COMPACT_AFTER_LINES) await this.compact();
  }

  /** The same recording under another id, as if it had never been announced. */
  async rename(entry: RecordedSegment, clientSegmentId: string): Promise<RecordedSegment> {
    const { segmentId: _, ...rest } = entry;
    const renamed: RecordedSegment = { ...rest, create: { ...entry.create, clientSegmentId }, state: 'recorded' };
    await rename(this.pathOf(entry), this.pathOf(renamed));
    this.entries.delete(entry.create.clientSegmentId);
    this.entries.set(clientSegmentId, renamed);
    await this.journal.append(renamed, { create: entry.create, state: 'done' });
    return renamed;
  }

  /** Removes everything: the device belongs to somebody else from now on. */
  async clear(): Promise<void> {
    for (const entry of [...this.entries.values()]) await this.remove(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal[Symbol.asyncDispose]();
  }

  private async recover(): Promise<void> {
    const { logger, stateDirectory } = this.options;
    for (const entry of [...this.entries.values()]) {
      if (isRecorded(entry)) continue;
      const recovered = await recoverSegment(this.pathOf(entry), entry);
      logger.info(
        { clientSegmentId: entry.create.clientSegmentId, durationMs: recovered?.create.durationMs },
        'an unfinished segment is recovered',
      );
      if (recovered === undefined) await this.remove(entry);
      else this.entries.set(entry.create.clientSegmentId, recovered);
    }
    for (const name of await readdir(join(stateDirectory, RING))) {
      // A file without a journal line was removed from the journal just before the device stopped.
      if (FILE_NAME.test(name) && !this.entries.has(name.slice(0, -'.mp4'.length)))
        await rm(join(stateDirectory, RING, name), { force: true });
    }
    await this.compact();
    await this.makeRoom();
  }

  private async makeRoom(): Promise<void> {
    const { quotaBytes, logger } = this.options;
    const whole = this.recorded();
    let sizeBytes = whole.reduce((sum, entry) => sum + entry.sizeBytes, 0);
    // Continuous recording gives way before what was recorded for a reason.
    const byWorth = whole.toSorted((a, b) => Number(a.create.kind !== 'continuous') - Number(b.create.kind !== 'continuous'));
    for (const entry of byWorth) {
      if (sizeBytes <= quotaBytes) return;
      sizeBytes -= entry.sizeBytes;
      this.dropped += 1;
      const { clientSegmentId, channel, startAt } = entry.create;
      logger.warn({ clientSegmentId, channel, startAt, endAt: entry.endAt, dropped: this.dropped }, 'a segment is dropped: no room');
      await this.remove(entry);
    }
  }

  private compact(): Promise<void> {
    return this.journal.rewrite(() => [...this.entries.values()]);
  }
}
