import { isIPv6 } from 'node:net';
import { AppError, type Clock, hasStatus } from '@cardea/core';
import { FailureLimiter } from './failure-limiter.ts';

const WINDOW_MS = 15 * 60_000;
const MAX_PER_ACCOUNT_AND_SOURCE = 10;
const MAX_PER_SOURCE = 100;

/** Stands before everything that can be guessed at a login: 10 failures in 15 minutes per account and source, 100 per source. */
export class LoginGuard {
  private readonly perAccount: FailureLimiter;
  private readonly perSource: FailureLimiter;

  constructor(clock: Clock) {
    this.perAccount = new FailureLimiter(clock, { maxFailures: MAX_PER_ACCOUNT_AND_SOURCE, windowMs: WINDOW_MS });
    this.perSource = new FailureLimiter(clock, { maxFailures: MAX_PER_SOURCE, windowMs: WINDOW_MS });
  }

  /**
   * Runs `prove` and counts it as a failure when it throws UNAUTHORIZED.
   * @param account what is guessed at: an e-mail address, or the name of a secret
   * @throws AppError RATE_LIMITED without running it; what `prove` throws
   */
  async guard<T>(account: string, address: string, prove: () => Promise<T>): Promise<T> {
    const source = sourceOf(address);
    const key = `${source} ${account.toLowerCase()}`;
    this.perSource.begin(source);
    try {
      this.perAccount.begin(key);
    } catch (error) {
      this.perSource.takeBack(source);
      throw error;
    }
    try {
      const proven = await prove();
      this.perSource.takeBack(source);
      this.perAccount.clear(key);
      return proven;
    } catch (error) {
      if (!hasStatus(error, 'UNAUTHORIZED')) {
        this.perSource.takeBack(source);
        this.perAccount.takeBack(key);
      }
      throw AppError.from(error);
    }
  }
}

/** Whoever has one IPv6 address usually has its whole /64. */
function sourceOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const left = head.split(':').filter((group) => group !== '');
  const right = tail === undefined ? [] : tail.split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
