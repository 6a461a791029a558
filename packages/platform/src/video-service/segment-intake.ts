import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AppError, type Clock, type Logger, type Random, TokenBuckets } from '@cardea/core';
import {
  type AnswerOf,
  type BodyOf,
  type CreatedSegment,
  type CreateSegment,
  type cancelVideoSegment,
  type confirmVideoSegment,
  vrTimers,
} from '@cardea/protocol';
import type { ObjectStore } from '../store/ports.ts';
import type { StorageGate } from './retention/storage-gate.ts';
import type { SegmentCatalogue, SegmentRow } from './segment-catalogue.ts';
import type { SegmentKeeper } from './segment-keeper.ts';
import { segmentKey } from './segment-key.ts';
import type { SegmentLocks } from './segment-locks.ts';
import { provenLink } from './segment-proof.ts';
import { planCovers, type StoragePlans } from './storage-plan.ts';
import type { UploadCredits } from './upload-credits.ts';
import type { UploadSessions } from './upload-sessions.ts';
import type { UploadTickets } from './upload-tickets.ts';
import { MAX_SEGMENT_MS, type VideoLimits } from './video-limits.ts';
import type { BoundDevice, VrAccess } from './vr-access.ts';

/** Stored blind: what it takes to open them never comes here. */
const takenEncryption: readonly string[] = ['none', 'aes-256-gcm'];
const OPEN_SEGMENTS_RETRY_MS = 60_000;

export interface SegmentIntakeOptions {
  readonly catalogue: SegmentCatalogue;
  readonly keeper: SegmentKeeper;
  readonly locks: SegmentLocks;
  readonly objects: ObjectStore;
  readonly tickets: UploadTickets;
  readonly sessions: UploadSessions;
  readonly credits: UploadCredits;
  readonly access: VrAccess;
  readonly plans: StoragePlans;
  /** Lets in what there is room for. */
  readonly gate: Pick<StorageGate, 'admit'>;
  readonly limits: VideoLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface UploadSource {
  readonly source: Readable;
  /** Content-Length, when the device said it. */
  readonly declaredBytes: number | undefined;
  /** Bytes of the connection that came so far. */
  readonly progress: () => number;
}

/**
 * The device's side of a video segment: created -> stored, or cancelled, or expired (H.627.2 9.3.4.1, titles only).
 * Every call may be repeated, in any order and at the same time; a stored segment never changes here.
 */
export class SegmentIntake {
  private readonly options: SegmentIntakeOptions;
  private readonly createRates: TokenBuckets;

  constructor(options: SegmentIntakeOptions) {
    this.options = options;
    this.createRates = new TokenBuckets(options.limits.createRate, options.clock);
  }

  /**
   * Announces a segment. The same request again gives the same segment with a fresh ticket (`replayed`).
   * @throws AppError RATE_LIMITED; DUPLICATE; NO_STORAGE_PLAN; TIME_INVALID; OVERLAP; LIMIT_EXCEEDED; NOT_SUPPORTED
   */
  async create(device: BoundDevice, request: CreateSegment): Promise<{ readonly segment: CreatedSegment; readonly replayed: boolean }> {
    const waitMs = this.createRates.take(device.deviceId);
    if (waitMs > 0) throw new AppError('RATE_LIMITED', undefined, { retryAfterMs: waitMs });
    return await this.options.locks.run(device.deviceId, async () => {
      const createHash = hashOf(request);
      const announced = await this.findAnnounced(device, request.clientSegmentId);
      if (announced !== undefined) {
        if (announced.create_hash !== createHash) throw new AppError('DUPLICATE', { segmentId: announced.id });
        return { segment: await this.toCreated(announced, device), replayed: true };
      }
      return { segment: await this.toCreated(await this.insert(device, request, createHash), device), replayed: false };
    });
  }

