import { AppError, type Clock, hasStatus, type Logger, type Random, sleep } from '@cardea/core';
import { type CancelReason, type SegmentLink, segmentStatement, type UploadTicket, vrTimers } from '@cardea/protocol';
import type { RecordedSegment } from './segment-entry.ts';
import type { SegmentRing } from './segment-ring.ts';
import type { UploadStatistics, UploadStep } from './upload-statistics.ts';
import type { VideoServiceClient } from './video-service-client.ts';

export interface SegmentUploadOptions {
  readonly ring: SegmentRing;
  readonly client: VideoServiceClient;
  readonly statistics: UploadStatistics;
  /** The video service expects a segment that was recorded for a task. */
  readonly onAnnounced: (taskId: string, segmentId: string) => void;
  /** The device as the one who recorded. */
  readonly identity: StatementSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface StatementSigner {
  readonly deviceId: string;
  /** Ed25519 over the text in UTF-8, base64url. */
  sign(text: string): string;
}

/** Bytes that do not arrive as announced are sent once more, then the segment is announced anew. */
const MAX_ROUNDS = 3;

/**
 * Takes one recorded segment to the platform: create, upload, confirm, and settles it once it is stored or
 * cannot be stored any more (C7, C8). Rejects when it is to be tried again later.
 */
export async function uploadSegment(entry: RecordedSegment, options: SegmentUploadOptions, signal: AbortSignal): Promise<void> {
  const upload = new SegmentUpload(entry, options, signal);
  await upload.run();
}

class SegmentUpload {
  private entry: RecordedSegment;
  private readonly options: SegmentUploadOptions;
  private readonly signal: AbortSignal;
  private renamed = false;
  private chained = true;
  private attempts = 0;
  private uploadMs = 0;
  private etag: string | undefined;

  constructor(entry: RecordedSegment, options: SegmentUploadOptions, signal: AbortSignal) {
    this.entry = entry;
    this.options = options;
    this.signal = signal;
  }

  async run(): Promise<void> {
    // The bytes may have arrived before a restart; confirming tells.
    if (this.entry.state === 'uploaded' && (await this.confirm())) return;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const ticket = await this.create();
      if (ticket === undefined) return;
      if (!(await this.put(ticket))) return;
      if (await this.confirm()) return;
    }
    await this.giveUp('uploadFailed');
  }

  /** `undefined` when the platform will never take this segment: it is gone then. */
  private async create(): Promise<UploadTicket | undefined> {
    const { client, statistics, ring, onAnnounced } = this.options;
    try {
      const created = await this.timed('create', () => client.create(this.entry.create, this.signal));
      statistics.count('created');
      this.entry = { ...this.entry, state: 'created', segmentId: created.segmentId };
      await ring.put(this.entry);
      const { taskId } = this.entry.create;
      if (taskId !== undefined) onAnnounced(taskId, created.segmentId);
      return created.upload;
    } catch (error) {
      // The platform knows that id with other content, from an answer that was lost: the recording needs another id.
      if (hasStatus(error, 'DUPLICATE') && !this.renamed) {
        await this.rename();
        return await this.create();
      }
      if (!hasStatus(error, ...neverTaken)) throw error;
      await this.drop(error);
      return undefined;
    }
  }

  /** False when the segment was given up. */
  private async put(firstTicket: UploadTicket): Promise<boolean> {
    const { client, statistics, ring, clock } = this.options;
    let ticket: UploadTicket | undefined = firstTicket;
    let refused = 0;
    for (const waitMs of [...vrTimers.uploadRetryDelaysMs, 0]) {
      try {
        this.attempts += 1;
        const startedMs = clock.monotonicMs();
        const upload = ticket;
        this.etag = await this.timed('put', () =>
          client.upload(ring.pathOf(this.entry), upload, { sizeBytes: this.entry.sizeBytes, signal: this.signal }),
        );
        this.uploadMs = clock.monotonicMs() - startedMs;
        statistics.count('uploaded');
        statistics.count('bytes', this.entry.sizeBytes);
        this.entry = { ...this.entry, state: 'uploaded' };
        await ring.put(this.entry);
        return true;
      } catch (error) {
        statistics.count('retries');
        const action = waitMs === 0 ? 'later' : reactionTo(error);
        if (action === 'later') throw error;
        if (action === 'refused' && ++refused > 1) {
          await this.giveUp('uploadFailed');
          return false;
        }
        // Announcing it again brings a fresh ticket for the same segment.
        if (action === 'newTicket') ticket = await this.create();
        if (ticket === undefined) return false;
        await sleep(clock, Math.max(waitMs, AppError.from(error).retryAfterMs ?? 0), { signal: this.signal });
      }
    }
    return false;
  }

