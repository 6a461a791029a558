import type { Readable } from 'node:stream';
import type { Segment } from '@cardea/api';
import { AppError, type Clock, type Logger } from '@cardea/core';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Db, ObjectStore } from '../store/ports.ts';
import type { DamageRecord } from './damage-record.ts';
import { IntegrityCheck } from './integrity-check.ts';
import type { SegmentCatalogue, SegmentRow } from './segment-catalogue.ts';
import type { SegmentKeeper } from './segment-keeper.ts';
import { devicePrefix } from './segment-key.ts';
import { linkOf } from './segment-link.ts';
import type { SegmentLocks } from './segment-locks.ts';
import type { RecordingLedger } from './timeline/recording-ledger.ts';
import { MAX_SEGMENT_MS } from './video-limits.ts';

export interface SegmentQuery {
  /** Segments that end after this, Unix milliseconds. */
  readonly from?: number;
  /** Segments that start before this. */
  readonly to?: number;
  readonly channel?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
  /** Items per page, default 50, at most 200. */
  readonly limit?: number;
}

export interface SegmentBytes {
  /** The range asked for, or everything; the caller consumes or destroys it. */
  readonly stream: Readable;
  /** Of the whole segment. */
  readonly sizeBytes: number;
  /** SHA-256 of the whole segment, lower-case hex. */
  readonly etag: string;
}

export interface SegmentLibraryOptions {
  readonly db: Db;
  readonly catalogue: SegmentCatalogue;
  readonly keeper: SegmentKeeper;
  readonly locks: SegmentLocks;
  readonly ledger: Pick<RecordingLedger, 'gap'>;
  readonly objects: ObjectStore;
  readonly damage: DamageRecord;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly caps?: Caps;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** The user's side: stored segments of a device the user may see. Anything else is NOT_FOUND, whatever it is. */
export class SegmentLibrary {
  private readonly options: SegmentLibraryOptions;
  private readonly integrity: IntegrityCheck;

  constructor(options: SegmentLibraryOptions) {
    this.options = options;
    this.integrity = new IntegrityCheck(options);
  }

  /** Stored segments, oldest first. @throws AppError INVALID_PARAMS for a cursor that is none */
  async segments(
    proof: DeviceProof<'view.recordings'>,
    query: SegmentQuery = {},
  ): Promise<{ readonly items: Segment[]; readonly next?: string }> {
    const limit = Math.max(1, Math.min(query.limit ?? DEFAULT_LIMIT, MAX_LIMIT));
    const rows = await this.rows(proof, query, limit + 1);
    const items = rows.slice(0, limit).map(toSegment);
    const last = rows[limit - 1];
    return rows.length > limit && last !== undefined ? { items, next: cursorOf(last) } : { items };
  }

  /** @throws AppError NOT_FOUND */
  async segment(proof: DeviceProof<'view.recordings'>, segmentId: string): Promise<Segment> {
    return toSegment(await this.require(proof, segmentId));
  }

