import {
  AppError,
  type CallOptions,
  type Clock,
  hasStatus,
  type IncomingCall,
  type Link,
  type Logger,
  RpcPeer,
  type Timer,
} from '@cardea/core';
import {
  bindingReport,
  closeCodes,
  keepAliveReport,
  type ParamsOf,
  type ResultOf,
  type RpcDefinition,
  rescheduleTimers,
  vdMessageOf,
  vdTimers,
} from '@cardea/protocol';
import { MeteredLink } from './metered-link.ts';

/** The Vd token the device holds. */
export interface HeldToken {
  readonly epoch: number;
  readonly expiresAt: number;
}

/** Answers what devices send. Params are validated before, results after. */
export interface DeviceMessageHandler {
  handle(session: DeviceSession, definition: RpcDefinition, params: unknown, call: IncomingCall): Promise<unknown>;
}

/** What happens to a session, told to its registry. */
export interface SessionObserver {
  /** The first keep-alive was answered: the device can be reached here. */
  onLive(session: DeviceSession): void;
  /** Open for five seconds and no keep-alive yet. */
  onOverdue(session: DeviceSession): void;
  /** Silent for longer than a keep-alive interval. */
  onQuiet(session: DeviceSession): void;
  /** Heard again after `onQuiet`. */
  onHeard(session: DeviceSession): void;
  /** Silent for so long that the device is gone; the session closes itself. */
  onLost(session: DeviceSession): void;
  /** Called once. */
  onClosed(session: DeviceSession): void;
}

export interface DeviceSessionOptions {
  readonly deviceId: string;
  readonly scheduleId: string;
  /** The session ends then at the latest: schedules do not live for ever. */
  readonly scheduleExpiresAt: number;
  readonly heldToken: HeldToken;
  readonly link: Link;
  readonly handler: DeviceMessageHandler;
  readonly observer: SessionObserver;
  readonly keepAlive: { readonly intervalSec: number; readonly missed: number };
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Half an interval covers the jitter and the way; after it a keep-alive is missing. */
const QUIET_AFTER_INTERVALS = 1.5;

/**
 * One Vd connection of one device: the RPC peer and the timers of presence.
 * @see H.627.2 9.2, 9.3.2.1 (titles only); profile hss-open-1 B3
 */
export class DeviceSession {
  readonly deviceId: string;
  readonly scheduleId: string;
  /** Replaced when a keep-alive answer brought the device another. */
  heldToken: HeldToken;
  private readonly options: DeviceSessionOptions;
  private readonly peer: RpcPeer;
  private readonly closing = Promise.withResolvers<void>();
  private state: 'opening' | 'greeted' | 'live' | 'closed' = 'opening';
  private answering = 0;
  /** While the device waits to hear which home it belongs to: it would refuse a command until it knows. */
  private belonging: PromiseWithResolvers<void> | undefined;
  private ending: { readonly code: number; readonly reason: string } | undefined;
  private watch: Timer | undefined;
  private expiry: Timer | undefined;
  private retirement: Timer | undefined;
  private farewell: Timer | undefined;
  private quiet = false;
  private heardAtMs: number;
  private heard: number;

  constructor(options: DeviceSessionOptions) {
    const { clock, link, logger } = options;
    this.options = options;
    this.deviceId = options.deviceId;
    this.scheduleId = options.scheduleId;
    this.heldToken = options.heldToken;
    this.heardAtMs = clock.monotonicMs();
    this.heard = clock.now();
    this.peer = new RpcPeer({
      link: new MeteredLink(link, clock, () => this.afterSend()),
      accepts: (method) => {
        const message = vdMessageOf(method);
        return message?.sender === 'device' ? message : undefined;
      },
      handle: (definition, params, call) => this.handle(definition, params, call),
      clock,
      logger,
      onActivity: () => this.onActivity(),
      onClose: (code) => this.onClose(code),
    });
  }

  /** Wall time of the last sign of life. */
  get lastHeardAt(): number {
    return this.heard;
  }

  /** Requests to the device that wait for its answer. */
  get pendingCount(): number {
    return this.peer.pendingCount;
  }

  /** Resolves when the connection is gone. */
  get closed(): Promise<void> {
    return this.closing.promise;
  }

  /** Begins to receive and to watch the time. */
  start(): void {
    const { clock, scheduleExpiresAt } = this.options;
    this.watch = clock.setTimer(vdTimers.firstKeepAliveMs, () => this.onOverdue());
    this.expiry = clock.setTimer(scheduleExpiresAt - clock.now(), () =>
      this.close(closeCodes.TOKEN_EXPIRED.code, 'the schedule has ended'),
    );
    this.peer.start();
  }

