import { AppError, type Clock, type Timer } from '@cardea/core';
import type { ParamsOf, ResultOf, StreamName, startRecording, stopRecording } from '@cardea/protocol';
import { includesSide, type RecordSide } from './segment-entry.ts';

type StartParams = ParamsOf<typeof startRecording>;

export interface RecordTask {
  readonly params: StartParams;
  readonly stream: StreamName;
  readonly startAt: number;
  readonly endsAt: number | undefined;
  readonly timer: Timer | undefined;
  /** Video segments made of it so far, as the video service names them. */
  readonly segmentIds: string[];
}

/** As many as an answer may name; a task that makes more names its first ones. */
const MAX_SEGMENT_IDS = 1_024;

/** The recording tasks that run (B5.14, B5.15): one for each place of each channel. */
export class RecordTasks {
  private readonly tasks = new Map<string, RecordTask>();
  private readonly clock: Clock;
  private readonly onEnd: () => void;

  constructor(clock: Clock, onEnd: () => void) {
    this.clock = clock;
    this.onEnd = onEnd;
  }

  /** @throws AppError ALREADY_ACTIVE when a task of the channel records to one of the same places */
  check({ channel, target }: StartParams): void {
    const running = [...this.tasks.values()].find(
      ({ params }) => params.channel === channel && (params.target === target || params.target === 'both' || target === 'both'),
    );
    if (running !== undefined) throw new AppError('ALREADY_ACTIVE', { taskId: running.params.taskId });
  }

  add(params: StartParams, stream: StreamName, startAt: number): RecordTask {
    const { clock } = this;
    const { taskId, durationSec } = params;
    const endsAt = durationSec === undefined ? undefined : clock.now() + durationSec * 1_000;
    const timer = durationSec === undefined ? undefined : clock.setTimer(durationSec * 1_000, () => this.end(taskId));
    const task = { params, stream, startAt, endsAt, timer, segmentIds: [] };
    this.tasks.set(taskId, task);
    return task;
  }

  /** The task that records the stream to `side`. */
  of(channel: number, stream: StreamName, side: RecordSide): RecordTask | undefined {
    return [...this.tasks.values()].find(
      (task) => task.params.channel === channel && task.stream === stream && includesSide(task.params.target, side),
    );
  }

  /** The video service expects a segment of a task; one that has ended is not interested. */
  announced(taskId: string, segmentId: string): void {
    const segmentIds = this.tasks.get(taskId)?.segmentIds;
    if (segmentIds !== undefined && segmentIds.length < MAX_SEGMENT_IDS && !segmentIds.includes(segmentId)) segmentIds.push(segmentId);
  }

  /** Ends the tasks that match. */
  stop({ taskId, channel, target }: ParamsOf<typeof stopRecording>): ResultOf<typeof stopRecording>['stopped'] {
    const endAt = this.clock.now();
    const matching = [...this.tasks].filter(
      ([id, { params }]) =>
        (taskId === undefined || id === taskId) &&
        (channel === undefined || params.channel === channel) &&
        (target === undefined || params.target === target),
    );
    for (const [id] of matching) this.end(id);
    return matching.map(([id, { startAt, segmentIds }]) => ({
      taskId: id,
      startAt,
      endAt,
      ...(segmentIds.length > 0 && { segmentIds: [...segmentIds] }),
    }));
  }

  clear(): void {
    for (const { timer } of this.tasks.values()) timer?.[Symbol.dispose]();
    this.tasks.clear();
  }

  private end(taskId: string): void {
    this.tasks.get(taskId)?.timer?.[Symbol.dispose]();
    this.tasks.delete(taskId);
    this.onEnd();
  }
}