  /**
   * Takes the bytes a ticket allows; the last whole upload before the confirmation counts.
   * @throws AppError FORBIDDEN or TICKET_EXPIRED for the ticket; TOO_LARGE; SEGMENT_STATE once the segment was decided;
   *   LIMIT_EXCEEDED without a free credit; CANCELLED when the bytes end early; NO_CAPACITY; INTERNAL_ERROR
   */
  async upload(segmentId: string, query: URLSearchParams, upload: UploadSource): Promise<{ readonly sha256: string }> {
    const { tickets, catalogue, access, sessions, objects, credits, clock } = this.options;
    const { maxBytes, epoch } = tickets.verify(segmentId, query);
    const row = await catalogue.find(segmentId);
    if (row === undefined) throw new AppError('FORBIDDEN');
    const device = await access.holder({ deviceId: row.device_id, homeId: row.home_id, epoch });
    this.assertOpen(row);
    const { source, declaredBytes = maxBytes, progress } = upload;
    if (declaredBytes > maxBytes) throw new AppError('TOO_LARGE', { maxBytes });
    using _session = sessions.enter({ deviceId: device.deviceId, segmentId, kind: row.kind, source, sizeBytes: declaredBytes, progress });
    let cameMs: number | undefined;
    source.once('end', () => {
      cameMs = clock.monotonicMs();
    });
    const received = await objects.receive(row.object_key, source, { maxBytes });
    if (cameMs !== undefined) credits.committed(clock.monotonicMs() - cameMs);
    const replaced = await this.options.locks.run(device.deviceId, async () => {
      const now = await catalogue.find(segmentId);
      const open = now !== undefined && (await catalogue.setUpload(now, received));
      return open ? now.upload_key : received.uploadKey;
    });
    if (replaced !== null) await objects.discard(replaced);
    if (replaced === received.uploadKey) throw new AppError('SEGMENT_STATE');
    return { sha256: received.sha256 };
  }

  /**
   * Stores a segment; when this resolves, bytes and row are durable.
   * @throws AppError SEGMENT_NOT_FOUND; SEGMENT_STATE; SEGMENT_EXPIRED; DUPLICATE; TIME_INVALID; SIGNATURE_INVALID;
   *   OBJECT_MISSING; OBJECT_MISMATCH; OVERLAP
   */
  async confirm(
    device: BoundDevice,
    segmentId: string,
    report: BodyOf<typeof confirmVideoSegment>,
  ): Promise<AnswerOf<typeof confirmVideoSegment>> {
    return await this.options.locks.run(device.deviceId, async () => {
      const announced = await this.require(device, segmentId);
      if (announced.state === 'stored') return { segmentId, state: 'stored', storedAt: repeated(announced, report) };
      this.assertConfirmable(announced);
      assertTimes(announced, report);
      const link = provenLink(device, announced, report);
      const { clock, credits, keeper } = this.options;
      credits.arrived(segmentId);
      using _held = credits.hold();
      const startedMs = clock.monotonicMs();
      const row = await keeper.claim(announced, report);
      if (row.upload_key === null) throw new AppError('OBJECT_MISSING');
      if (row.size_bytes !== report.sizeBytes || row.sha256 !== report.sha256) {
        throw new AppError('OBJECT_MISMATCH', { sizeBytes: row.size_bytes, sha256: row.sha256 });
      }
      const storedAt = await keeper.confirm(row, report, link);
      credits.committed(clock.monotonicMs() - startedMs);
      return { segmentId, state: 'stored', storedAt };
    });
  }

  /**
   * Gives a segment up and removes what came of it.
   * @throws AppError SEGMENT_NOT_FOUND; SEGMENT_STATE for a stored one
   */
  async cancel(device: BoundDevice, segmentId: string, { reason }: BodyOf<typeof cancelVideoSegment>): Promise<void> {
    const { locks, catalogue, credits, sessions, keeper, logger } = this.options;
    await locks.run(device.deviceId, async () => {
      const row = await this.require(device, segmentId);
      if (row.state === 'cancelled') return;
      if (row.state === 'stored' || row.state === 'garbage') throw new AppError('SEGMENT_STATE', { state: row.state });
      credits.arrived(segmentId);
      if (!(await catalogue.move(row, 'cancelled'))) throw new AppError('SEGMENT_STATE');
      sessions.endOfSegment(segmentId);
      logger.info({ segmentId, deviceId: device.deviceId, reason }, 'video segment cancelled');
      // What cannot be removed now is removed by the next sweep; the segment is cancelled either way.
      await keeper.dropBytes({ ...row, state: 'cancelled' }).catch((error: unknown) => {
        logger.warn({ err: error, segmentId }, 'bytes of a cancelled segment are still there');
      });
    });
  }

  private async insert(device: BoundDevice, request: CreateSegment, createHash: string): Promise<SegmentRow> {
    const { catalogue, clock, limits, random } = this.options;
    await this.assertAdmissible(device, request);
    const id = random.ulid();
    const createdAt = clock.now();
    const objectKey = segmentKey({ ...request, ...device, segmentId: id });
    const confirmBefore = createdAt + limits.confirmWithinMs;
    return await catalogue.insert(device, { id, request, createHash, objectKey, createdAt, confirmBefore });
  }

