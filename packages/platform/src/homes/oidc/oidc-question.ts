import { createHmac } from 'node:crypto';
import type { Clock, Random } from '@cardea/core';
import type { OidcChecks } from './oidc-provider.ts';

const TTL_MS = 10 * 60_000;

export interface OidcQuestionsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly secret: Uint8Array;
}

/**
 * What is asked of the provider, kept by the browser that asks: a cookie of 256 random bits and a time, from which state,
 * nonce and verifier follow with a key that it does not have. An answer counts in that browser, for that purpose and for ten minutes.
 */
export class OidcQuestions {
  private readonly options: OidcQuestionsOptions;

  constructor(options: OidcQuestionsOptions) {
    this.options = options;
  }

  /** What the browser is to keep. */
  create(): string {
    const { clock, random } = this.options;
    return `${clock.now() + TTL_MS}.${Buffer.from(random.bytes(32)).toString('base64url')}`;
  }

  /** @param purpose what the answer does, and for whom. Returns `undefined` for what is none, or too old */
  checksOf(kept: string, purpose: string): OidcChecks | undefined {
    const now = this.options.clock.now();
    const until = Number(/^(\d{1,16})\.[\w-]{43}$/.exec(kept)?.[1] ?? 0);
    if (until <= now || until > now + TTL_MS) return undefined;
    const derive = (part: string): string =>
      createHmac('sha256', this.options.secret).update(`oidc ${part}\n${purpose}\n${kept}`).digest('base64url');
    return { state: derive('state'), nonce: derive('nonce'), verifier: derive('verifier') };
  }
}
