import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '@cardea/core';

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
const SALT_BYTES = 16;
const MAX_RUNNING = 2;
const DEFAULT_MAX_WAITING = 64;

/**
 * Hashes passwords with argon2id (RFC 9106), at most two at a time, since each takes a core and 19 MiB.
 * @throws AppError RATE_LIMITED when `maxWaiting` callers wait already
 */
export class PasswordHasher {
  private readonly maxWaiting: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor({ maxWaiting = DEFAULT_MAX_WAITING }: { readonly maxWaiting?: number } = {}) {
    this.maxWaiting = maxWaiting;
  }

  /** The hash as a PHC string, which carries its salt and cost. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const tag = await this.run(() => derive(password, salt, COST));
    return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${encode(salt)}$${encode(tag)}`;
  }

  /** Whether `password` is the one `hash` was made of; false for a string that is no such hash. */
  async verify({ hash, password }: { readonly hash: string; readonly password: string }): Promise<boolean> {
    const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash);
    if (match === null) return false;
    const [, memory, passes, parallelism, salt = '', tag = ''] = match;
    const wanted = Buffer.from(tag, 'base64');
    const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism), tagLength: wanted.length };
    return timingSafeEqual(await this.run(() => derive(password, Buffer.from(salt, 'base64'), cost)), wanted);
  }

  private async run(work: () => Promise<Buffer>): Promise<Buffer> {
    if (this.running < MAX_RUNNING) this.running += 1;
    else await this.takeOver();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  /** Resolves when a place is handed over. */
  private takeOver(): Promise<void> {
    if (this.waiting.length >= this.maxWaiting) throw new AppError('RATE_LIMITED', undefined, { retryAfterMs: 1_000 });
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

function derive(password: string, nonce: Buffer, cost: typeof COST): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message: password.normalize('NFKC'), nonce, ...cost }, (error, tag) =>
      error === null ? resolve(tag) : reject(error),
    );
  });
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
