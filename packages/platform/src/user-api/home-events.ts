import type { EventKind, HomeEvent } from '@cardea/api';
import { AppError } from '@cardea/core';
import { alarmNotification, validateParams } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Db, Row } from '../store/ports.ts';

export interface EventQuery {
  readonly kind?: EventKind;
  readonly type?: string;
  /** Events at or after this, Unix milliseconds. */
  readonly from?: number;
  /** Events before this. */
  readonly to?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
  readonly limit?: number;
}

const DEFAULT_LIMIT = 50;

/** Alarms and device events as users see them: those of a device while it belonged to the home the proof is for. */
export class HomeEvents {
  private readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  /** The device an event is of, so that a route can ask for the right to it. */
  async deviceOf(id: string): Promise<string | undefined> {
    return (await this.db.selectFrom('device_event').select('device_id').where('id', '=', id).executeTakeFirst())?.device_id;
  }

  /** Events of these devices, newest first. @throws AppError INVALID_PARAMS for a cursor that is none */
  async list(
    proofs: readonly DeviceProof<'view.events'>[],
    { kind, type, from, to, cursor, limit = DEFAULT_LIMIT }: EventQuery,
  ): Promise<{ items: HomeEvent[]; next?: string }> {
    if (proofs.length === 0) return { items: [] };
    let query = this.db
      .selectFrom('device_event')
      .selectAll()
      .where((e) => e.or(byHome(proofs).map(([homeId, ids]) => e.and([e('home_id', '=', homeId), e('device_id', 'in', ids)]))))
      .orderBy('occurred_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit + 1);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (type !== undefined) query = query.where('type', '=', type);
    if (from !== undefined) query = query.where('occurred_at', '>=', from);
    if (to !== undefined) query = query.where('occurred_at', '<', to);
    if (cursor !== undefined) {
      const { occurredAt, id } = parseCursor(cursor);
      query = query.where((e) => e.or([e('occurred_at', '<', occurredAt), e.and([e('occurred_at', '=', occurredAt), e('id', '<', id)])]));
    }
    const rows = await query.execute();
    const items = await this.describe(rows.slice(0, limit));
    const last = items.at(-1);
    return rows.length > limit && last !== undefined ? { items, next: cursorOf(last) } : { items };
  }

  /** @throws AppError NOT_FOUND */
  async get(proof: DeviceProof<'view.events'>, id: string): Promise<HomeEvent> {
    const rows = await this.db
      .selectFrom('device_event')
      .selectAll()
      .where('id', '=', id)
      .where('home_id', '=', proof.homeId)
      .where('device_id', '=', proof.deviceId)
      .execute();
    const [event] = await this.describe(rows);
    if (event === undefined) throw new AppError('NOT_FOUND');
    return event;
  }

  /** @throws AppError NOT_FOUND */
  async setReviewed(proof: DeviceProof<'view.events'>, id: string, reviewed: boolean): Promise<HomeEvent> {
    await this.db
      .updateTable('device_event')
      .set({ reviewed: reviewed ? 1 : 0 })
      .where('id', '=', id)
      .where('home_id', '=', proof.homeId)
      .where('device_id', '=', proof.deviceId)
      .execute();
    return await this.get(proof, id);
  }

  private async describe(rows: readonly Row<'device_event'>[]): Promise<HomeEvent[]> {
    const segments = await this.segmentsOf(rows);
    return rows.map((row) => {
      const named = segmentsNamedIn(row);
      const own = segments.filter(
        ({ id, device_id, home_id, event_id }) =>
          device_id === row.device_id && home_id === row.home_id && (event_id === row.event_id || named.includes(id)),
      );
      return toEvent(
        row,
        own.map(({ id }) => id),
      );
    });
  }

  /** Stored segments recorded for these events, or named by them: what a device names may be anything. */
  private async segmentsOf(rows: readonly Row<'device_event'>[]) {
    const alarms = rows.filter((row) => row.kind === 'alarm');
    if (alarms.length === 0) return [];
    const named = alarms.flatMap(segmentsNamedIn);
    const eventIds = alarms.map((row) => row.event_id);
    return await this.db
      .selectFrom('segment')
      .select(['id', 'home_id', 'device_id', 'event_id'])
      .where('device_id', 'in', [...new Set(alarms.map((row) => row.device_id))])
      .where((e) => (named.length === 0 ? e('event_id', 'in', eventIds) : e.or([e('event_id', 'in', eventIds), e('id', 'in', named)])))
      .where('state', '=', 'stored')
      .orderBy('start_at')
      .execute();
  }
}

function segmentsNamedIn(row: Row<'device_event'>): readonly string[] {
  if (row.kind !== 'alarm') return [];
  const alarm = validateParams(alarmNotification, JSON.parse(row.params));
  return alarm.ok ? (alarm.value.media?.segmentIds ?? []) : [];
}

function toEvent(row: Row<'device_event'>, segmentIds: string[]): HomeEvent {
  return {
    id: row.id,
    eventId: row.event_id,
    kind: row.kind,
    deviceId: row.device_id,
    homeId: row.home_id,
    ...(row.channel === null ? {} : { channel: row.channel }),
    type: row.type,
    ...(row.state === null ? {} : { state: row.state }),
    ...(row.level === null ? {} : { level: row.level }),
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
    ...(row.correlation_id === null ? {} : { correlationId: row.correlation_id }),
    ...(row.text === null ? {} : { text: row.text }),
    reviewed: row.reviewed === 1,
    pictures: [],
    segmentIds,
  };
}

function byHome(proofs: readonly DeviceProof[]): readonly (readonly [string, readonly string[]])[] {
  const homes = new Map<string, string[]>();
  for (const { homeId, deviceId } of proofs) homes.set(homeId, [...(homes.get(homeId) ?? []), deviceId]);
  return [...homes];
}

function cursorOf({ occurredAt, id }: HomeEvent): string {
  return Buffer.from(`${occurredAt}.${id}`).toString('base64url');
}

function parseCursor(cursor: string): { readonly occurredAt: number; readonly id: string } {
  const [, occurredAt, id] = /^(\d{1,15})\.(\w{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (occurredAt === undefined || id === undefined) throw new AppError('INVALID_PARAMS', { cursor: 'not a cursor of this list' });
  return { occurredAt: Number(occurredAt), id };
}
