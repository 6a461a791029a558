import { createHash } from 'node:crypto';
import { AppError, type Clock, hasStatus } from '@cardea/core';
import { sql } from 'kysely';
import type { Db } from '../store/ports.ts';

export interface FailureLimits {
  /** Tells the keys of one limit from those of another. */
  readonly name: string;
  readonly maxFailures: number;
  readonly windowMs: number;
}

/** Where tries are counted: for all processes of the platform, and over their restarts. */
export interface FailureStore {
  readonly db: Db;
  readonly clock: Clock;
}

/** Tries that are remembered, over all limits: whoever fills this comes from many thousand networks. */
const MAX_TRIES = 200_000;

interface CountedTry {
  readonly at: number;
}

/** A try that was counted. */
export interface Try {
  /** It was no guess. */
  takeBack(): Promise<void>;
  /** The key proved itself: nothing is held against it any more. */
  clear(): Promise<void>;
}

/**
 * Slows guessing down: so many failures per key and window, then RATE_LIMITED until the oldest is forgotten.
 * A try counts as failed from its beginning, so that many at once gain nothing, at whichever process.
 */
export class FailureLimiter {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly limits: FailureLimits;

  constructor({ clock, db }: FailureStore, limits: FailureLimits) {
    this.clock = clock;
    this.db = db;
    this.limits = limits;
  }

  /** Counts a try. @throws AppError RATE_LIMITED with `retryAfterMs` when there were too many */
  async begin(key: string): Promise<Try> {
    const { db } = this;
    const hash = this.hashOf(key);
    const now = this.clock.now();
    // One statement, so that of two processes the second counts the try of the first.
    const counted = await sql<{ readonly id: number }>`insert into login_try (key_hash, at)
      select ${hash}, ${now} where (select count(*) from login_try where key_hash = ${hash} and at > ${now - this.limits.windowMs})
      < ${this.limits.maxFailures} returning id`.execute(db);
    const [{ id } = {}] = counted.rows;
    if (id === undefined) throw this.refusal(await this.triesAt(hash, now), now);
    await db
      .deleteFrom('login_try')
      .where('id', '<=', id - MAX_TRIES)
      .execute();
    return {
      takeBack: async () => void (await db.deleteFrom('login_try').where('id', '=', id).execute()),
      clear: async () => void (await db.deleteFrom('login_try').where('key_hash', '=', hash).execute()),
    };
  }

  /** Counts nothing. @throws AppError RATE_LIMITED, as `begin` */
  async assertOpen(key: string): Promise<void> {
    const hash = this.hashOf(key);
    const now = this.clock.now();
    const tries = await this.triesAt(hash, now);
    if (tries.length >= this.limits.maxFailures) throw this.refusal(tries, now);
  }

  private refusal([oldest]: readonly CountedTry[], now: number): AppError {
    return new AppError('RATE_LIMITED', undefined, { retryAfterMs: (oldest?.at ?? now) + this.limits.windowMs - now });
  }

  private async triesAt(hash: string, now: number): Promise<readonly CountedTry[]> {
    const { maxFailures, windowMs } = this.limits;
    const tries = this.db.selectFrom('login_try').select('at').where('key_hash', '=', hash);
    return await tries
      .where('at', '>', now - windowMs)
      .orderBy('at')
      .limit(maxFailures)
      .execute();
  }

  /** Addresses of people and networks stand nowhere in the clear. */
  private hashOf(key: string): string {
    return createHash('sha256').update(`${this.limits.name}\0${key}`).digest('hex');
  }
}

/** One limit that a try falls under. */
export interface Limited {
  readonly limiter: FailureLimiter;
  readonly key: string;
  /** Whether a success makes up for the failures before it. */
  readonly forgives: boolean;
}

/**
 * Runs `prove` and counts it as a failure under every limit when it throws UNAUTHORIZED.
 * @throws AppError RATE_LIMITED without running it; what `prove` throws
 */
export async function limitFailures<T>(limits: readonly Limited[], prove: () => Promise<T>): Promise<T> {
  const begun: { readonly tried: Try; readonly forgives: boolean }[] = [];
  const takeBack = async (): Promise<void> => {
    for (const { tried } of begun) await tried.takeBack();
  };
  // Whoever is refused anyway costs no write.
  for (const { key, limiter } of limits) await limiter.assertOpen(key);
  try {
    for (const { forgives, key, limiter } of limits) begun.push({ tried: await limiter.begin(key), forgives });
  } catch (error) {
    await takeBack();
    throw error;
  }
  try {
    const proven = await prove();
    for (const { forgives, tried } of begun) await (forgives ? tried.clear() : tried.takeBack());
    return proven;
  } catch (error) {
    if (!hasStatus(error, 'UNAUTHORIZED')) await takeBack();
    throw AppError.from(error);
  }
}

/** Forgets tries that no limit looks at any more; call now and then. */
export async function purgeTries({ clock, db }: FailureStore): Promise<void> {
  await db
    .deleteFrom('login_try')
    .where('at', '<', clock.now() - KEEP_MS)
    .execute();
}

/** Longer than the window of any limit. */
const KEEP_MS = 3_600_000;