  /**
   * The bytes of a segment, proven to be those that were confirmed. `end` of the range is inclusive and lies inside the segment.
   * @throws AppError NOT_FOUND; OBJECT_MISMATCH when the bytes were damaged since; INTERNAL_ERROR when they are gone
   */
  async readSegment(
    proof: DeviceProof<'view.recordings'>,
    segmentId: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<SegmentBytes> {
    const row = await this.require(proof, segmentId);
    const { size_bytes: sizeBytes, sha256 } = row;
    if (sizeBytes === null || sha256 === null) throw new AppError('INTERNAL_ERROR');
    await this.integrity.assertIntact(row);
    return { stream: await this.options.objects.read(row.object_key, range), sizeBytes, etag: sha256 };
  }

  /** Keeps a segment from deletion by age, or stops doing so. @throws AppError NOT_FOUND; LIMIT_EXCEEDED */
  async setLocked(proof: DeviceProof<'control'>, segmentId: string, locked: boolean): Promise<Segment> {
    const { caps = defaultCaps, catalogue, keeper, locks } = this.options;
    return await locks.run(proof.deviceId, async () => {
      const row = await this.require(proof, segmentId);
      if (locked && row.locked === 0) assertRoomFor('lockedSegmentsPerHome', caps, await catalogue.countLocked(row.home_id));
      if (!(await catalogue.setLocked(row, locked))) throw new AppError('NOT_FOUND');
      keeper.announce(row);
      return toSegment({ ...row, locked: locked ? 1 : 0 });
    });
  }

  /**
   * Deletes a segment; when this resolves, its bytes are gone.
   * @throws AppError NOT_FOUND; INVALID_STATE while it is locked
   */
  async remove(proof: DeviceProof<'manage'>, segmentId: string): Promise<void> {
    const { catalogue, keeper, ledger, locks } = this.options;
    await locks.run(proof.deviceId, async () => {
      const row = await this.require(proof, segmentId);
      if (row.locked === 1) throw new AppError('INVALID_STATE', { locked: true }, { message: 'the recording is locked; unlock it first' });
      const place = { homeId: row.home_id, deviceId: row.device_id, channel: row.channel };
      await ledger.gap(place, 'deleted', { from: row.start_at, to: row.end_at ?? row.start_at });
      if (!(await catalogue.move(row, 'garbage'))) throw new AppError('NOT_FOUND');
      keeper.announce(row);
      await keeper.finishGarbage({ ...row, state: 'garbage' });
    });
  }

  /** The device a stored segment is of, so that a route can ask for the right to it. */
  async deviceOf(segmentId: string): Promise<string | undefined> {
    const row = await this.options.catalogue.find(segmentId);
    return row?.state === 'stored' ? row.device_id : undefined;
  }

  private async rows(proof: DeviceProof, { from, to, channel, cursor }: SegmentQuery, limit: number): Promise<readonly SegmentRow[]> {
    let query = this.options.db
      .selectFrom('segment')
      .selectAll()
      .where('home_id', '=', proof.homeId)
      .where('device_id', '=', proof.deviceId)
      .where('state', '=', 'stored')
      .orderBy('start_at')
      .orderBy('id')
      .limit(limit);
    // The first bound lets the index skip; the second is exact.
    if (from !== undefined) query = query.where('start_at', '>', from - MAX_SEGMENT_MS).where('end_at', '>', from);
    if (to !== undefined) query = query.where('start_at', '<', to);
    if (channel !== undefined) query = query.where('channel', '=', channel);
    if (cursor !== undefined) {
      const { startAt, id } = parseCursor(cursor);
      query = query.where((e) => e.or([e('start_at', '>', startAt), e.and([e('start_at', '=', startAt), e('id', '>', id)])]));
    }
    return await query.execute();
  }

  private async require(proof: DeviceProof, segmentId: string): Promise<SegmentRow> {
    const row = await this.options.catalogue.find(segmentId);
    const visible = row?.state === 'stored' && row.device_id === proof.deviceId && row.home_id === proof.homeId;
    if (row === undefined || !visible) throw new AppError('NOT_FOUND');
    // The row says whose it is; the place of the bytes has to say the same, or no byte leaves (reliability.md C-27).
    if (!row.object_key.startsWith(devicePrefix(proof.homeId, proof.deviceId))) {
      this.options.logger.error({ segmentId, deviceId: proof.deviceId }, 'a row names the bytes of another home or device');
      throw new AppError('INTERNAL_ERROR');
    }
    return row;
  }
}

/** A row as the user API shows it. */
function toSegment(row: SegmentRow): Segment {
  return {
    id: row.id,
    deviceId: row.device_id,
    homeId: row.home_id,
    channel: row.channel,
    stream: row.stream as Segment['stream'],
    kind: row.kind,
    startAt: row.start_at,
    endAt: row.end_at ?? row.start_at,
    sizeBytes: row.size_bytes ?? 0,
    sha256: row.sha256 ?? '',
    ...(row.event_id === null ? {} : { eventId: row.event_id }),
    locked: row.locked === 1,
    clientSegmentId: row.client_segment_id,
    ...linkOf(row),
    ...(row.encryption === null ? {} : { encryption: row.encryption }),
  };
}

function cursorOf(row: SegmentRow): string {
  return Buffer.from(`${row.start_at}.${row.id}`).toString('base64url');
}

function parseCursor(cursor: string): { readonly startAt: number; readonly id: string } {
  const [, startAt, id] = /^(\d{1,15})\.([0-9A-Z]{26})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (startAt === undefined || id === undefined) throw new AppError('INVALID_PARAMS', { cursor: 'not a cursor of this list' });
  return { startAt: Number(startAt), id };
}
