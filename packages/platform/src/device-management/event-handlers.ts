import type { Clock, Logger } from '@cardea/core';
import {
  type alarmNotification,
  alarmTimers,
  type batteryChange,
  type channelChange,
  type configChange,
  type fallAsleep,
  type firmwareChange,
  type liveChange,
  type ParamsOf,
  type Received,
  type ResultOf,
  sleepTimers,
  type UploadTicket,
  type uploadLogDone,
} from '@cardea/protocol';
import type { DeviceRow } from './device-records.ts';
import type { EventFollowUps } from './event-follow-ups.ts';
import type { EventJournal, ReportedEvent } from './event-journal.ts';
import type { DeviceConnections, PictureTickets } from './ports.ts';

export interface EventHandlersOptions {
  readonly connections: DeviceConnections;
  readonly journal: EventJournal;
  readonly pictures: PictureTickets;
  readonly followUps: EventFollowUps;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Of a device that does not say when it wakes. */
const LONG_SLEEP_MS = 8 * 3_600_000;
const received: Received = { received: true };
/** Long enough for a device on a bad line (C14, M45). */
const PICTURE_TICKET_MS = 5 * alarmTimers.pictureTicketMinMs;

type AlarmAnswer = ResultOf<typeof alarmNotification>;

type Told = Omit<ReportedEvent, 'eventId' | 'occurredAt' | 'params' | 'hasFollowUp'>;
type EventParams = { readonly eventId: string; readonly occurredAt: number };

/** Takes the events of devices: durable first, then what follows from them, then the answer. */
export class EventHandlers {
  private readonly options: EventHandlersOptions;

  constructor(options: EventHandlersOptions) {
    this.options = options;
  }

  /** A repeat gets tickets of its own: those of the first answer may be lost, or too old by now. */
  async alarm(params: ParamsOf<typeof alarmNotification>, device: DeviceRow): Promise<AlarmAnswer> {
    const { alarmType, channel, correlationId, level, state, text } = params;
    const answer = await this.take(device, params, { kind: 'alarm', type: alarmType, channel, correlationId, level, state, text });
    const snapshotTickets = await this.ticketsFor(params, device);
    return snapshotTickets.length === 0 ? answer : { ...answer, snapshotTickets };
  }

  async battery(params: ParamsOf<typeof batteryChange>, device: DeviceRow): Promise<Received> {
    return this.take(device, params, { kind: 'device', type: 'battery', state: params.battery.level });
  }

  async config(params: ParamsOf<typeof configChange>, device: DeviceRow): Promise<Received> {
    return this.take(device, params, { kind: 'device', type: 'config' });
  }

  async channel(params: ParamsOf<typeof channelChange>, device: DeviceRow): Promise<Received> {
    const told: Told = { kind: 'device', type: 'channel', channel: params.channel, state: params.online ? 'online' : 'offline' };
    return this.take(device, params, told);
  }

  /** Shown by the presence of the device; a hundred naps a day are no news. */
  async sleeping(params: ParamsOf<typeof fallAsleep>, device: DeviceRow): Promise<Received> {
    const { clock, connections } = this.options;
    // Without a wake channel nothing is heard of it until it wakes by itself.
    const sleepMs = (params.expectedWakeAt ?? clock.now() + LONG_SLEEP_MS) - clock.now();
    if (params.wakeChannel === 'tcp') connections.announceSleep(device.id);
    else connections.announceSleep(device.id, Math.max(0, sleepMs) * sleepTimers.heartbeatsMissedMax);
    return received;
  }

  /** Only a push that failed is news: starting and ending are what somebody asked for. */
  async live(params: ParamsOf<typeof liveChange>, device: DeviceRow): Promise<Received> {
    if (params.state !== 'error') return received;
    return this.take(device, params, { kind: 'device', type: 'live', channel: params.channel, state: params.state, text: params.reason });
  }

  /** How far a download is changes too often to be news. */
  async firmware(params: ParamsOf<typeof firmwareChange>, device: DeviceRow): Promise<Received> {
    if (params.state === 'downloading' && params.progressPct > 0) return received;
    return this.take(device, params, { kind: 'device', type: 'firmware', state: params.state });
  }

  async log(params: ParamsOf<typeof uploadLogDone>, device: DeviceRow): Promise<Received> {
    return this.take(device, params, { kind: 'device', type: 'log', state: params.status });
  }

  private async take(device: DeviceRow, params: EventParams, told: Told): Promise<Received> {
    const { followUps, journal } = this.options;
    const { eventId, occurredAt } = params;
    const event = { ...told, eventId, occurredAt, params, hasFollowUp: followUps.has(told.type) };
    const { answer, due } = await journal.take(device, event, received);
    if (due !== undefined) await followUps.follow(due);
    return answer;
  }

  /** A picture is worth less than the alarm: without tickets the alarm is taken all the same. */
  private async ticketsFor(
    { channel, eventId, media: { wantSnapshotTickets: count = 0 } = {} }: ParamsOf<typeof alarmNotification>,
    { id: deviceId, home_id: homeId }: DeviceRow,
  ): Promise<UploadTicket[]> {
    const { logger, pictures } = this.options;
    if (homeId === null || count === 0) return [];
    const wish = { purpose: 'alarm', ownerId: eventId, homeId, deviceId, channel, count, ttlMs: PICTURE_TICKET_MS } as const;
    try {
      return [...(await pictures.tickets(wish))];
    } catch (error) {
      logger.warn({ err: error, deviceId }, 'an alarm gets no picture tickets');
      return [];
    }
  }
}
