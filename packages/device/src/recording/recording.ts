import { AppError, type Clock } from '@cardea/core';
import type { ParamsOf, RecordActivity, RecordTarget, ResultOf, StreamName, startRecording, stopRecording } from '@cardea/protocol';
import type { Configuration } from '../configuration.ts';
import type { Disk } from '../disk/disk.ts';
import { AlarmWindows } from './alarm-windows.ts';
import { RecordHours } from './record-hours.ts';
import { RecordTasks } from './record-tasks.ts';
import { includesSide, type RecordSide } from './segment-entry.ts';
import type { RecordDemand, StreamRecorder } from './stream-recorder.ts';
import type { VideoServerInformation } from './video-service-client.ts';

export interface RecordingOptions {
  /** One for each stream of each channel. */
  readonly recorders: readonly StreamRecorder[];
  readonly config: Configuration;
  readonly disk: Pick<Disk, 'check' | 'takes'>;
  /** The device belongs to a home; nothing is recorded for nobody. */
  readonly isBound: () => boolean;
  readonly clock: Clock;
}

type Reason = Omit<RecordDemand, 'target'>;
type Activity = { readonly local: RecordActivity; readonly cloud: RecordActivity; readonly active: boolean };

const MAIN: StreamName = 'main';
const sides: readonly RecordSide[] = ['cloud', 'local'];
const rank: Readonly<Record<Reason['kind'], number>> = { continuous: 0, manual: 1, event: 2 };

/**
 * Decides what each stream is recorded for, for the disk of the device and for the video service: an alarm before a task
 * before the recording policy (`record.local.mode`, `record.cloud.mode`, by the hour where that is `schedule`), and nothing at
 * all in privacy mode or without a home. The disk has to take it, and the video service needs a plan.
 */
export class Recording {
  private readonly options: RecordingOptions;
  private readonly tasks: RecordTasks;
  private readonly alarms: Readonly<Record<RecordSide, AlarmWindows>>;
  private readonly hours: RecordHours;
  private readonly holds = new Map<StreamRecorder, Disposable>();
  private plan: VideoServerInformation['plan'] | undefined;
  private stopped = false;

  constructor(options: RecordingOptions) {
    this.options = options;
    const { clock, config } = options;
    const update = (): void => this.update();
    this.tasks = new RecordTasks(clock, update);
    this.hours = new RecordHours({ config, clock, onChange: update });
    this.alarms = { local: new AlarmWindows(clock, update), cloud: new AlarmWindows(clock, update) };
  }

  /** Starts and stops recorders after anything that matters has changed. */
  update(): void {
    if (!this.stopped) this.hours.watch([...new Set(this.options.recorders.map(({ channel }) => channel))]);
    for (const recorder of this.options.recorders) {
      this.keepPreRoll(recorder);
      recorder.record(this.demand(recorder), this.preRollMs(recorder));
    }
  }

  setPlan(plan: VideoServerInformation['plan']): void {
    this.plan = plan;
    this.update();
  }

  /** There is a plan to store video under, as far as is known. */
  get hasPlan(): boolean {
    return this.plan?.active !== false;
  }

  /**
   * Answers record.start.
   * @throws AppError DISK_ERROR | DISK_FULL | DISK_FORMATTING | DISK_UNFORMATTED | DISK_READ_ONLY | NO_STORAGE_PLAN |
   * PRIVACY_MODE | ALREADY_ACTIVE | STREAM_NOT_FOUND
   */
  start(params: ParamsOf<typeof startRecording>): ResultOf<typeof startRecording> {
    const { config, disk, recorders } = this.options;
    const { taskId, channel, target, stream = MAIN, preRollSec = 0 } = params;
    if (config.text('privacy.mode', channel) === 'on') throw new AppError('PRIVACY_MODE');
    for (const side of sides) if (includesSide(target, side)) disk.check(side);
    if (target !== 'local' && !this.hasPlan) throw new AppError('NO_STORAGE_PLAN');
    this.tasks.check(params);
    const recorder = recorders.find((candidate) => candidate.channel === channel && candidate.stream === stream);
    if (recorder === undefined) throw new AppError('STREAM_NOT_FOUND', { stream });
    const { startAt, endsAt } = this.tasks.add(params, stream, recorder.startsAt(preRollSec * 1_000));
    this.update();
    return { taskId, startAt, ...(endsAt !== undefined && { endsAt }) };
  }

  /** Answers record.stop. @throws AppError NOT_RECORDING */
  stop(params: ParamsOf<typeof stopRecording>): ResultOf<typeof stopRecording> {
    const stopped = this.tasks.stop(params);
    if (stopped.length === 0) throw new AppError('NOT_RECORDING');
    return { stopped };
  }

