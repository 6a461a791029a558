import type { Clock, Logger, Random } from '@cardea/core';
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
   * the first answer and `isNew: false`. Events of a device that belongs to no home are nobody's and are not kept.
   */
  async take<A extends object>(
    device: DeviceRow,
    event: ReportedEvent,
    answer: A,
  ): Promise<{ readonly answer: A; readonly isNew: boolean }> {
    if (device.home_id === null) return { answer, isNew: true };
    const params = JSON.stringify(event.params);
    const stored = await this.insert(device.id, device.home_id, { ...event, params, answer: JSON.stringify(answer) });
    if (stored) return { answer, isNew: true };
    const first = await this.find(device.id, event.eventId);
    if (first === undefined) return { answer, isNew: false };
    if (first.params !== params) {
      this.options.logger.warn({ deviceId: device.id, type: event.type }, 'an event id came again with other content');
    }
    return { answer: JSON.parse(first.answer) as A, isNew: false };
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

  private find(deviceId: string, eventId: string): Promise<Pick<Row<'device_event'>, 'params' | 'answer'> | undefined> {
    return this.options.db
      .selectFrom('device_event')
      .select(['params', 'answer'])
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
