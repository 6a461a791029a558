import { type Clock, Lifetime, type Logger, sleep } from '@cardea/core';
import { closeCodes } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import { isConcerned } from '../authorization/revocation.ts';
import type { Bus, BusMessageOf } from '../store/ports.ts';
import type { ViewSession } from './view-session.ts';

export interface SessionRightsOptions {
  readonly authorizer: Authorizer;
  readonly bus: Bus;
  /** Everybody who watches, live or recorded. */
  readonly sessions: () => readonly ViewSession[];
  /** A device may belong to nobody any more, or to somebody else. */
  readonly onDeviceRevoked: (deviceId: string) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RECHECK_MS = 30_000;
/** How exactly a right that ends at a known instant ends then. */
const TICK_MS = 500;

/** Ends the sessions of those who may not watch any more: at once when a right is revoked or its time is over, else within 30 s. */
export class SessionRights implements AsyncDisposable {
  private readonly options: SessionRightsOptions;
  private readonly lifetime: Lifetime;

  constructor(options: SessionRightsOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  start(): void {
    this.lifetime.own(this.options.bus.subscribe('revoked', (message) => this.onRevoked(message)));
    this.lifetime.run('re-check of viewers', (signal) => this.recheckForever(signal));
  }

  /** Ends the session when its right is gone. */
  async recheck(session: ViewSession): Promise<void> {
    try {
      session.rightUntil = (await this.options.authorizer.ticket(session.claims, session.claims.action)).until;
    } catch {
      session.end(closeCodes.POLICY_VIOLATION.code, 'revoked');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private onRevoked(message: BusMessageOf<'revoked'>): void {
    const { onDeviceRevoked, sessions } = this.options;
    const concerned = sessions().filter(({ claims }) => isConcerned(claims, message));
    this.lifetime.run('re-check after a revocation', async () => {
      await Promise.all(concerned.map((session) => this.recheck(session)));
      if (message.scope === 'device') await onDeviceRevoked(message.id);
    });
  }

  private async recheckForever(signal: AbortSignal): Promise<void> {
    const { clock, sessions } = this.options;
    let allDueMs = clock.monotonicMs() + RECHECK_MS;
    while (!signal.aborted) {
      await sleep(clock, TICK_MS, { signal });
      const isAllDue = clock.monotonicMs() >= allDueMs;
      if (isAllDue) allDueMs = clock.monotonicMs() + RECHECK_MS;
      const now = clock.now();
      for (const session of sessions()) {
        if (isAllDue || (session.rightUntil ?? Number.POSITIVE_INFINITY) <= now) await this.recheck(session);
      }
    }
  }
}
