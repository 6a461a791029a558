import { API_PATH, type EventKind, type HomeEvent } from '@cardea/api';
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

export interface HomeEventsOptions {
  readonly db: Db;
  /** Origin under which users reach the platform. */
  readonly publicUrl: () => string;
}

type EventRow = Row<'device_event'>;

const DEFAULT_LIMIT = 50;

/** Alarms and device events as users see them: those of a device while it belonged to the home the proof is for. */
export class HomeEvents {
  private readonly db: Db;
  private readonly publicUrl: () => string;

  constructor({ db, publicUrl }: HomeEventsOptions) {
    this.db = db;
    this.publicUrl = publicUrl;
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

  private async describe(rows: readonly EventRow[]): Promise<HomeEvent[]> {
    const alarms = rows.filter((row) => row.kind === 'alarm');
    if (alarms.length === 0) return rows.map((row) => toEvent(row, { segmentIds: [], pictures: [] }));
    const [segments, pictures] = await Promise.all([this.segmentsOf(alarms), this.picturesOf(alarms)]);
    return rows.map((row) => {
      const named = segmentsNamedIn(row);
      const own = segments.filter((segment) => isOf(segment, row) && (segment.event_id === row.event_id || named.includes(segment.id)));
      const shown = pictures.filter((picture) => isOf(picture, row) && picture.owner_id === row.event_id);
      return toEvent(row, {
        segmentIds: own.map(({ id }) => id),
        pictures: shown.map(({ number, width, height }) => ({ url: this.pictureUrl(row.id, number), width, height })),
      });
    });
  }

  private pictureUrl(id: string, number: number): string {
    return `${this.publicUrl()}${API_PATH}/events/${id}/pictures/${number}`;
  }

  private async picturesOf(alarms: readonly EventRow[]) {
    return await this.db
      .selectFrom('picture')
      .select(['home_id', 'device_id', 'owner_id', 'number', 'width', 'height'])
      .where('device_id', 'in', devicesOf(alarms))
      .where('purpose', '=', 'alarm')
      .where(
        'owner_id',
        'in',
        alarms.map((row) => row.event_id),
      )
      .orderBy('number')
      .execute();
  }

  /** Stored segments recorded for these events, or named by them: what a device names may be anything. */
  private async segmentsOf(alarms: readonly EventRow[]) {
    const named = alarms.flatMap(segmentsNamedIn);
    const eventIds = alarms.map((row) => row.event_id);
    return await this.db
      .selectFrom('segment')
      .select(['id', 'home_id', 'device_id', 'event_id'])
      .where('device_id', 'in', devicesOf(alarms))
      .where((e) => (named.length === 0 ? e('event_id', 'in', eventIds) : e.or([e('event_id', 'in', eventIds), e('id', 'in', named)])))
      .where('state', '=', 'stored')
      .orderBy('start_at')
      .execute();
  }
}

function devicesOf(rows: readonly EventRow[]): readonly string[] {
  return [...new Set(rows.map((row) => row.device_id))];
}

/** Whether a thing came from the device of an event while that belonged to the same home. */
function isOf(thing: Pick<EventRow, 'device_id' | 'home_id'>, { device_id, home_id }: EventRow): boolean {
  return thing.device_id === device_id && thing.home_id === home_id;
}

function segmentsNamedIn(row: EventRow): readonly string[] {
  if (row.kind !== 'alarm') return [];
  const alarm = validateParams(alarmNotification, JSON.parse(row.params));
  return alarm.ok ? (alarm.value.media?.segmentIds ?? []) : [];
}

function toEvent(row: EventRow, media: Pick<HomeEvent, 'pictures' | 'segmentIds'>): HomeEvent {
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
    ...media,
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
