import type { Clock } from '@cardea/core';
import { type CreateSegment, type SegmentLink, vrTimers } from '@cardea/protocol';
import { type Insertable, sql, type Updateable } from 'kysely';
import type { Db, Row, SegmentState, Tables } from '../store/ports.ts';
import { GroupCommit } from '../store/sql/group-commit.ts';
import { MAX_SEGMENT_MS } from './video-limits.ts';
import type { BoundDevice } from './vr-access.ts';

export type SegmentRow = Row<'segment'>;

/** Size of a segment that will not be stored, once its bytes were looked for and are gone. */
export const NO_BYTES = 0;

/** Unix milliseconds of the first sample and of the end of the last. */
export interface SegmentTimes {
  readonly startAt: number;
  readonly endAt: number;
}

export interface NewSegment {
  readonly id: string;
  readonly request: CreateSegment;
  /** SHA-256 of the request, hex. */
  readonly createHash: string;
  readonly objectKey: string;
  readonly createdAt: number;
  readonly confirmBefore: number;
}

/** What a whole upload brought. */
export interface Upload {
  readonly uploadKey: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What is known of the bytes of a segment when it is stored. */
export interface FoundMedia {
  /** The device did not confirm it. */
  readonly recovered: boolean;
  readonly formatHash: string;
  /** What the device signed of it. */
  readonly link?: SegmentLink | undefined;
}

/**
 * The rows of video segments. Every change of state is a compare-and-set, so that of two that race one wins
 * (reliability.md C-1); what it says about the bytes is true when it says it, never before.
 */
export class SegmentCatalogue {
  private readonly db: Db;
  private readonly commits: GroupCommit;

  constructor(db: Db, clock: Clock) {
    this.db = db;
    this.commits = new GroupCommit(db, clock);
  }

  /** When the bytes of a stored segment were found damaged; null: they are sound. */
  async setDamaged(id: string, at: number | null): Promise<void> {
    await this.db
      .updateTable('segment')
      .set({ damaged_at: at })
      .where('id', '=', id)
      .where('damaged_at', at === null ? 'is not' : 'is', null)
      .execute();
  }

