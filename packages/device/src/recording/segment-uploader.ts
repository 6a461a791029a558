import { AppError, Backoff, sleep, type Timer } from '@cardea/core';
import { backoffDefaults, vrLimits, vrTimers } from '@cardea/protocol';
import type { RecordedSegment } from './segment-entry.ts';
import { type SegmentUploadOptions, uploadSegment } from './segment-upload.ts';
import type { VideoServerInformation } from './video-service-client.ts';

export interface SegmentUploaderOptions extends SegmentUploadOptions {
  /** There is a video service to upload to. */
  readonly mayUpload: () => boolean;
  /** What the video service said about plan and limits. */
  readonly onInformation: (information: VideoServerInformation) => void;
}

/** Younger than this a continuous segment goes out before the backlog, so that the timeline stays fresh. */
const FRESH_MS = 30_000;
const DEFAULT_RETRY_AFTER_MS = 60_000;

/**
 * Brings recorded segments to the platform, two at a time: what was recorded for an event first, then fresh recording, then
 * the backlog from its oldest end, one at a time. The backlog takes half of the uplink at most: after each upload of it comes as
 * long a rest, and none begins beside another upload.
 * @see profile hss-open-1 C7, C8, B7.5, B7.6
 */
export class SegmentUploader {
  private readonly options: SegmentUploaderOptions;
  private readonly running = new Map<string, Promise<void>>();
  private readonly notBeforeMs = new Map<string, number>();
  private readonly ended = new AbortController();
  private readonly backoff: Backoff;
  private information: VideoServerInformation | undefined;
  private wakeUp: () => void = () => {};
  private timers: Timer[] = [];
  private pausedUntilMs = 0;
  private backlogFromMs = 0;
  private askAgainMs = Number.NEGATIVE_INFINITY;

  constructor(options: SegmentUploaderOptions) {
    this.options = options;
    this.backoff = new Backoff({
      baseMs: backoffDefaults.baseMs,
      maxMs: backoffDefaults.capMs,
      longAfterMs: backoffDefaults.longOutageAfterMs,
      longMaxMs: backoffDefaults.longOutageCapMs,
      random: () => options.random.fraction(),
    });
  }

  /** Segments are on their way. */
  get busy(): boolean {
    return this.running.size > 0;
  }

  /** Something changed: a segment was recorded, the device came online, the plan may be another. */
  wake(): void {
    this.wakeUp();
  }

  /** Tells the video service not to expect what it was told of: the disk is about to be erased. Never rejects. */
  async withdraw(): Promise<void> {
    const { ring, client } = this.options;
    const { signal } = this.ended;
    const announced = ring.waiting().flatMap(({ segmentId }) => segmentId ?? []);
    // A lost cancel is harmless: the segment expires (C9).
    for (const segmentId of announced) await client.cancel(segmentId, 'diskLost', signal).catch(() => {});
  }

  /** Uploads until `signal` aborts; segments under way are left for the next start. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener(
      'abort',
      () => {
        this.ended.abort();
        this.wake();
      },
      { once: true },
    );
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.wakeUp = resolve;
      });
      if (this.options.mayUpload()) this.keepInformed(signal);
      if (this.ready()) {
        await this.cancelLost(signal);
        await this.dropOutdated(signal);
        while (this.startNext(signal));
      }
      await woken;
    }
    for (const timer of this.timers) timer[Symbol.dispose]();
    await Promise.all(this.running.values());
  }

  /** Reports statistics each 10 min, until `signal` aborts. */
  async runReports(signal: AbortSignal): Promise<void> {
    const { clock, mayUpload } = this.options;
    while (!signal.aborted) {
      await sleep(clock, vrTimers.statisticsPeriodMs, { signal }).catch(() => {});
      if (!signal.aborted && mayUpload()) await this.report(signal);
    }
  }

  /** Tells the video service how storing went since the last report; its loss does not matter. */
  async report(signal: AbortSignal): Promise<void> {
    const { statistics, client, clock, ring, logger } = this.options;
    const waiting = ring.waiting();
    const [oldest] = waiting;
    const bytes = waiting.reduce((sum, entry) => sum + entry.sizeBytes, 0);
    const report = statistics.take(clock.now(), { segments: waiting.length, bytes, ...(oldest && { oldestAt: oldest.create.startAt }) });
    await client.report(report, signal).catch((error: unknown) => logger.debug({ err: error }, 'the statistics were not taken'));
  }

