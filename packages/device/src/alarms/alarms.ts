import type { Clock, Logger, Random } from '@cardea/core';
import { type AlarmType, alarmNotification, alarmTimers, type RecordTarget, type ResultOf } from '@cardea/protocol';
import type { Snapshots } from '../snapshots.ts';
import type { EventQueue } from '../vd/event-queue.ts';
import { type AlarmPicture, AlarmPictures } from './alarm-pictures.ts';
import { type AlarmDetail, OngoingAlarm } from './ongoing-alarm.ts';

/** Records what alarms show. */
export interface AlarmRecorder {
  /**
   * Records an alarm that lasts `durationMs` from now on, to `target` or where the configuration says. Called again for the
   * same alarm it moves the end; alarms may overlap.
   */
  recordAlarm(channel: number, eventId: string, durationMs: number, target?: RecordTarget): void;
}

export interface AlarmsOptions {
  readonly events: Pick<EventQueue, 'publish'>;
  readonly recording: AlarmRecorder;
  readonly snapshots: Pick<Snapshots, 'take' | 'put'>;
  /** Alarms of the channel are reported: the device belongs to somebody, who wants to see it. */
  readonly isWatched: (channel: number) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Alarm extends AlarmDetail {
  readonly channel: number;
  readonly alarmType: AlarmType;
  readonly text?: string | undefined;
}

/** An alarm whose end is known; without `durationSec` it is a pulse. */
export interface TimedAlarm extends Alarm {
  readonly durationSec?: number | undefined;
}

type Answer = ResultOf<typeof alarmNotification>;
type State = 'start' | 'update' | 'stop' | 'pulse';

/** What is recorded of an ongoing alarm reaches this far ahead, until it is known to go on. */
const RECORD_AHEAD_MS = 2 * alarmTimers.updateMinIntervalMs;

/** Raises alarms: reports them, records them, and adds a picture when the platform gives a ticket for it (B5.16, C14). */
export class Alarms implements Disposable {
  private readonly options: AlarmsOptions;
  private readonly pictures: AlarmPictures;
  private readonly ongoing = new Set<OngoingAlarm>();
  private readonly mutedUntilMs = new Map<AlarmType, number>();

  constructor(options: AlarmsOptions) {
    this.options = options;
    this.pictures = new AlarmPictures(options);
  }

  /** For what a sensor noticed: as `raise`, but silent for nobody, in privacy mode and while the platform has muted that type. */
  async sense(alarm: TimedAlarm): Promise<string | undefined> {
    return this.isSilent(alarm) ? undefined : await this.raise(alarm);
  }

  /** As `sense`, for an alarm whose end is not known yet: the caller stops it. */
  async begin(alarm: Alarm): Promise<OngoingAlarm | undefined> {
    return this.isSilent(alarm) ? undefined : await this.open(alarm);
  }

  /** Resolves with the id of the alarm when it is certain to be reported. */
  async raise({ durationSec, ...alarm }: TimedAlarm): Promise<string> {
    if (durationSec !== undefined) {
      const { eventId } = await this.open(alarm, durationSec * 1_000);
      return eventId;
    }
    const eventId = await this.first(alarm, 'pulse');
    this.options.recording.recordAlarm(alarm.channel, eventId, 0);
    return eventId;
  }

  /** Stops what goes on, so that no alarm is left without an end. */
  stopAll(): void {
    for (const alarm of [...this.ongoing]) alarm.stop();
  }

  /** Drops what goes on without a word: there is nobody left to tell. */
  forget(): void {
    for (const alarm of this.ongoing) alarm[Symbol.dispose]();
    this.ongoing.clear();
  }

  [Symbol.dispose](): void {
    this.pictures[Symbol.dispose]();
    this.forget();
  }

  private isSilent({ channel, alarmType }: Alarm): boolean {
    const muted = this.options.clock.monotonicMs() < (this.mutedUntilMs.get(alarmType) ?? 0);
    return muted || !this.options.isWatched(channel);
  }

  private async open(alarm: Alarm, lastsMs?: number): Promise<OngoingAlarm> {
    const { clock, random, recording } = this.options;
    // The first report gives its name to the alarm as a whole.
    const correlationId = random.ulid();
    const eventId = await this.first(alarm, 'start', correlationId);
    const record = (durationMs: number): void => recording.recordAlarm(alarm.channel, eventId, durationMs);
    record(RECORD_AHEAD_MS);
    const opened: OngoingAlarm = new OngoingAlarm({
      eventId,
      detail: alarm,
      lastsMs,
      report: (state, detail) => this.later({ ...alarm, ...detail }, state, correlationId),
      onGoing: () => record(RECORD_AHEAD_MS),
      onStopped: () => {
        this.ongoing.delete(opened);
        record(0);
      },
      clock,
    });
    this.ongoing.add(opened);
    return opened;
  }

  /** The first word of an alarm, with a picture to come. */
  private async first(alarm: Alarm, state: State, correlationId?: string): Promise<string> {
    const picture = this.pictures.take(alarm.channel);
    const eventId = correlationId ?? this.options.random.ulid();
    const content = { eventId, ...contentOf(alarm, state, correlationId), media: { wantSnapshotTickets: 1 } };
    return await this.options.events.publish(alarmNotification, content, (answer) =>
      this.acknowledged(alarm, { eventId, answer, picture }),
    );
  }

  private later(alarm: Alarm, state: State, correlationId: string): void {
    const { events, logger } = this.options;
    events
      .publish(alarmNotification, contentOf(alarm, state, correlationId))
      .catch((error: unknown) => logger.error({ err: error, state }, 'news of an alarm were not kept'));
  }

  private acknowledged({ channel, alarmType }: Alarm, { eventId, answer, picture }: Acknowledgement): void {
    const { recording, clock } = this.options;
    const { muteSec, record, snapshotTickets = [] } = answer;
    if (muteSec !== undefined) this.mutedUntilMs.set(alarmType, clock.monotonicMs() + muteSec * 1_000);
    if (record !== undefined) recording.recordAlarm(channel, eventId, record.durationSec * 1_000, record.target);
    this.pictures.bring(picture, snapshotTickets);
  }
}

interface Acknowledgement {
  readonly eventId: string;
  readonly answer: Answer;
  readonly picture: AlarmPicture;
}

function contentOf({ channel, alarmType, text, confidence, zones = [] }: Alarm, state: State, correlationId: string | undefined) {
  return {
    channel,
    alarmType,
    state,
    ...(correlationId !== undefined && { correlationId }),
    ...(confidence !== undefined && { confidence }),
    ...(zones.length > 0 && { zones: [...zones] }),
    ...(text !== undefined && { text }),
  };
}
