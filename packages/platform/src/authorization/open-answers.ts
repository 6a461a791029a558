import type { ServerResponse } from 'node:http';
import { Lifetime, type Logger } from '@cardea/core';
import type { Bus, BusMessageOf } from '../store/ports.ts';
import type { Authorizer } from './authorizer.ts';
import type { DeviceProof } from './proof.ts';
import { isConcerned } from './revocation.ts';

export interface OpenAnswersOptions {
  readonly authorizer: Pick<Authorizer, 'ticket'>;
  readonly bus: Bus;
  readonly logger: Logger;
}

type Claims = Parameters<Authorizer['ticket']>[0];

/**
 * Answers that are still being sent by a right: each is broken off when the right ends, so that whoever reads slowly gets no
 * more of a long recording than somebody who watches live.
 */
export class OpenAnswers implements AsyncDisposable {
  private readonly options: OpenAnswersOptions;
  private readonly lifetime: Lifetime;
  /** As many as there are connections. */
  private readonly open = new Map<ServerResponse, Claims>();

  constructor(options: OpenAnswersOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  start(): void {
    this.lifetime.own(this.options.bus.subscribe('revoked', (message) => this.onRevoked(message)));
  }

  /** `response` is sent by the right of `proof` from now on, until it closes. */
  hold({ action, deviceId, epoch, principal: { userId, userSessionId } }: DeviceProof, response: ServerResponse): void {
    this.open.set(response, { action, deviceId, epoch, userId, userSessionId });
    response.once('close', () => this.open.delete(response));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private onRevoked(message: BusMessageOf<'revoked'>): void {
    const concerned = [...this.open].filter(([, claims]) => isConcerned(claims, message));
    this.lifetime.run('re-check of answers', async () => {
      await Promise.all(concerned.map(([response, claims]) => this.recheck(response, claims)));
    });
  }

  private async recheck(response: ServerResponse, claims: Claims): Promise<void> {
    // A right that cannot be read is none.
    await this.options.authorizer.ticket(claims, claims.action).catch(() => response.destroy());
  }
}
