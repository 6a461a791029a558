import { FailureLimiter, type FailureStore, limitFailures } from './failure-limiter.ts';
import { sourceNetwork } from './source-network.ts';

const WINDOW_MS = 15 * 60_000;
const MAX_PER_ACCOUNT_AND_SOURCE = 10;
const MAX_PER_SOURCE = 100;

/** Stands before everything that can be guessed at a login: 10 failures in 15 minutes per account and source, 100 per source. */
export class LoginGuard {
  private readonly perAccount: FailureLimiter;
  private readonly perSource: FailureLimiter;

  /** @param name of what is guarded: each thing has limits of its own */
  constructor(store: FailureStore, name: string) {
    const limiter = (of: string, maxFailures: number) =>
      new FailureLimiter(store, { name: `${name} ${of}`, maxFailures, windowMs: WINDOW_MS });
    this.perAccount = limiter('account', MAX_PER_ACCOUNT_AND_SOURCE);
    this.perSource = limiter('source', MAX_PER_SOURCE);
  }

  /**
   * Runs `prove` and counts it as a failure when it throws UNAUTHORIZED.
   * @param account what is guessed at: an e-mail address, or the name of a secret
   * @throws AppError RATE_LIMITED without running it; what `prove` throws
   */
  async guard<T>(account: string, address: string, prove: () => Promise<T>): Promise<T> {
    const source = sourceNetwork(address);
    const limits = [
      { limiter: this.perSource, key: source, forgives: false },
      { limiter: this.perAccount, key: `${source} ${account.toLowerCase()}`, forgives: true },
    ];
    return await limitFailures(limits, prove);
  }
}
