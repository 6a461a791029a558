import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { AppError, type Clock } from '@cardea/core';
import type { Db } from '../store/ports.ts';

export interface IdempotencyKey {
  readonly userId: string;
  readonly route: string;
  /** As the caller sent it. */
  readonly key: string;
  /** Everything that makes the request what it is. */
  readonly request: unknown;
}

const KEEP_MS = 24 * 3_600_000;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Makes the repeat of a mutation harmless: for 24 hours the same user, route and key get the first answer again.
 * A request that failed is not kept: its repeat runs. Answers are stored sealed, since some hold secrets.
 */
export class Idempotency {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly sealKey: Buffer;
  private readonly running = new Map<string, Promise<unknown>>();

  constructor({ db, clock, secret }: { readonly db: Db; readonly clock: Clock; readonly secret: Uint8Array }) {
    this.db = db;
    this.clock = clock;
    this.sealKey = Buffer.from(hkdfSync('sha256', secret, '', 'cardea idempotency', 32));
  }

  /**
   * Resolves with the answer of the first such request, running `work` when this is the first. Repeats that come while
   * it runs wait for it.
   * @throws AppError DUPLICATE when the key was used for another request; what `work` throws
   */
  async run(key: IdempotencyKey, work: () => Promise<unknown>): Promise<unknown> {
    const hash = createHash('sha256').update(JSON.stringify(key.request)).digest('hex');
    const place = JSON.stringify([key.userId, key.route, key.key, hash]);
    const running = this.running.get(place) ?? this.firstOrStored(key, hash, work).finally(() => this.running.delete(place));
    this.running.set(place, running);
    return await running;
  }

  /** Forgets what is older than a day; call now and then. */
  async purgeExpired(): Promise<void> {
    await this.db
      .deleteFrom('idempotency')
      .where('created_at', '<=', this.clock.now() - KEEP_MS)
      .execute();
  }

  private async firstOrStored({ userId, route, key }: IdempotencyKey, hash: string, work: () => Promise<unknown>): Promise<unknown> {
    const now = this.clock.now();
    const row = await this.db
      .selectFrom('idempotency')
      .select(['request_hash', 'answer', 'created_at'])
      .where('user_id', '=', userId)
      .where('route', '=', route)
      .where('key', '=', key)
      .executeTakeFirst();
    if (row !== undefined && row.created_at > now - KEEP_MS) {
      if (row.request_hash !== hash) throw new AppError('DUPLICATE');
      return this.unseal(row.answer);
    }
    if (row !== undefined) await this.purgeExpired();
    const answer = await work();
    await this.db
      .insertInto('idempotency')
      .values({ user_id: userId, route, key, request_hash: hash, answer: this.seal(answer), created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return answer;
  }

  private seal(answer: unknown): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.sealKey, iv);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(answer ?? null), 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64');
  }

  private unseal(text: string): unknown {
    const bytes = Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.sealKey, bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const opened = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(opened.toString('utf8')) as unknown;
  }
}