  /** Reads plan and limits now. False when the video service did not answer. */
  async askInformation(signal: AbortSignal): Promise<boolean> {
    const { client, logger, onInformation } = this.options;
    try {
      this.information = await client.serverInformation(signal);
    } catch (error) {
      if (!signal.aborted) logger.warn({ status: AppError.from(error).status }, 'plan and limits of the video service are not known');
      return false;
    }
    this.askAgainMs = this.options.clock.monotonicMs() + vrTimers.serverInfoPollMs;
    this.wakeIn(vrTimers.serverInfoPollMs);
    onInformation(this.information);
    this.wake();
    return true;
  }

  /** Plan and limits are asked at the start, and then each 6 h. */
  private keepInformed(signal: AbortSignal): void {
    const { clock } = this.options;
    if (clock.monotonicMs() < this.askAgainMs) return;
    this.askAgainMs = clock.monotonicMs() + RETRY_INFORMATION_MS;
    this.wakeIn(RETRY_INFORMATION_MS);
    void this.askInformation(signal);
  }

  private ready(): boolean {
    const { mayUpload, clock } = this.options;
    return mayUpload() && this.information?.plan.active !== false && clock.monotonicMs() >= this.pausedUntilMs;
  }

  private startNext(signal: AbortSignal): boolean {
    const next = this.pick();
    if (next === undefined || signal.aborted) return false;
    const { clientSegmentId } = next.create;
    const backlog = this.isBacklog(next);
    const beganMs = this.options.clock.monotonicMs();
    const done = this.upload(next, signal).finally(() => {
      this.running.delete(clientSegmentId);
      if (backlog) this.rest(this.options.clock.monotonicMs() - beganMs);
      this.wake();
    });
    this.running.set(clientSegmentId, done);
    return true;
  }

  private pick(): RecordedSegment | undefined {
    const { ring, clock } = this.options;
    const slots = Math.min(vrLimits.maxConcurrentUploads, this.information?.limits.maxConcurrentUploads ?? vrLimits.maxConcurrentUploads);
    if (this.running.size >= slots) return undefined;
    const waiting = ring
      .waiting()
      .filter(
        ({ create }) =>
          !this.running.has(create.clientSegmentId) && (this.notBeforeMs.get(create.clientSegmentId) ?? 0) <= clock.monotonicMs(),
      );
    const urgent = waiting.findLast(isUrgent) ?? waiting.findLast((entry) => !this.isBacklog(entry));
    if (urgent !== undefined) return urgent;
    return this.running.size > 0 || clock.monotonicMs() < this.backlogFromMs ? undefined : waiting[0];
  }

  private rest(ms: number): void {
    this.backlogFromMs = this.options.clock.monotonicMs() + ms;
    this.wakeIn(ms);
  }

  private isBacklog({ endAt }: RecordedSegment): boolean {
    return endAt < this.options.clock.now() - FRESH_MS;
  }

  /** Never rejects. */
  private async upload(entry: RecordedSegment, signal: AbortSignal): Promise<void> {
    const { logger, ring } = this.options;
    const { clientSegmentId } = entry.create;
    try {
      await uploadSegment(this.asBackfill(entry), this.options, signal);
      this.notBeforeMs.delete(clientSegmentId);
      this.backoff.reset();
    } catch (error) {
      if (signal.aborted) return;
      // Dropped for room while it was under way: nothing is left to upload.
      if (ring.get(clientSegmentId) === undefined) return;
      const failure = AppError.from(error);
      logger.warn({ status: failure.status, clientSegmentId }, 'a segment is uploaded later');
      await this.react(failure, clientSegmentId, signal);
    }
  }

