import { AppError } from '@cardea/core';
import type { ParamsOf, ResultOf, syncRecordings } from '@cardea/protocol';
import type { SegmentEntry } from './segment-entry.ts';
import type { SegmentRing } from './segment-ring.ts';

const MAX_TASKS = 64;

/** Uploads what the device keeps to the video service afterwards (record.sync). How far a task is stands in the ring itself. */
export class RecordingSync {
  private readonly ring: SegmentRing;
  private readonly onWanted: () => void;
  /** Segments of each task, by client segment id. */
  private readonly tasks = new Map<string, readonly string[]>();
  private readonly cancelled = new Set<string>();

  constructor(ring: SegmentRing, onWanted: () => void) {
    this.ring = ring;
    this.onWanted = onWanted;
  }

  /** Starts the task, or tells how far it is, or ends it. @throws AppError RECORD_NOT_FOUND */
  async sync(params: ParamsOf<typeof syncRecordings>): Promise<ResultOf<typeof syncRecordings>> {
    const { taskId, cancel } = params;
    const ids = this.tasks.get(taskId) ?? (await this.begin(params));
    if (cancel === true) await this.cancel(taskId, ids);
    return this.progress(taskId, ids);
  }

  private async begin({ taskId, channel, fromAt, toAt }: ParamsOf<typeof syncRecordings>): Promise<readonly string[]> {
    const wanted = this.ring.local({ channel, fromAt, toAt });
    if (wanted.length === 0) throw new AppError('RECORD_NOT_FOUND');
    const ids = wanted.map(({ create }) => create.clientSegmentId);
    this.tasks.set(taskId, ids);
    const [oldest] = this.tasks.keys();
    if (this.tasks.size > MAX_TASKS && oldest !== undefined) this.tasks.delete(oldest);
    for (const entry of wanted) {
      if (entry.state === 'kept' && entry.segmentId === undefined)
        await this.ring.put({ ...entry, target: 'both', state: 'recorded', backfill: true });
    }
    this.onWanted();
    return ids;
  }

  private async cancel(taskId: string, ids: readonly string[]): Promise<void> {
    this.cancelled.add(taskId);
    for (const entry of this.present(ids)) {
      if (entry.backfill === true && entry.state === 'recorded') await this.ring.settle(entry, 'givenUp');
    }
  }

  private progress(taskId: string, ids: readonly string[]): ResultOf<typeof syncRecordings> {
    const entries = this.present(ids);
    const segmentsDone = entries.filter(({ state, segmentId }) => state === 'kept' && segmentId !== undefined).length;
    const waiting = entries.filter(({ state }) => state !== 'kept');
    const started = segmentsDone > 0 || waiting.some(({ state }) => state !== 'recorded');
    const open = started ? 'running' : 'queued';
    const ended = segmentsDone === ids.length ? 'done' : 'failed';
    const state = this.cancelled.has(taskId) ? 'cancelled' : waiting.length > 0 ? open : ended;
    return { taskId, state, segmentsTotal: ids.length, segmentsDone };
  }

  private present(ids: readonly string[]): readonly SegmentEntry[] {
    return ids.map((id) => this.ring.get(id)).filter((entry) => entry !== undefined);
  }
}