  async find(id: string): Promise<SegmentRow | undefined> {
    return await this.db.selectFrom('segment').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** The segment a device last announced under its own id. */
  async findAnnounced(device: BoundDevice, clientSegmentId: string): Promise<SegmentRow | undefined> {
    return await this.db
      .selectFrom('segment')
      .selectAll()
      .where('device_id', '=', device.deviceId)
      .where('home_id', '=', device.homeId)
      .where('client_segment_id', '=', clientSegmentId)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  /** Segments in `state` whose time to confirm ended before `before`, at most `limit`, after id `after`. */
  async overdue(state: SegmentState, before: number, { after, limit }: { readonly after: string; readonly limit: number }) {
    return await this.db
      .selectFrom('segment')
      .selectAll()
      .where('state', '=', state)
      .where('confirm_before', '<', before)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
  }

  async countOpen(device: BoundDevice): Promise<number> {
    const { count } = await this.db
      .selectFrom('segment')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('home_id', '=', device.homeId)
      .where('device_id', '=', device.deviceId)
      .where('state', '=', 'created')
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async insert(device: BoundDevice, segment: NewSegment): Promise<SegmentRow> {
    return await this.commits.run((transaction) =>
      transaction.insertInto('segment').values(newRow(device, segment)).returningAll().executeTakeFirstOrThrow(),
    );
  }

  /** Adds a segment that is stored already; false when its time is covered by another one. */
  async restore(
    device: BoundDevice,
    segment: NewSegment,
    { sizeBytes, sha256, formatHash }: Omit<Upload, 'uploadKey'> & { readonly formatHash: string },
  ): Promise<boolean> {
    const { request, createdAt } = segment;
    const bytes = { size_bytes: sizeBytes, sha256, format_hash: formatHash };
    const row = { ...newRow(device, segment), ...bytes, state: 'stored', stored_at: createdAt, recovered: 1 } as const;
    return await this.commits.run(async (transaction) => {
      const times = { startAt: request.startAt, endAt: request.startAt + (request.durationMs ?? 0) };
      if (await overlapsStored(transaction, { ...row, span_id: null }, times)) return false;
      await transaction.insertInto('segment').values(row).execute();
      return true;
    });
  }

  /** False when the segment is not in `state` any more, by default when it does not wait for bytes. */
  async setUpload(row: SegmentRow, { uploadKey, sizeBytes, sha256 }: Upload, state: SegmentState = 'created'): Promise<boolean> {
    return await this.change(row, state, { upload_key: uploadKey, size_bytes: sizeBytes, sha256 });
  }

  /** Notes that a segment that will not be stored has no bytes left. */
  async clearUpload(row: SegmentRow): Promise<void> {
    await this.change(row, row.state, { upload_key: null, size_bytes: NO_BYTES });
  }

  /** False when `row` is out of date. */
  async move(row: SegmentRow, to: Exclude<SegmentState, 'stored'>): Promise<boolean> {
    return await this.change(row, row.state, { state: to });
  }

  /**
   * Makes a segment visible, in one transaction with the last look for overlaps.
   * `lost` when `row` is out of date, which means that somebody else decided.
   */
  async store(
    row: SegmentRow,
    { startAt, endAt }: SegmentTimes,
    { storedAt, recovered, formatHash, link }: FoundMedia & { readonly storedAt: number },
  ): Promise<'stored' | 'overlap' | 'lost'> {
    const signed = link && { chain_number: link.number, chain_previous: link.previous ?? null, chain_signature: link.signature };
    const found = { recovered: recovered ? 1 : 0, format_hash: formatHash, ...signed };
    const values = { start_at: startAt, end_at: endAt, stored_at: storedAt, ...found };
    return await this.commits.run(async (transaction) => {
      if (await overlapsStored(transaction, row, { startAt, endAt })) return 'overlap';
      return (await change(transaction, row, row.state, { ...values, state: 'stored', upload_key: null })) ? 'stored' : 'lost';
    });
  }

  /** Whether another stored segment of the same channel, stream and kind covers more than a second of these times (1807). */
  async overlapsStored(place: SegmentPlace, times: SegmentTimes): Promise<boolean> {
    return await overlapsStored(this.db, place, times);
  }

  async setLocked(row: SegmentRow, locked: boolean): Promise<boolean> {
    return await this.change(row, 'stored', { locked: locked ? 1 : 0 });
  }

  /** Recordings of a home that are kept from deletion by age. */
  async countLocked(homeId: string): Promise<number> {
    const counted = await sql<{ readonly locked: number }>`select count(*) as locked from segment indexed by segment_locked
      where home_id = ${homeId} and state = 'stored' and locked = 1`.execute(this.db);
    return counted.rows[0]?.locked ?? 0;
  }

  /** Forgets a segment whose bytes are gone. */
  async delete(row: SegmentRow): Promise<void> {
    await this.db.deleteFrom('segment').where('id', '=', row.id).where('state', '=', row.state).execute();
  }

  private async change(row: SegmentRow, state: SegmentState, values: Updateable<Tables['segment']>): Promise<boolean> {
    return await this.commits.run((transaction) => change(transaction, row, state, values));
  }
}

/** False when nothing had the id, that state and that upload any more. */
async function change(db: Db, row: SegmentRow, state: SegmentState, values: Updateable<Tables['segment']>): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('segment')
    .set(values)
    .where('id', '=', row.id)
    .where('state', '=', state)
    .where('upload_key', 'is not distinct from', row.upload_key)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** What decides whether two segments may cover the same time. */
export type SegmentPlace = Pick<SegmentRow, 'id' | 'home_id' | 'device_id' | 'channel' | 'stream' | 'kind' | 'span_id'>;

async function overlapsStored(db: Db, place: SegmentPlace, { startAt, endAt }: SegmentTimes): Promise<boolean> {
  const near = await db
    .selectFrom('segment')
    .select(['id', 'start_at', 'end_at', 'span_id'])
    .where('home_id', '=', place.home_id)
    .where('device_id', '=', place.device_id)
    .where('state', '=', 'stored')
    .where('start_at', '>', startAt - MAX_SEGMENT_MS)
    .where('start_at', '<', endAt)
    .where('end_at', '>', startAt)
    .where('channel', '=', place.channel)
    .where('stream', '=', place.stream)
    .where('kind', '=', place.kind)
    .execute();
  return near.some(
    (other) => other.id !== place.id && !isOtherSpan(other, place) && overlapMs(other, { startAt, endAt }) > vrTimers.overlapToleranceMs,
  );
}

/** A device whose clock was set back begins a new span and records the same time again: both are kept (C8). */
function isOtherSpan(one: Pick<SegmentRow, 'span_id'>, other: Pick<SegmentRow, 'span_id'>): boolean {
  return one.span_id !== null && other.span_id !== null && one.span_id !== other.span_id;
}

function overlapMs(other: Pick<SegmentRow, 'start_at' | 'end_at'>, { startAt, endAt }: SegmentTimes): number {
  return Math.min(other.end_at ?? other.start_at, endAt) - Math.max(other.start_at, startAt);
}

function newRow(device: BoundDevice, { id, request, createHash, objectKey, createdAt, confirmBefore }: NewSegment) {
  const { clientSegmentId, channel, stream, kind, startAt, durationMs, codecs, eventId, taskId, spanId, index, encryption } = request;
  const row: Insertable<Tables['segment']> = {
    id,
    home_id: device.homeId,
    device_id: device.deviceId,
    channel,
    stream,
    kind,
    client_segment_id: clientSegmentId,
    create_hash: createHash,
    state: 'created',
    start_at: startAt,
    end_at: durationMs === undefined ? null : startAt + Math.round(durationMs),
    object_key: objectKey,
    codecs,
    event_id: eventId ?? null,
    task_id: taskId ?? null,
    span_id: spanId ?? null,
    span_index: index ?? null,
    encryption: encryption === undefined || encryption.scheme === 'none' ? null : encryption.scheme,
    locked: 0,
    recovered: 0,
    binding_epoch: device.epoch,
    created_at: createdAt,
    confirm_before: confirmBefore,
  };
  return row;
}