  /** True when that settles the segment; false when it has to be uploaded again. */
  private async confirm(): Promise<boolean> {
    const { client, statistics, ring, logger } = this.options;
    const { segmentId, create, sizeBytes, sha256, endAt } = this.entry;
    if (segmentId === undefined) return false;
    const { attempts, uploadMs, etag } = this;
    const chain = this.link();
    const confirmation = {
      ...{ sizeBytes, sha256, startAt: create.startAt, endAt, attempts, uploadMs },
      ...(etag !== undefined && { etag }),
      ...(chain !== undefined && { chain }),
    };
    try {
      await this.timed('confirm', () => client.confirm(segmentId, confirmation, this.signal));
      statistics.count('confirmed');
      await ring.settle(this.entry, 'stored');
      return true;
    } catch (error) {
      if (hasStatus(error, 'OBJECT_MISSING', 'SEGMENT_EXPIRED', 'SEGMENT_NOT_FOUND')) return false;
      if (hasStatus(error, 'SIGNATURE_INVALID') && this.chained) {
        logger.error({ segmentId }, 'the video service does not take the signature of this device');
        // The recording is worth more than the proof of it.
        this.chained = false;
        return await this.confirm();
      }
      if (hasStatus(error, 'OBJECT_MISMATCH')) {
        logger.warn({ segmentId }, 'the stored bytes are not those recorded; the segment is announced anew');
        await client.cancel(segmentId, 'superseded', this.signal);
        await this.rename();
        return false;
      }
      if (!hasStatus(error, ...neverTaken)) throw error;
      await this.drop(error);
      return true;
    }
  }

  /** What the device says about the segment as it is announced now. */
  private link(): SegmentLink | undefined {
    const { create, endAt, sizeBytes, sha256, place } = this.entry;
    const { identity } = this.options;
    if (place === undefined || !this.chained) return undefined;
    const { channel, stream, kind, clientSegmentId, startAt } = create;
    const subject = { deviceId: identity.deviceId, channel, stream, kind, clientSegmentId, startAt, endAt, sizeBytes, sha256 };
    return { ...place, signature: identity.sign(segmentStatement({ ...subject, ...place })) };
  }

  private async rename(): Promise<void> {
    const { ring, random } = this.options;
    this.renamed = true;
    this.entry = await ring.rename(this.entry, random.ulid());
  }

  private async giveUp(reason: CancelReason): Promise<void> {
    const { client, statistics } = this.options;
    const { segmentId } = this.entry;
    if (segmentId !== undefined) {
      // A lost cancel is harmless: the segment expires (C9).
      await client.cancel(segmentId, reason, this.signal).catch(() => {});
      statistics.count('cancelled');
    }
    await this.drop(new AppError('UPLOAD_FAILED'));
  }

  private async drop(error: AppError): Promise<void> {
    const { ring, statistics, logger } = this.options;
    statistics.count('failed');
    const { channel, startAt, kind } = this.entry.create;
    logger.warn({ channel, startAt, endAt: this.entry.endAt, kind, status: error.status }, 'a segment cannot be stored and is given up');
    await ring.settle(this.entry, 'givenUp');
  }

  private async timed<T>(step: UploadStep, work: () => Promise<T>): Promise<T> {
    const { statistics, clock } = this.options;
    const startedMs = clock.monotonicMs();
    try {
      return await work();
    } catch (error) {
      const { status, details } = AppError.from(error);
      statistics.failed(status, typeof details?.httpStatus === 'number' ? details.httpStatus : undefined);
      throw error;
    } finally {
      statistics.took(step, clock.monotonicMs() - startedMs);
    }
  }
}

/** Answers that will be the same whenever this segment is offered. */
const neverTaken = ['OVERLAP', 'TIME_INVALID', 'DUPLICATE', 'SEGMENT_STATE', 'INVALID_PARAMS', 'CHANNEL_NOT_FOUND', 'TOO_LARGE'] as const;

function reactionTo(error: unknown): 'again' | 'newTicket' | 'refused' | 'later' {
  if (hasStatus(error, 'TICKET_EXPIRED')) return 'newTicket';
  if (!hasStatus(error, 'UPLOAD_FAILED', 'TIMEOUT')) return 'later';
  const { httpStatus } = error.details ?? {};
  if (typeof httpStatus !== 'number' || httpStatus >= 500 || httpStatus === 429) return 'again';
  return 'refused';
}
