import { AppError, type Clock, type Timer } from '@cardea/core';
import type { ParamsOf, RecordActivity, ResultOf, StreamName, startRecording, stopRecording } from '@cardea/protocol';
import type { Configuration } from '../configuration.ts';
import type { RecordDemand, StreamRecorder } from './stream-recorder.ts';
import type { VideoServerInformation } from './video-service-client.ts';

export interface CloudRecordingOptions {
  /** One for each stream of each channel. */
  readonly recorders: readonly StreamRecorder[];
  readonly config: Configuration;
  /** The device belongs to a home; nothing is recorded for nobody. */
  readonly isBound: () => boolean;
  readonly clock: Clock;
}

type StartParams = ParamsOf<typeof startRecording>;
type StopAnswer = ResultOf<typeof stopRecording>;

interface Task {
  readonly params: StartParams;
  readonly stream: StreamName;
  readonly startAt: number;
  readonly endsAt: number | undefined;
  readonly timer: Timer | undefined;
}

interface AlarmWindow {
  /** When each alarm ends, by event id, on the monotonic clock. */
  readonly ends: ReadonlyMap<string, number>;
  readonly timer: Timer;
}

const POLICY_STREAM: StreamName = 'main';

/**
 * Decides what each stream is recorded for: an alarm before a task before the recording policy (`record.cloud.mode`), and
 * nothing at all in privacy mode, without a home, or without a storage plan.
 */
export class CloudRecording {
  private readonly options: CloudRecordingOptions;
  private readonly tasks = new Map<string, Task>();
  private readonly alarms = new Map<number, AlarmWindow>();
  private readonly holds = new Map<number, Disposable>();
  private plan: VideoServerInformation['plan'] | undefined;
  private stopped = false;

  constructor(options: CloudRecordingOptions) {
    this.options = options;
  }

  /** Starts and stops recorders after anything that matters has changed. */
  update(): void {
    for (const recorder of this.options.recorders) {
      if (recorder.stream === POLICY_STREAM) this.keepPreRoll(recorder);
      recorder.record(this.demand(recorder), this.preRollMs(recorder));
    }
  }

  setPlan(plan: VideoServerInformation['plan']): void {
    this.plan = plan;
    this.update();
  }

  /** Answers record.start. @throws AppError NO_DISK | NO_STORAGE_PLAN | PRIVACY_MODE | ALREADY_ACTIVE | STREAM_NOT_FOUND */
  start(params: StartParams): ResultOf<typeof startRecording> {
    const { clock, config, recorders } = this.options;
    const stream = params.stream ?? POLICY_STREAM;
    if (params.target !== 'cloud') throw new AppError('NO_DISK');
    if (config.text('privacy.mode', params.channel) === 'on') throw new AppError('PRIVACY_MODE');
    if (this.plan?.active === false) throw new AppError('NO_STORAGE_PLAN');
    const running = [...this.tasks.values()].find((task) => task.params.channel === params.channel);
    if (running !== undefined) throw new AppError('ALREADY_ACTIVE', { taskId: running.params.taskId });
    const recorder = recorders.find((candidate) => candidate.channel === params.channel && candidate.stream === stream);
    if (recorder === undefined) throw new AppError('STREAM_NOT_FOUND', { stream });
    const preRollMs = (params.preRollSec ?? 0) * 1_000;
    const endsAt = params.durationSec === undefined ? undefined : clock.now() + params.durationSec * 1_000;
    const timer = params.durationSec === undefined ? undefined : clock.setTimer(params.durationSec * 1_000, () => this.end(params.taskId));
    const startAt = recorder.startsAt(preRollMs);
    this.tasks.set(params.taskId, { params, stream, startAt, endsAt, timer });
    this.update();
    return { taskId: params.taskId, startAt, ...(endsAt !== undefined && { endsAt }) };
  }

  /** Answers record.stop. @throws AppError NOT_RECORDING */
  stop({ taskId, channel, target }: ParamsOf<typeof stopRecording>): StopAnswer {
    const endAt = this.options.clock.now();
    const stopped: StopAnswer['stopped'] = [];
    for (const [id, task] of this.tasks) {
      if ((taskId !== undefined && id !== taskId) || (channel !== undefined && task.params.channel !== channel) || target === 'local')
        continue;
      stopped.push({ taskId: id, startAt: task.startAt, endAt });
      this.end(id);
    }
    if (stopped.length === 0) throw new AppError('NOT_RECORDING');
    return { stopped };
  }

