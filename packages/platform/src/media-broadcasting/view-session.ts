import type { LiveForm } from '@cardea/api';
import type { Clock, Timer } from '@cardea/core';
import type { SessionMaker } from '../authorization/proof.ts';
import type { TokenClaims } from '../tokens/token-issuer.ts';

/** What a connection is, for those who ask who watches. */
export interface ConnectionReport {
  readonly form: LiveForm;
  readonly bytesOut: number;
}

/** One open connection of somebody who watches. */
export interface ViewerConnection {
  /** Absent on what only stands for another session. */
  report?(): ConnectionReport;
  /** @param code of RFC 6455 7.4.1 */
  close(code: number, reason: string): void;
}

/** What every connection of a viewer is made with. */
export interface ViewerConnectionOptions {
  readonly session: ViewSession;
  readonly clock: Clock;
  /** The connection is gone; called once. */
  readonly onClosed: () => void;
}

export interface ViewSessionOptions {
  readonly claims: TokenClaims['view'];
  /** When the right may end by itself, Unix ms. */
  readonly rightUntil: number | undefined;
  readonly clock: Clock;
  /** Called once, after the connections were closed. */
  readonly onEnded: (session: ViewSession) => void;
}

/** How long a session lives without a renewal or an open connection. */
export const VIEW_SESSION_TTL_MS = 60_000;

/**
 * The right of one user to watch one stream, and what uses it. It ends when it was neither renewed nor used for a minute,
 * or when told to; its token works no longer than that.
 */
export class ViewSession {
  readonly claims: TokenClaims['view'];
  readonly startedAt: number;
  /** When the right may end by itself and is to be asked for again, Unix ms. */
  rightUntil: number | undefined;
  private readonly options: ViewSessionOptions;
  private readonly openedAt = new Map<ViewerConnection, number>();
  private renewedAt: number;
  private expiry: Timer | undefined;
  private over = false;

  constructor(options: ViewSessionOptions) {
    this.options = options;
    this.claims = options.claims;
    this.rightUntil = options.rightUntil;
    this.startedAt = options.clock.now();
    this.renewedAt = this.startedAt;
  }

  get id(): string {
    return this.claims.sessionId;
  }

  /** Whether it is the user's, and was made by them or, where that is `within` less than all they may, by the same token or share. */
  isOf({ userId, userSessionId, within }: SessionMaker): boolean {
    return this.claims.userId === userId && (within === undefined || this.claims.userSessionId === userSessionId);
  }

  get ended(): boolean {
    return this.over;
  }

  get connectionCount(): number {
    return this.openedAt.size;
  }

  /** The connections, oldest first. */
  get connections(): readonly (ConnectionReport & { readonly openedAt: number })[] {
    return [...this.openedAt].flatMap(([connection, openedAt]) => {
      const report = connection.report?.();
      return report === undefined ? [] : [{ ...report, openedAt }];
    });
  }

  /** Unix milliseconds. An open connection moves it on all the time. */
  get expiresAt(): number {
    return (this.openedAt.size > 0 ? this.options.clock.now() : this.renewedAt) + VIEW_SESSION_TTL_MS;
  }

  /** Lives for another minute from now. */
  renew(): void {
    this.expiry?.[Symbol.dispose]();
    this.expiry = undefined;
    this.renewedAt = this.options.clock.now();
    if (this.over || this.openedAt.size > 0) return;
    this.expiry = this.options.clock.setTimer(VIEW_SESSION_TTL_MS, () => this.end(1000, 'expired'));
  }

  /** `connection` uses the session until the result is disposed. */
  attach(connection: ViewerConnection): Disposable {
    this.openedAt.set(connection, this.options.clock.now());
    this.renew();
    return {
      [Symbol.dispose]: () => {
        if (this.openedAt.delete(connection)) this.renew();
      },
    };
  }

  /** Closes the connections with the given code and leaves the session as it is. */
  closeConnections(code: number, reason: string): void {
    for (const connection of [...this.openedAt.keys()]) connection.close(code, reason);
  }

  end(code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    this.closeConnections(code, reason);
    this.renew();
    this.options.onEnded(this);
  }
}
