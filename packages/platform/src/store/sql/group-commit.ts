import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@cardea/core';
import type { Db } from './schema.ts';

const MAX_CHANGES = 32;
const MAX_GATHERING_MS = 5;
/** When nothing else happens this passes in less than a millisecond. */
const MAX_GATHERING_TURNS = 24;

interface PendingChange {
  /** Makes the change; the result tells the caller, to be called once the change is durable. */
  apply(transaction: Db): Promise<() => void>;
  reject(error: unknown): void;
}

/**
 * Makes changes of callers that come at the same time in one transaction, so that they share its sync (reliability.md C-2).
 * Each succeeds or fails for itself; none is answered before the transaction is durable. Waiting is bounded by the callers.
 */
export class GroupCommit {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly waiting: PendingChange[] = [];
  private running = false;

  constructor(db: Db, clock: Clock) {
    this.db = db;
    this.clock = clock;
  }

  /** `change` uses only the transaction it is given, and may be run again from the start when another one of the group fails. */
  async run<T>(change: (transaction: Db) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const apply = async (transaction: Db): Promise<() => void> => {
      const result = await change(transaction);
      return () => resolve(result);
    };
    this.waiting.push({ apply, reject });
    if (!this.running) void this.work();
    return await promise;
  }

  private async work(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      await this.gather();
      await this.commit(this.waiting.splice(0, MAX_CHANGES));
    }
    this.running = false;
  }

  /**
   * A commit stops the whole process while it waits for the disk, and a request takes several turns to become a change: those
   * on their way are heard first, to join the group.
   */
  private async gather(): Promise<void> {
    const untilMs = this.clock.monotonicMs() + MAX_GATHERING_MS;
    for (let turn = 0; turn < MAX_GATHERING_TURNS && this.waiting.length < MAX_CHANGES; turn += 1) {
      await setImmediate();
      if (this.clock.monotonicMs() >= untilMs) return;
    }
  }

  /** Never rejects. */
  private async commit(group: readonly PendingChange[]): Promise<void> {
    try {
      const answers = await this.db.transaction().execute(async (transaction) => {
        const made: (() => void)[] = [];
        for (const change of group) made.push(await apply(change, transaction));
        return made;
      });
      for (const answer of answers) answer();
    } catch (error) {
      // Whose change failed is told so, the others go again without it; when the commit failed, nothing of it is tried again.
      const failed = error instanceof ChangeFailure ? [error.change] : group;
      for (const change of failed) change.reject(error instanceof ChangeFailure ? error.cause : error);
      const others = group.filter((change) => !failed.includes(change));
      if (others.length > 0) await this.commit(others);
    }
  }
}

/** Says which change of a group it was. */
class ChangeFailure extends Error {
  readonly change: PendingChange;

  constructor(change: PendingChange, cause: unknown) {
    super('a change of a group failed', { cause });
    this.change = change;
  }
}

async function apply(change: PendingChange, transaction: Db): Promise<() => void> {
  try {
    return await change.apply(transaction);
  } catch (error) {
    throw new ChangeFailure(change, error);
  }
}
