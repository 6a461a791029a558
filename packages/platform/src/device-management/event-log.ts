import type { HomeEvent } from '@cardea/api';
import { AppError } from '@cardea/core';
import { alarmNotification, validateParams } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Bus, Db, Row } from '../store/ports.ts';

export interface EventFilter {
  readonly kind?: 'alarm' | 'device' | undefined;
  readonly type?: string | undefined;
  /** First instant wanted. */
  readonly from?: number | undefined;
  /** First instant no longer wanted. */
  readonly to?: number | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

export interface EventPage {
  readonly items: readonly HomeEvent[];
  /** `cursor` of the following page; absent on the last. */
  readonly next?: string;
}

type EventRow = Row<'device_event'>;
type EventProof = DeviceProof<'view.events'>;

const DEFAULT_LIMIT = 50;

/** The events of homes as users see them. */
export class EventLog {
  private readonly db: Db;
  private readonly bus: Bus;

  constructor({ db, bus }: { readonly db: Db; readonly bus: Bus }) {
    this.db = db;
    this.bus = bus;
  }

  /** Events of the proven devices, newest first. @throws AppError INVALID_PARAMS for a cursor that is not ours */
  async list(proofs: readonly EventProof[], { kind, type, from, to, cursor, limit = DEFAULT_LIMIT }: EventFilter = {}): Promise<EventPage> {
    if (proofs.length === 0) return { items: [] };
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const homes = Map.groupBy(proofs, ({ homeId }) => homeId);
    let query = this.db
      .selectFrom('device_event')
      .selectAll()
      .where(({ and, eb, or }) =>
        or(
          [...homes].map(([homeId, ofHome]) =>
            and([
              eb('home_id', '=', homeId),
              eb(
                'device_id',
                'in',
                ofHome.map(({ deviceId }) => deviceId),
              ),
            ]),
          ),
        ),
      )
      .orderBy('occurred_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit + 1);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (type !== undefined) query = query.where('type', '=', type);
    if (from !== undefined) query = query.where('occurred_at', '>=', from);
    if (to !== undefined) query = query.where('occurred_at', '<', to);
    if (after !== undefined) {
      query = query.where(({ and, eb, or }) =>
        or([eb('occurred_at', '<', after.occurredAt), and([eb('occurred_at', '=', after.occurredAt), eb('id', '<', after.id)])]),
      );
    }
    const rows = await query.execute();
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return { items: await this.present(page), ...(rows.length > limit && last !== undefined && { next: encodeCursor(last) }) };
  }

  /** Which device an event is about, so that a route can ask for the proof. @throws AppError NOT_FOUND */
  async deviceOf(id: string): Promise<string> {
    const row = await this.db.selectFrom('device_event').select('device_id').where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw new AppError('NOT_FOUND');
    return row.device_id;
  }

  /** @throws AppError NOT_FOUND, also for an event from the time the device belonged to another home */
  async get(proof: EventProof, id: string): Promise<HomeEvent> {
    const row = await this.db
      .selectFrom('device_event')
      .selectAll()
      .where('id', '=', id)
      .where('home_id', '=', proof.homeId)
      .where('device_id', '=', proof.deviceId)
      .executeTakeFirst();
    const [event] = row === undefined ? [] : await this.present([row]);
    if (event === undefined) throw new AppError('NOT_FOUND');
    return event;
  }

  /** @throws AppError NOT_FOUND */
  async setReviewed(proof: EventProof, id: string, { reviewed }: { readonly reviewed: boolean }): Promise<HomeEvent> {
    const { deviceId, homeId } = proof;
    await this.db
      .updateTable('device_event')
      .set({ reviewed: reviewed ? 1 : 0 })
      .where('id', '=', id)
      .where('home_id', '=', homeId)
      .where('device_id', '=', deviceId)
      .execute();
    const event = await this.get(proof, id);
    this.bus.publish({ type: 'alarm', homeId, deviceId, id });
    return event;
  }

  private async present(rows: readonly EventRow[]): Promise<readonly HomeEvent[]> {
    const segments = await this.segmentsOf(rows);
    return rows.map((row) => {
      const named = segmentsNamedIn(row);
      const stored = segments.filter(({ device_id, event_id }) => device_id === row.device_id && event_id === row.event_id);
      return present(row, [...new Set([...named, ...stored.map(({ id }) => id)])]);
    });
  }

  /** Only stored segments of the same home exist for users. */
  private segmentsOf(rows: readonly EventRow[]) {
    const events = rows.filter(({ kind }) => kind === 'alarm').map(({ event_id }) => event_id);
    if (events.length === 0) return Promise.resolve([]);
    return this.db
      .selectFrom('segment')
      .innerJoin('device_event', (join) =>
        join
          .onRef('device_event.device_id', '=', 'segment.device_id')
          .onRef('device_event.event_id', '=', 'segment.event_id')
          .onRef('device_event.home_id', '=', 'segment.home_id'),
      )
      .select(['segment.id', 'segment.device_id', 'segment.event_id'])
      .where('segment.event_id', 'in', events)
      .where('segment.state', '=', 'stored')
      .orderBy('segment.start_at')
      .execute();
  }
}

function segmentsNamedIn(row: EventRow): readonly string[] {
  if (row.kind !== 'alarm') return [];
  const alarm = validateParams(alarmNotification, JSON.parse(row.params));
  return alarm.ok ? (alarm.value.media?.segmentIds ?? []) : [];
}

function present(row: EventRow, segmentIds: readonly string[]): HomeEvent {
  return {
    id: row.id,
    eventId: row.event_id,
    kind: row.kind,
    deviceId: row.device_id,
    homeId: row.home_id,
    type: row.type,
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
    reviewed: row.reviewed === 1,
    pictures: [],
    segmentIds: [...segmentIds],
    ...(row.channel !== null && { channel: row.channel }),
    ...(row.state !== null && { state: row.state }),
    ...(row.level !== null && { level: row.level }),
    ...(row.correlation_id !== null && { correlationId: row.correlation_id }),
    ...(row.text !== null && { text: row.text }),
  };
}

function encodeCursor({ occurred_at, id }: EventRow): string {
  return Buffer.from(`${occurred_at}.${id}`).toString('base64url');
}

function decodeCursor(cursor: string): { readonly occurredAt: number; readonly id: string } {
  const [occurredAt, id] = Buffer.from(cursor, 'base64url').toString('utf8').split('.');
  if (id === undefined || !Number.isSafeInteger(Number(occurredAt))) throw new AppError('INVALID_PARAMS', { member: 'cursor' });
  return { occurredAt: Number(occurredAt), id };
}
