import {
  AppError,
  type CallHandler,
  type CallOptions,
  type Clock,
  hasStatus,
  type Link,
  type Logger,
  type Random,
  RpcPeer,
  sleep,
  withDeadline,
} from '@cardea/core';
import {
  closeCodes,
  keepAliveReport,
  type ParamsOf,
  type ResultOf,
  type RpcDefinition,
  rescheduleTimers,
  vdMessageOf,
  vdTimers,
} from '@cardea/protocol';

export type KeepAliveInfo = NonNullable<ParamsOf<typeof keepAliveReport>['info']>;
export type KeepAliveStatus = NonNullable<ParamsOf<typeof keepAliveReport>['status']>;
export type KeepAliveAnswer = ResultOf<typeof keepAliveReport>;

/** What the device says of itself in keep-alives. */
export interface SelfReport {
  uptimeSec(): number;
  info(): KeepAliveInfo;
  status(): KeepAliveStatus;
}

export interface VdSessionOptions {
  readonly link: Link;
  readonly keepAliveSec: number;
  readonly self: SelfReport;
  readonly handle: CallHandler;
  /** Each answer to a keep-alive, with the time it took. */
  readonly onKeepAlive: (answer: KeepAliveAnswer, roundTripMs: number) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Commands the platform sent before it knew of the new connection may still be on their way. */
const DRAIN_MIN_MS = 1_000;

export interface SessionEnd {
  readonly code: number;
  readonly reason: string;
}

/** One connection to an access server: messages both ways, and the keep-alives that prove it works (B3, B5.1, C3 step 1). */
export class VdSession {
  /** Settles when the connection is over, whoever ended it and however. */
  readonly ended: Promise<SessionEnd>;
  private readonly options: VdSessionOptions;
  private readonly peer: RpcPeer;
  private readonly stopped = new AbortController();
  private readonly resolveEnded: (end: SessionEnd) => void;
  private keepAliveSec: number;
  private readonly working = new Set<Promise<unknown>>();
  private seq = 0;
  private reportedInfo = '';

  constructor(options: VdSessionOptions) {
    this.options = options;
    this.keepAliveSec = options.keepAliveSec;
    const { promise, resolve } = Promise.withResolvers<SessionEnd>();
    this.ended = promise;
    this.resolveEnded = resolve;
    this.peer = new RpcPeer({
      link: options.link,
      accepts: (method) => {
        const definition = vdMessageOf(method);
        return definition?.sender === 'platform' ? definition : undefined;
      },
      handle: (definition, params, call) => this.work(options.handle(definition, params, call)),
      clock: options.clock,
      logger: options.logger,
      onClose: (code, reason) => this.finish({ code, reason }),
    });
  }

  /** Resolves when the first keep-alive is answered: from then on the device is online. @throws AppError; the link is closed then */
  async start({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.peer.start();
    try {
      await this.reportAlive({ signal, timeoutMs: rescheduleTimers.firstKeepAliveTimeoutMs });
    } catch (error) {
      this.close(closeCodes.GOING_AWAY.code, 'no answer to the first keep-alive');
      throw error;
    }
    void this.keepAlive();
  }

  call<D extends RpcDefinition>(definition: D, params: ParamsOf<D>, options: CallOptions = {}): Promise<ResultOf<D>> {
    return this.peer.call(definition, params, options);
  }

  notify<D extends RpcDefinition>(definition: D, params: ParamsOf<D>): void {
    this.peer.notify(definition, params);
  }

  /** The session is over at once; the closing handshake goes on behind it. */
  close(code: number, reason: string): void {
    this.peer.close(code, reason);
    this.finish({ code, reason });
  }

  /** Answers what it was asked, for some time at most, then closes: another connection has taken over (C2 step 6). */
  async drain(): Promise<void> {
    const { clock } = this.options;
    const { signal } = this.stopped;
    await sleep(clock, DRAIN_MIN_MS, { signal }).catch(() => {});
    await withDeadline(clock, rescheduleTimers.inFlightGraceMs, () => Promise.allSettled(this.working), { signal }).catch(() => {});
    this.close(closeCodes.NORMAL.code, 'moved to another server');
  }

  private work<T>(task: Promise<T>): Promise<T> {
    this.working.add(task);
    const done = (): void => void this.working.delete(task);
    task.then(done, done);
    return task;
  }

  private finish(end: SessionEnd): void {
    this.stopped.abort(new AppError('GOING_AWAY'));
    this.resolveEnded(end);
  }

  /** Never rejects. */
  private async keepAlive(): Promise<void> {
    const { clock, random } = this.options;
    const { signal } = this.stopped;
    let unanswered = 0;
    while (!signal.aborted) {
      const jitter = 1 + (random.fraction() * 2 - 1) * vdTimers.keepAliveJitter;
      try {
        await sleep(clock, this.keepAliveSec * 1_000 * jitter, { signal });
        await this.reportAlive({ signal });
        unanswered = 0;
      } catch (error) {
        if (signal.aborted) return;
        // The credential went stale: only the scheduling service can give a new one.
        if (hasStatus(error, 'UNAUTHORIZED')) return this.close(closeCodes.AUTH_FAILED.code, 'keep-alive refused');
        unanswered += 1;
        if (unanswered >= vdTimers.unansweredKeepAlivesMax) return this.giveUp();
      }
    }
  }

  private giveUp(): void {
    this.peer.close(closeCodes.GOING_AWAY.code, 'keep-alives are not answered');
    this.finish({ code: closeCodes.ABNORMAL.code, reason: 'keep-alives are not answered' });
  }

  private async reportAlive(options: CallOptions): Promise<void> {
    const { clock, self, onKeepAlive } = this.options;
    const info = self.info();
    const infoText = JSON.stringify(info);
    const seq = this.seq++;
    const sentMs = clock.monotonicMs();
    const answer = await this.peer.call(
      keepAliveReport,
      {
        seq,
        sentAt: clock.now(),
        uptimeSec: self.uptimeSec(),
        ...((seq === 0 || infoText !== this.reportedInfo) && { info }),
        status: self.status(),
      },
      options,
    );
    this.reportedInfo = infoText;
    this.keepAliveSec = answer.keepAliveSec ?? this.keepAliveSec;
    onKeepAlive(answer, clock.monotonicMs() - sentMs);
  }
}
