import type { ServerResponse } from 'node:http';
import { type Clock, Lifetime, type Logger, sleep } from '@cardea/core';
import type { Bus, BusMessageOf } from '../store/ports.ts';
import type { Authorizer } from './authorizer.ts';
import type { DeviceProof } from './proof.ts';
import { isConcerned } from './revocation.ts';

export interface OpenAnswersOptions {
  readonly authorizer: Pick<Authorizer, 'ticket'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An answer on its way, and when its right is to be asked for again. */
interface Held {
  readonly claims: Parameters<Authorizer['ticket']>[0];
  until: number | undefined;
}

/** How exactly a right that ends at a known instant ends then. */
const TICK_MS = 500;

/**
 * Answers that are still being sent by a right: each is broken off when the right is revoked or its time is over, so that whoever reads slowly gets no
 * more of a long recording than somebody who watches live.
 */
export class OpenAnswers implements AsyncDisposable {
  private readonly options: OpenAnswersOptions;
  private readonly lifetime: Lifetime;
  /** As many as there are connections. */
  private readonly open = new Map<ServerResponse, Held>();
  private isTicking = false;

  constructor(options: OpenAnswersOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  start(): void {
    this.lifetime.own(this.options.bus.subscribe('revoked', (message) => this.onRevoked(message)));
  }

  /** `response` is sent by the right of `proof` from now on, until it closes. */
  hold({ action, deviceId, epoch, principal, until }: DeviceProof, response: ServerResponse): void {
    const { userId, userSessionId } = principal;
    this.open.set(response, { claims: { action, deviceId, epoch, userId, userSessionId }, until });
    response.once('close', () => this.open.delete(response));
    if (this.isTicking) return;
    this.isTicking = true;
    this.lifetime.run('end of answers', (signal) => this.endInTime(signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private onRevoked(message: BusMessageOf<'revoked'>): void {
    const concerned = [...this.open].filter(([, { claims }]) => isConcerned(claims, message));
    this.lifetime.run('re-check of answers', async () => {
      await Promise.all(concerned.map(([response, held]) => this.recheck(response, held)));
    });
  }

  /** While there are any. */
  private async endInTime(signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    while (this.open.size > 0) {
      await sleep(clock, TICK_MS, { signal });
      const over = [...this.open].filter(([, { until = Number.POSITIVE_INFINITY }]) => until <= clock.now());
      await Promise.all(over.map(([response, held]) => this.recheck(response, held)));
    }
    this.isTicking = false;
  }

  private async recheck(response: ServerResponse, held: Held): Promise<void> {
    try {
      held.until = (await this.options.authorizer.ticket(held.claims, held.claims.action)).until;
    } catch {
      // A right that cannot be read is none.
      response.destroy();
    }
  }
}
