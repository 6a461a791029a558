import type { Readable } from 'node:stream';
import { AppError, type Clock } from '@cardea/core';
import { vrTimers } from '@cardea/protocol';
import type { UploadCredits } from './upload-credits.ts';

const CREDIT_RETRY_MS = 1_000;
const IDLE_MS = 30_000;

export interface RunningUpload {
  readonly deviceId: string;
  readonly segmentId: string;
  /** As a segment has it. */
  readonly kind: string;
  readonly source: Readable;
  /** Bytes that will come, or may come at most. */
  readonly sizeBytes: number;
  /** Bytes that came so far; must rise while the device sends. */
  readonly progress: () => number;
}

export interface UploadSessionsOptions {
  readonly clock: Clock;
  readonly maxPerDevice: number;
  readonly credits: UploadCredits;
}

/**
 * The uploads that run now: lets each device have a few, and all together as many as the store keeps up with; ends uploads that
 * stall or take too long, and those whose right ended meanwhile.
 */
export class UploadSessions {
  private readonly running = new Set<RunningUpload>();
  private readonly clock: Clock;
  private readonly maxPerDevice: number;
  private readonly credits: UploadCredits;

  constructor({ clock, maxPerDevice, credits }: UploadSessionsOptions) {
    this.clock = clock;
    this.credits = credits;
    this.maxPerDevice = maxPerDevice;
  }

  /** Counts `upload` until the result is disposed. @throws AppError LIMIT_EXCEEDED when the device, or its kind, has no credit left */
  enter(upload: RunningUpload): Disposable {
    const ofDevice = [...this.running].filter(({ deviceId }) => deviceId === upload.deviceId).length;
    const maxConcurrentUploads = this.credits.scarce ? 1 : this.maxPerDevice;
    if (ofDevice >= maxConcurrentUploads) throw new AppError('LIMIT_EXCEEDED', { maxConcurrentUploads }, { retryAfterMs: CREDIT_RETRY_MS });
    this.credits.assertFree(upload.kind);
    const held = this.credits.hold();
    this.running.add(upload);
    // Who reads the bytes learns of their end; between two reads nobody would listen, and that would end the process.
    upload.source.on('error', () => {});
    const watch = this.watch(upload);
    return {
      [Symbol.dispose]: () => {
        watch[Symbol.dispose]();
        held[Symbol.dispose]();
        this.running.delete(upload);
      },
    };
  }

  /** Whether bytes for the segment are coming in. */
  has(segmentId: string): boolean {
    return [...this.running].some((upload) => upload.segmentId === segmentId);
  }

  endOfDevice(deviceId: string): void {
    for (const upload of this.running) if (upload.deviceId === deviceId) end(upload, new AppError('FORBIDDEN'));
  }

  endOfSegment(segmentId: string): void {
    for (const upload of this.running) if (upload.segmentId === segmentId) end(upload, new AppError('SEGMENT_STATE'));
  }

  private watch(upload: RunningUpload): Disposable {
    const allowedMs = vrTimers.uploadBaseMs + (upload.sizeBytes * 1_000) / vrTimers.uploadMinBytesPerSec;
    const deadlineMs = this.clock.monotonicMs() + allowedMs;
    let seenBytes = upload.progress();
    const check = (): void => {
      const nowBytes = upload.progress();
      const tooSlow = nowBytes === seenBytes || this.clock.monotonicMs() >= deadlineMs;
      seenBytes = nowBytes;
      if (tooSlow) end(upload, new AppError('TIMEOUT'));
      else timer = this.clock.setTimer(IDLE_MS, check);
    };
    let timer = this.clock.setTimer(IDLE_MS, check);
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }
}

function end({ source }: RunningUpload, reason: AppError): void {
  source.destroy(reason);
}
