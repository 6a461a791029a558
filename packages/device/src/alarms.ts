import { type Clock, type Logger, type Timer, withDeadline } from '@cardea/core';
import { type AlarmType, alarmNotification, type ResultOf, snapshotLimits, type UploadTicket } from '@cardea/protocol';
import type { Picture } from './camera.ts';
import type { CloudRecording } from './recording/cloud-recording.ts';
import type { Snapshots } from './snapshots.ts';
import type { EventQueue } from './vd/event-queue.ts';

export interface AlarmsOptions {
  readonly events: Pick<EventQueue, 'publish'>;
  readonly recording: Pick<CloudRecording, 'recordAlarm'>;
  readonly snapshots: Pick<Snapshots, 'take' | 'put'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Alarm {
  readonly channel: number;
  readonly alarmType: AlarmType;
  /** Absent: a pulse. */
  readonly durationSec?: number | undefined;
  readonly text?: string | undefined;
}

interface Acknowledgement {
  readonly answer: ResultOf<typeof alarmNotification>;
  readonly picture: Promise<Picture>;
}

/** Raises alarms: reports them, records them, and adds a picture when the platform gives a ticket for it (B5.16, C14). */
export class Alarms implements Disposable {
  private readonly options: AlarmsOptions;
  private readonly running = new Set<Timer>();
  private readonly stopping = new AbortController();
  private readonly mutedUntilMs = new Map<AlarmType, number>();

  constructor(options: AlarmsOptions) {
    this.options = options;
  }

  /** For what a sensor noticed: as `raise`, but silent while the platform has muted that type. */
  async sense(alarm: Alarm): Promise<string | undefined> {
    const muted = this.options.clock.monotonicMs() < (this.mutedUntilMs.get(alarm.alarmType) ?? 0);
    return muted ? undefined : await this.raise(alarm);
  }

  /** Resolves with the id of the alarm when it is certain to be reported. */
  async raise(alarm: Alarm): Promise<string> {
    const { events, recording, snapshots, logger } = this.options;
    const { channel, alarmType, durationSec, text } = alarm;
    const picture = snapshots.take({ channel }, this.stopping.signal);
    picture.catch((error: unknown) => logger.warn({ err: error }, 'no picture of an alarm could be taken'));
    const eventId = await events.publish(
      alarmNotification,
      {
        channel,
        alarmType,
        state: durationSec === undefined ? 'pulse' : 'start',
        media: { wantSnapshotTickets: 1 },
        ...(text !== undefined && { text }),
      },
      (answer) => this.acknowledged(alarm, eventId, { answer, picture }),
    );
    recording.recordAlarm(channel, eventId, (durationSec ?? 0) * 1_000);
    if (durationSec !== undefined) this.stopLater(alarm, eventId, durationSec * 1_000);
    return eventId;
  }

  [Symbol.dispose](): void {
    this.stopping.abort();
    for (const timer of this.running) timer[Symbol.dispose]();
  }

  private stopLater({ channel, alarmType }: Alarm, correlationId: string, afterMs: number): void {
    const { events, clock, logger } = this.options;
    const timer = clock.setTimer(afterMs, () => {
      this.running.delete(timer);
      events
        .publish(alarmNotification, { channel, alarmType, state: 'stop', correlationId })
        .catch((error: unknown) => logger.error({ err: error }, 'the end of an alarm was not kept'));
    });
    this.running.add(timer);
  }

  private acknowledged({ channel, alarmType }: Alarm, eventId: string, { answer, picture }: Acknowledgement): void {
    const { recording, clock, logger } = this.options;
    if (answer.muteSec !== undefined) this.mutedUntilMs.set(alarmType, clock.monotonicMs() + answer.muteSec * 1_000);
    if (answer.record !== undefined && answer.record.target !== 'local')
      recording.recordAlarm(channel, eventId, answer.record.durationSec * 1_000);
    const [ticket] = answer.snapshotTickets ?? [];
    if (ticket !== undefined)
      this.addPicture(ticket, picture).catch((error: unknown) => logger.warn({ err: error }, 'the picture of an alarm was not taken'));
  }

  private async addPicture(ticket: UploadTicket, picture: Promise<Picture>): Promise<void> {
    const { snapshots, clock } = this.options;
    await withDeadline(clock, snapshotLimits.ticketTtlMs, async (signal) => await snapshots.put((await picture).jpeg, ticket, signal), {
      signal: this.stopping.signal,
    });
  }
}
