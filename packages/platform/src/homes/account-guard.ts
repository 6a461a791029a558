import { FailureLimiter, type FailureStore, limitFailures } from './failure-limiter.ts';
import { LoginGuard } from './login-guard.ts';

const WINDOW_MS = 15 * 60_000;
const MAX_PER_DEVICE = 10;
const MAX_PER_ACCOUNT = 100;
/** Codes have six digits, so that few guesses are many. */
const MAX_CODES_PER_ACCOUNT = 10;

/** Who tries to log in, and at what. */
export interface Attempt {
  /** E-mail address. */
  readonly account: string;
  readonly address: string;
  /** The browser, where somebody logged in to this account in it before. */
  readonly device: string | undefined;
  /** Whether a code comes with the password. */
  readonly withCode?: boolean;
}

/**
 * Stands before logins to accounts: besides the limits of `LoginGuard`, all sources together have 100 failures in 15 minutes
 * per account and 10 at its codes. A known device is under none of them and has 10 of its own, so that nobody who guesses
 * locks a user out.
 */
export class AccountGuard {
  private readonly sources: LoginGuard;
  private readonly devices: FailureLimiter;
  private readonly accounts: FailureLimiter;
  private readonly codes: FailureLimiter;

  constructor(store: FailureStore) {
    const limiter = (name: string, maxFailures: number) => new FailureLimiter(store, { name, maxFailures, windowMs: WINDOW_MS });
    this.sources = new LoginGuard(store, 'password');
    this.devices = limiter('known device', MAX_PER_DEVICE);
    this.accounts = limiter('account', MAX_PER_ACCOUNT);
    this.codes = limiter('code', MAX_CODES_PER_ACCOUNT);
  }

  /** Runs `prove`, which begins with a look at the password. @throws AppError RATE_LIMITED without running it; what `prove` throws */
  async password<T>({ account, address, device, withCode }: Attempt, prove: () => Promise<T>): Promise<T> {
    if (device !== undefined) return await limitFailures([{ limiter: this.devices, key: device, forgives: true }], prove);
    // Nobody pays for a password whose code is not looked at.
    if (withCode === true) await this.codes.assertOpen(account.toLowerCase());
    // Before anything is written for the source, of which whoever guesses may have thousands.
    await this.accounts.assertOpen(account.toLowerCase());
    // A login that works makes up for its own source, not for those who guess at the same account elsewhere.
    const all = [{ limiter: this.accounts, key: account.toLowerCase(), forgives: false }];
    return await this.sources.guard(account, address, () => limitFailures(all, prove));
  }

  /** Runs `prove`, the second step of a login whose password was right. @throws AppError RATE_LIMITED; what `prove` throws */
  async code<T>({ account, device }: Attempt, prove: () => Promise<T>): Promise<T> {
    if (device !== undefined) return await prove();
    return await limitFailures([{ limiter: this.codes, key: account.toLowerCase(), forgives: false }], prove);
  }
}
