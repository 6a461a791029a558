import type { Clock, Logger, Random } from '@cardea/core';
import { sql } from 'kysely';
import type { Bus, Db, Row } from '../store/ports.ts';
import { GroupCommit } from '../store/sql/group-commit.ts';
import type { DeviceRow } from './device-records.ts';

/** What the platform itself notes about a device, beside what the device reports (clarification S15). */
export type OwnEventType = 'online' | 'offline' | 'binding' | 'clock' | 'firmware' | 'recordingStopped' | 'storage';

/** An event as a device reported it. */
export interface ReportedEvent {
  readonly eventId: string;
  readonly occurredAt: number;
  readonly kind: 'alarm' | 'device';
  readonly type: string;
  readonly channel?: number | undefined;
  readonly state?: string | undefined;
  readonly level?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly text?: string | undefined;
  /** The message as received. */
  readonly params: object;
  /** Whether something follows from it, which is due until `followed`. */
  readonly hasFollowUp?: boolean;
}

/** An event of whose follow-up nobody noted that it was done. */
export interface DueEvent {
  readonly deviceId: string;
  readonly homeId: string;
  readonly eventId: string;
  readonly type: string;
  /** The message as received, JSON. */
  readonly params: string;
}

export interface EventJournalOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Makes events durable, once each, and tells the bus. Events that come together share commits. */
export class EventJournal {
  private readonly options: EventJournalOptions;
  private readonly commits: GroupCommit;

  constructor(options: EventJournalOptions) {
    this.options = options;
    this.commits = new GroupCommit(options.db, options.clock);
  }

  /** The answer a device was given for this event, if it reported it before. */
  async answerTo(deviceId: string, eventId: string): Promise<unknown> {
    const row = await this.find(deviceId, eventId);
    return row === undefined ? undefined : JSON.parse(row.answer);
  }

  /**
   * Stores the event with its answer and resolves when it is durable. For an event that was stored before, resolves with
   * the first answer. `due` is what to follow, if anything: a repeat may come after something newer. Events of a device that belongs to no home are nobody's and are not kept.
   */
  async take<A extends object>(
    device: DeviceRow,
    event: ReportedEvent,
    answer: A,
  ): Promise<{ readonly answer: A; readonly due?: DueEvent }> {
    if (device.home_id === null) return { answer };
    const { eventId, hasFollowUp, type } = event;
    const params = JSON.stringify(event.params);
    const due = { deviceId: device.id, homeId: device.home_id, eventId, type, params };
    const stored = await this.insert(device.id, device.home_id, { ...event, params, answer: JSON.stringify(answer) });
    if (stored) return { answer, ...(hasFollowUp === true && { due }) };
    const first = await this.find(device.id, eventId);
    if (first === undefined) return { answer };
    if (first.params !== params) this.options.logger.warn({ deviceId: device.id, type }, 'an event id came again with other content');
    return { answer: JSON.parse(first.answer) as A, ...(first.followed === 0 && { due: { ...due, params: first.params } }) };
  }

  /** What follows from the event was done. */
  async followed({ deviceId, eventId }: DueEvent): Promise<void> {
    await this.commits.run((tx) =>
      tx.updateTable('device_event').set({ followed: 1 }).where('device_id', '=', deviceId).where('event_id', '=', eventId).execute(),
    );
  }

  /** Events whose follow-up is due, oldest first, of those after `id`. */
  async due(id: string, limit: number): Promise<readonly (DueEvent & { readonly id: string })[]> {
    const { db } = this.options;
    return await db
      .selectFrom('device_event')
      .select(['id', 'device_id as deviceId', 'home_id as homeId', 'event_id as eventId', 'type', 'params'])
      // A parameter would hide from the database that its index of these will do.
      .where('followed', '=', sql.lit(0))
      .where('id', '>', id)
      .orderBy('id')
      .limit(limit)
      .execute();
  }

  /** Notes what happened to a device of a home. */
  async note(
    deviceId: string,
    homeId: string,
    { type, text, channel, occurredAt }: { type: OwnEventType; text?: string; channel?: number; occurredAt: number },
  ): Promise<void> {
    const eventId = this.options.random.ulid();
    await this.insert(deviceId, homeId, { eventId, occurredAt, kind: 'device', type, text, channel, params: '{}', answer: '{}' });
  }

  /** Removes the oldest events received before `before`, at most `limit`; resolves with how many there were. */
  async purge(before: number, limit: number): Promise<number> {
    const { db } = this.options;
    const old = await db
      .selectFrom('device_event')
      .select('id')
      .where('received_at', '<', before)
      .orderBy('received_at')
      .limit(limit)
      .execute();
    if (old.length > 0)
      await db
        .deleteFrom('device_event')
        .where(
          'id',
          'in',
          old.map(({ id }) => id),
        )
        .execute();
    return old.length;
  }

  private find(deviceId: string, eventId: string): Promise<Pick<Row<'device_event'>, 'params' | 'answer' | 'followed'> | undefined> {
    return this.options.db
      .selectFrom('device_event')
      .select(['params', 'answer', 'followed'])
      .where('device_id', '=', deviceId)
      .where('event_id', '=', eventId)
      .executeTakeFirst();
  }

  private async insert(
    deviceId: string,
    homeId: string,
    event: Omit<ReportedEvent, 'params'> & { readonly params: string; readonly answer: string },
  ): Promise<boolean> {
    const { bus, clock, random } = this.options;
    const id = random.ulid();
    const row = {
      device_id: deviceId,
      event_id: event.eventId,
      home_id: homeId,
      id,
      kind: event.kind,
      type: event.type,
      channel: event.channel ?? null,
      state: event.state ?? null,
      level: event.level ?? null,
      correlation_id: event.correlationId ?? null,
      text: event.text ?? null,
      occurred_at: event.occurredAt,
      received_at: clock.now(),
      params: event.params,
      answer: event.answer,
      reviewed: 0,
      followed: event.hasFollowUp === true ? 0 : 1,
    };
    const inserted = await this.commits.run((tx) =>
      tx
        .insertInto('device_event')
        .values(row)
        .onConflict((conflict) => conflict.columns(['device_id', 'event_id']).doNothing())
        .executeTakeFirst(),
    );
    const stored = (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n;
    if (stored) bus.publish({ type: 'alarm', homeId, deviceId, id });
    return stored;
  }
}