  private async react(failure: AppError, clientSegmentId: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    switch (failure.status) {
      case 'NO_STORAGE_PLAN':
        if (!(await this.askInformation(signal))) this.pause(DEFAULT_RETRY_AFTER_MS);
        // The plan says active and yet refuses: do not ask in a circle.
        else if (this.information?.plan.active === true) this.pause(DEFAULT_RETRY_AFTER_MS);
        return;
      case 'QUOTA_EXCEEDED':
        return await this.dropForQuota(clientSegmentId, failure.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS);
      case 'UPLOAD_FAILED':
        // This one comes back later; others may go through meanwhile.
        this.notBeforeMs.set(clientSegmentId, clock.monotonicMs() + Math.max(failure.retryAfterMs ?? 0, DEFAULT_RETRY_AFTER_MS));
        return this.wakeIn(DEFAULT_RETRY_AFTER_MS);
      default:
        this.pause(Math.max(failure.retryAfterMs ?? 0, this.backoff.next()));
    }
  }

  /** A full home keeps what was recorded for a reason. */
  private async dropForQuota(clientSegmentId: string, waitMs: number): Promise<void> {
    const { ring, statistics, logger } = this.options;
    const entry = ring.get(clientSegmentId);
    if (entry?.create.kind === 'continuous') {
      statistics.count('failed');
      logger.warn(
        { clientSegmentId, startAt: entry.create.startAt, endAt: entry.endAt },
        'a segment is dropped: the quota of the home is used up',
      );
      await ring.settle(entry, 'givenUp');
    }
    this.pause(waitMs);
  }

  private pause(ms: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.options.clock.monotonicMs() + ms);
    this.wakeIn(ms);
  }

  private wakeIn(ms: number): void {
    const timer = this.options.clock.setTimer(ms, () => {
      this.timers = this.timers.filter((other) => other !== timer);
      this.wake();
    });
    this.timers.push(timer);
  }

  /** What was announced before the power went and is not on the disk any more will never come (C8). */
  private async cancelLost(signal: AbortSignal): Promise<void> {
    const { ring, client, statistics, logger } = this.options;
    for (const segmentId of ring.takeLost()) {
      statistics.count('cancelled');
      logger.warn({ segmentId }, 'a segment is lost: its file is gone');
      // A lost cancel is harmless: the segment expires (C9).
      await client.cancel(segmentId, 'diskLost', signal).catch(() => {});
    }
  }

  /** What is too old is not wanted any more (C8): continuous recording by the platform's limit, the rest after a day. */
  private async dropOutdated(signal: AbortSignal): Promise<void> {
    const { ring, clock, statistics, client, logger } = this.options;
    for (const entry of ring.waiting()) {
      const { kind, clientSegmentId, startAt } = entry.create;
      if (entry.backfill || this.running.has(clientSegmentId) || clock.now() - entry.endAt <= this.keptMs(kind)) continue;
      statistics.count('droppedTooLate');
      logger.warn({ clientSegmentId, startAt, endAt: entry.endAt, kind }, 'a segment is dropped: too late');
      // A lost cancel is harmless: the segment expires (C9).
      if (entry.segmentId !== undefined) await client.cancel(entry.segmentId, 'tooLate', signal).catch(() => {});
      await ring.settle(entry, 'givenUp');
    }
  }

  private keptMs(kind: RecordedSegment['create']['kind']): number {
    const limitSec = this.information?.limits.maxBacklogSec;
    if (limitSec === undefined) return Number.POSITIVE_INFINITY;
    return kind === 'continuous' ? limitSec * 1_000 : Math.max(limitSec * 1_000, vrTimers.eventBacklogMs);
  }

  /** What waited too long to count as live is announced for what it is. */
  private asBackfill(entry: RecordedSegment): RecordedSegment {
    const limitSec = this.information?.limits.maxBacklogSec;
    const late = limitSec !== undefined && this.options.clock.now() - entry.endAt > limitSec * 1_000;
    return (late || entry.backfill) && entry.state === 'recorded' ? { ...entry, create: { ...entry.create, kind: 'backfill' } } : entry;
  }
}

const RETRY_INFORMATION_MS = 30_000;

/** What happened is wanted before what was merely recorded, and before what somebody asked to have in addition. */
function isUrgent({ create, backfill }: RecordedSegment): boolean {
  return !backfill && create.kind !== 'continuous' && create.kind !== 'backfill';
}