  /**
   * Sends a request to the device; while it is being bound, after it knows that it is.
   * @throws AppError as `RpcPeer.call`; TIMEOUT, outcome unknown, when the connection broke before the answer
   */
  async call<D extends RpcDefinition>(definition: D, params: ParamsOf<D>, options: CallOptions = {}): Promise<ResultOf<D>> {
    try {
      await this.belonging?.promise;
      return await this.peer.call(definition, params, options);
    } catch (error) {
      const broken = hasStatus(error, 'GOING_AWAY') && error.remote === undefined && this.retirement === undefined;
      throw broken ? new AppError('TIMEOUT', error.details, { cause: error, message: 'the connection broke before the answer' }) : error;
    } finally {
      if (this.retirement !== undefined && this.peer.pendingCount === 0) this.closeReplaced();
    }
  }

  close(code: number, reason: string): void {
    this.peer.close(code, reason);
  }

  /** Closes once the device has the answers to what it sent. */
  finish(code: number, reason: string): void {
    this.ending = { code, reason };
    if (this.answering === 0) this.close(code, reason);
  }

  /** Gives way to a newer connection: unanswered requests may still finish, then this one is closed with 4009 (C2 step 6). */
  retire(): void {
    if (this.state === 'closed' || this.retirement !== undefined) return;
    this.retirement = this.options.clock.setTimer(rescheduleTimers.inFlightGraceMs, () => this.closeReplaced());
    if (this.peer.pendingCount === 0) this.closeReplaced();
  }

  /** As `retire`, after the time a device has to close this one itself, which it does once it knows that the newer one works. */
  retireLater(): void {
    this.farewell ??= this.options.clock.setTimer(rescheduleTimers.replaceAfterMs, () => this.retire());
  }

  private closeReplaced(): void {
    this.retirement?.[Symbol.dispose]();
    this.close(closeCodes.REPLACED.code, 'a newer connection of the device');
  }

  private async handle(definition: RpcDefinition, params: unknown, call: IncomingCall): Promise<unknown> {
    this.answering += 1;
    if (definition.method === bindingReport.method) this.belonging ??= Promise.withResolvers();
    try {
      const result = await this.options.handler.handle(this, definition, params, call);
      if (definition.method === keepAliveReport.method && this.state === 'opening') this.state = 'greeted';
      return result;
    } finally {
      this.answering -= 1;
      // A notification has no answer to wait for.
      if (!call.wantsAnswer) this.afterSend();
    }
  }

  /** The device expects the answer to its first keep-alive before any command, so only then it counts as reachable. */
  private afterSend(): void {
    if (this.state === 'greeted') {
      this.state = 'live';
      this.watchSilence();
      this.options.observer.onLive(this);
    }
    if (this.answering > 0) return;
    this.endWait();
    if (this.ending !== undefined) this.close(this.ending.code, this.ending.reason);
  }

  private endWait(): void {
    this.belonging?.resolve();
    this.belonging = undefined;
  }

  private onOverdue(): void {
    this.options.observer.onOverdue(this);
    this.watch = this.options.clock.setTimer(vdTimers.firstKeepAliveGraceMs, () => {
      if (this.state === 'opening') this.close(closeCodes.KEEPALIVE_TIMEOUT.code, 'no keep-alive after opening');
    });
  }

  private onActivity(): void {
    this.heardAtMs = this.options.clock.monotonicMs();
    this.heard = this.options.clock.now();
    if (!this.quiet) return;
    this.quiet = false;
    this.watchSilence();
    this.options.observer.onHeard(this);
  }

  /** One timer that is set again for what is left, not one per message. */
  private watchSilence(): void {
    const { clock, keepAlive, observer } = this.options;
    this.watch?.[Symbol.dispose]();
    if (this.state === 'closed') return;
    const lastsMs = clock.monotonicMs() - this.heardAtMs;
    const lostAfterMs = keepAlive.intervalSec * keepAlive.missed * 1000;
    const quietAfterMs = keepAlive.intervalSec * QUIET_AFTER_INTERVALS * 1000;
    if (lastsMs >= lostAfterMs) {
      observer.onLost(this);
      this.close(closeCodes.KEEPALIVE_TIMEOUT.code, 'keep-alives are missing');
      return;
    }
    if (lastsMs >= quietAfterMs && !this.quiet) {
      this.quiet = true;
      observer.onQuiet(this);
    }
    this.watch = clock.setTimer((this.quiet ? lostAfterMs : quietAfterMs) - lastsMs, () => this.watchSilence());
  }

  private onClose(code: number): void {
    this.state = 'closed';
    for (const timer of [this.watch, this.expiry, this.retirement, this.farewell]) timer?.[Symbol.dispose]();
    this.options.logger.debug({ deviceId: this.deviceId, closeCode: code }, 'a device connection ended');
    this.endWait();
    this.options.observer.onClosed(this);
    this.closing.resolve();
  }
}