  /**
   * Records an alarm that lasts `durationMs` from now on, with the pre- and post-roll of the configuration: to where the
   * configuration says, or to `target`, whatever it says. Called again for the same alarm it moves the end.
   */
  recordAlarm(channel: number, eventId: string, durationMs: number, target?: RecordTarget): void {
    const { config } = this.options;
    if (this.stopped) return;
    for (const side of sides) {
      const wanted = target === undefined ? this.hours.mode(side, channel) !== 'off' : includesSide(target, side);
      if (!wanted) continue;
      this.alarms[side].extend(channel, eventId, durationMs + config.number(`record.${side}.postRollSec`, channel) * 1_000);
    }
    this.update();
  }

  /** The video service expects a segment of that task. */
  announced(taskId: string, segmentId: string): void {
    this.tasks.announced(taskId, segmentId);
  }

  /** What is recorded of `channel` at present. */
  activity(channel: number): Activity {
    const [present] = this.options.recorders
      .filter((recorder) => recorder.channel === channel)
      .map((recorder) => recorder.active)
      .filter((demand) => demand !== undefined);
    const of = (side: RecordSide): RecordActivity =>
      present !== undefined && includesSide(present.target, side) ? present.kind : this.hours.mode(side, channel);
    return { local: of('local'), cloud: of('cloud'), active: present !== undefined };
  }

  /** Anything is being recorded. */
  get isActive(): boolean {
    return this.options.recorders.some(({ active }) => active !== undefined);
  }

  /** Ends all recording, for good. */
  async close(): Promise<void> {
    this.stopped = true;
    this.tasks.clear();
    this.hours[Symbol.dispose]();
    for (const side of sides) this.alarms[side].clear();
    this.update();
    await this.settle();
  }

  /** Resolves when everything recorded so far is on disk. */
  async settle(): Promise<void> {
    await Promise.all(this.options.recorders.map((recorder) => recorder.settle()));
  }

  private demand(recorder: StreamRecorder): RecordDemand | undefined {
    const cloud = this.reason('cloud', recorder);
    const local = this.reason('local', recorder);
    if (cloud === undefined) return local && { ...local, target: 'local' };
    if (local === undefined) return { ...cloud, target: 'cloud' };
    // One file serves both places, so it goes by the weightier reason.
    return { ...(rank[local.kind] > rank[cloud.kind] ? local : cloud), target: 'both' };
  }

  private reason(side: RecordSide, recorder: StreamRecorder): Reason | undefined {
    const { channel, stream } = recorder;
    if (!this.mayRecord(side, channel)) return undefined;
    const byPolicy = this.followsPolicy(side, recorder);
    const eventId = byPolicy ? this.alarms[side].newest(channel) : undefined;
    if (eventId !== undefined) return { kind: 'event', eventId };
    const task = this.tasks.of(channel, stream, side);
    if (task !== undefined) {
      const { taskId, segmentSec } = task.params;
      return { kind: 'manual', taskId, ...(segmentSec !== undefined && { segmentSec }) };
    }
    const continuous = byPolicy && this.hours.mode(side, channel) === 'continuous';
    return continuous && (side === 'local' || this.plan?.kind !== 'event') ? { kind: 'continuous' } : undefined;
  }

  private mayRecord(side: RecordSide, channel: number): boolean {
    const { isBound, config, disk } = this.options;
    if (this.stopped || !isBound() || config.text('privacy.mode', channel) === 'on') return false;
    return disk.takes(side) && (side === 'local' || this.hasPlan);
  }

  /** Whether the stream is one of those that policy and alarms record; a camera without the one that is wanted records what it has. */
  private followsPolicy(side: RecordSide, { channel, stream }: StreamRecorder): boolean {
    const wanted = side === 'cloud' ? this.options.config.text('record.cloud.streams', channel) : MAIN;
    const has = this.options.recorders.some((recorder) => recorder.channel === channel && recorder.stream === wanted);
    return wanted === 'all' || stream === (has ? wanted : MAIN);
  }

  private preRollMs({ channel, stream }: StreamRecorder): number {
    const ofSide = (side: RecordSide): number =>
      Math.max(
        this.alarms[side].newest(channel) === undefined ? 0 : this.options.config.number(`record.${side}.preRollSec`, channel),
        this.tasks.of(channel, stream, side)?.params.preRollSec ?? 0,
      );
    return Math.max(...sides.map(ofSide)) * 1_000;
  }

  /** While alarms are what is recorded, the pictures before them have to be at hand. */
  private keepPreRoll(recorder: StreamRecorder): void {
    const { config } = this.options;
    const { channel } = recorder;
    const wanted = sides
      .filter((side) => this.followsPolicy(side, recorder) && this.mayRecord(side, channel) && this.hours.mode(side, channel) === 'event')
      .map((side) => config.number(`record.${side}.preRollSec`, channel));
    const before = this.holds.get(recorder);
    if (wanted.length > 0) this.holds.set(recorder, recorder.keepPreRoll(Math.max(...wanted) * 1_000));
    else this.holds.delete(recorder);
    // Only now, so that a source that goes on being wanted is not stopped in between.
    before?.[Symbol.dispose]();
  }
}
