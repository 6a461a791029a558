import type { FailureStore } from './failure-limiter.ts';
import { LoginGuard } from './login-guard.ts';
import { PasswordHasher } from './password-hasher.ts';

/** Hashes and checks short secrets people pass on, at most ten wrong ones per secret and source in 15 minutes. */
export class Passcodes {
  private readonly hasher = new PasswordHasher();
  private readonly guesses: LoginGuard;

  constructor(store: FailureStore) {
    this.guesses = new LoginGuard(store, 'passcode');
  }

  async hash(passcode: string): Promise<string> {
    return await this.hasher.hash(passcode);
  }

  async verify(pair: { readonly hash: string; readonly password: string }): Promise<boolean> {
    return await this.hasher.verify(pair);
  }

  /** Runs `prove`, which throws UNAUTHORIZED for a wrong one. @throws AppError RATE_LIMITED; what `prove` throws */
  async guard<T>(name: string, address: string, prove: () => Promise<T>): Promise<T> {
    return await this.guesses.guard(name, address, prove);
  }
}