  /**
   * Records an alarm that lasts `durationMs` from now on, with the pre- and post-roll of the configuration. Called again for
   * the same alarm it moves the end. Alarms that overlap are recorded as the
   * newest of them, to the end of the last.
   */
  recordAlarm(channel: number, eventId: string, durationMs: number): void {
    const { clock, config } = this.options;
    if (this.stopped || config.text('record.cloud.mode', channel) === 'off') return;
    const nowMs = clock.monotonicMs();
    const running = this.alarms.get(channel);
    running?.timer[Symbol.dispose]();
    const ends = new Map([...(running?.ends ?? [])].filter(([, endsMs]) => endsMs > nowMs));
    ends.set(eventId, nowMs + durationMs + config.number('record.cloud.postRollSec', channel) * 1_000);
    const timer = clock.setTimer(Math.max(...ends.values()) - nowMs, () => {
      this.alarms.delete(channel);
      this.update();
    });
    this.alarms.set(channel, { ends, timer });
    this.update();
  }

  /** What goes to the video service from `channel` at present. */
  activity(channel: number): { readonly cloud: RecordActivity; readonly active: boolean } {
    const mode = this.options.config.text('record.cloud.mode', channel);
    const [present] = this.options.recorders
      .filter((recorder) => recorder.channel === channel)
      .map((recorder) => recorder.active?.kind)
      .filter((kind) => kind !== undefined);
    const policy = mode === 'event' || mode === 'continuous' ? mode : 'off';
    return { cloud: present ?? policy, active: present !== undefined };
  }

  /** Ends all recording, for good. */
  async close(): Promise<void> {
    this.stopped = true;
    for (const id of [...this.tasks.keys()]) this.end(id);
    for (const { timer } of this.alarms.values()) timer[Symbol.dispose]();
    this.update();
    await this.settle();
  }

  /** Resolves when everything recorded so far is on disk. */
  async settle(): Promise<void> {
    await Promise.all(this.options.recorders.map((recorder) => recorder.settle()));
  }

  private end(taskId: string): void {
    this.tasks.get(taskId)?.timer?.[Symbol.dispose]();
    this.tasks.delete(taskId);
    this.update();
  }

  private demand({ channel, stream }: StreamRecorder): RecordDemand | undefined {
    if (!this.mayRecord(channel)) return undefined;
    const alarm = stream === POLICY_STREAM ? this.alarms.get(channel) : undefined;
    if (alarm !== undefined) return { kind: 'event', eventId: newestOf(alarm) };
    const task = this.taskOf(channel, stream);
    if (task !== undefined) {
      const { taskId, segmentSec } = task.params;
      return { kind: 'manual', taskId, ...(segmentSec !== undefined && { segmentSec }) };
    }
    const continuous =
      stream === POLICY_STREAM && this.options.config.text('record.cloud.mode', channel) === 'continuous' && this.plan?.kind !== 'event';
    return continuous ? { kind: 'continuous' } : undefined;
  }

  private mayRecord(channel: number): boolean {
    const { isBound, config } = this.options;
    return !this.stopped && isBound() && this.plan?.active !== false && config.text('privacy.mode', channel) !== 'on';
  }

  private taskOf(channel: number, stream: StreamName): Task | undefined {
    return [...this.tasks.values()].find((task) => task.params.channel === channel && task.stream === stream);
  }

  private preRollMs({ channel, stream }: StreamRecorder): number {
    const task = this.taskOf(channel, stream);
    const alarmSec = this.alarms.has(channel) ? this.options.config.number('record.cloud.preRollSec', channel) : 0;
    return Math.max(alarmSec, task?.params.preRollSec ?? 0) * 1_000;
  }

  /** While alarms are what is recorded, the pictures before them have to be at hand. */
  private keepPreRoll(recorder: StreamRecorder): void {
    const { config } = this.options;
    const { channel } = recorder;
    const wanted = this.mayRecord(channel) && config.text('record.cloud.mode', channel) === 'event';
    const before = this.holds.get(channel);
    if (wanted) this.holds.set(channel, recorder.keepPreRoll(config.number('record.cloud.preRollSec', channel) * 1_000));
    else this.holds.delete(channel);
    // Only now, so that a source that goes on being wanted is not stopped in between.
    before?.[Symbol.dispose]();
  }
}

/** Ids of events rise with time. */
function newestOf({ ends }: AlarmWindow): string {
  return [...ends.keys()].reduce((newest, eventId) => (eventId > newest ? eventId : newest), '');
}