  private async assertAdmissible(device: BoundDevice, request: CreateSegment): Promise<void> {
    const { plans, catalogue, clock, credits, limits, gate, objects } = this.options;
    const { channel, stream, kind, startAt, durationMs, spanId, encryption } = request;
    if (!planCovers(await plans.planOf(device.homeId, device.deviceId), kind)) throw new AppError('NO_STORAGE_PLAN');
    await gate.admit(device, kind);
    // Bytes that go straight to the store are let in here or never.
    if (objects.direct !== undefined) credits.assertTicketFree(kind);
    if (encryption !== undefined && !takenEncryption.includes(encryption.scheme))
      throw new AppError('NOT_SUPPORTED', { encryption: encryption.scheme });
    const nowMs = clock.now();
    if (startAt < nowMs - vrTimers.maxPastMs || startAt > nowMs + vrTimers.maxFutureMs)
      throw new AppError('TIME_INVALID', { serverTime: nowMs });
    if (durationMs !== undefined && durationMs > MAX_SEGMENT_MS) throw new AppError('TIME_INVALID', { maxSegmentMs: MAX_SEGMENT_MS });
    if ((await catalogue.countOpen(device)) >= limits.maxOpenSegments) {
      throw new AppError('LIMIT_EXCEEDED', { maxOpenSegments: limits.maxOpenSegments }, { retryAfterMs: OPEN_SEGMENTS_RETRY_MS });
    }
    const place = { id: '', home_id: device.homeId, device_id: device.deviceId, channel, stream, kind, span_id: spanId ?? null };
    if (await catalogue.overlapsStored(place, { startAt, endAt: startAt + (durationMs ?? 0) })) throw new AppError('OVERLAP');
  }

  /** The segment a repeated request means: a cancelled or expired one means nothing any more (9.3.4.1.2). */
  private async findAnnounced(device: BoundDevice, clientSegmentId: string): Promise<SegmentRow | undefined> {
    const { catalogue, clock } = this.options;
    const row = await catalogue.findAnnounced(device, clientSegmentId);
    if (row === undefined || row.state === 'cancelled' || row.state === 'expired') return undefined;
    if (row.state === 'garbage') throw new AppError('SEGMENT_STATE', { state: 'deleted' });
    if (row.state === 'created' && row.confirm_before < clock.now()) {
      await catalogue.move(row, 'expired');
      return undefined;
    }
    return row;
  }

  private async toCreated(row: SegmentRow, device: BoundDevice): Promise<CreatedSegment> {
    const { tickets, limits, objects, credits } = this.options;
    if (objects.direct !== undefined) credits.issued(row.id);
    const upload = await tickets.issue(row, { maxBytes: limits.maxSegmentBytes, epoch: device.epoch });
    return { segmentId: row.id, state: 'created', objectKey: row.object_key, upload, confirmBefore: row.confirm_before };
  }

  /** Another device's segment is as absent as one that never was. */
  private async require(device: BoundDevice, segmentId: string): Promise<SegmentRow> {
    const row = await this.options.catalogue.find(segmentId);
    if (row?.device_id !== device.deviceId || row.home_id !== device.homeId) throw new AppError('SEGMENT_NOT_FOUND');
    return row;
  }

  private assertOpen(row: SegmentRow): void {
    if (row.state !== 'created' || row.confirm_before < this.options.clock.now()) throw new AppError('SEGMENT_STATE', { state: row.state });
  }

  private assertConfirmable(row: SegmentRow): void {
    if (row.state === 'cancelled' || row.state === 'garbage') throw new AppError('SEGMENT_STATE', { state: row.state });
    if (row.state === 'expired' || row.confirm_before < this.options.clock.now()) throw new AppError('SEGMENT_EXPIRED');
  }
}

/** When a segment became durable that is confirmed again. @throws AppError DUPLICATE when it is confirmed as something else */
function repeated(row: SegmentRow, report: BodyOf<typeof confirmVideoSegment>): number {
  const sameBytes = row.size_bytes === report.sizeBytes && row.sha256 === report.sha256;
  // What was found at expiry had its times worked out here: the device's own may differ.
  const sameTimes = row.recovered === 1 || (row.start_at === report.startAt && row.end_at === report.endAt);
  if (!sameBytes || !sameTimes || row.stored_at === null) throw new AppError('DUPLICATE');
  return row.stored_at;
}

function assertTimes(row: SegmentRow, { startAt, endAt }: BodyOf<typeof confirmVideoSegment>): void {
  const lengthMs = endAt - startAt;
  const offMs = Math.max(Math.abs(startAt - row.start_at), row.end_at === null ? 0 : Math.abs(endAt - row.end_at));
  if (offMs > vrTimers.confirmToleranceMs || lengthMs <= 0 || lengthMs > MAX_SEGMENT_MS) {
    throw new AppError('TIME_INVALID', { announcedStartAt: row.start_at });
  }
}

/** The same for the same request, whatever the order of its members. */
function hashOf(request: CreateSegment): string {
  const members = Object.entries(request).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(members)).digest('hex');
}
