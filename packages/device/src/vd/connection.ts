import { AppError, type Backoff, type CallHandler, type CallOptions, type Logger, type Random, sleep, type Timer } from '@cardea/core';
import {
  backoffDefaults,
  closeCodes,
  closeReactionTo,
  type ParamsOf,
  type ResultOf,
  type RpcDefinition,
  type rescheduleDevice,
  rescheduleTimers,
  subprotocols,
  vdLimits,
  vdTimers,
  vsTimers,
} from '@cardea/protocol';
import type { DeviceClock } from '../device-clock.ts';
import type { SocketConnector } from '../net/socket-connector.ts';
import type { Schedule, ScheduleAsk, ScheduleReason, SchedulingClient } from './scheduling-client.ts';
import { vdAddress } from './vd-address.ts';
import { type KeepAliveAnswer, type SelfReport, type SessionEnd, VdSession } from './vd-session.ts';

/** What is needed to open a connection without asking the scheduling service. */
export type VdAccess = Pick<Schedule['vd'], 'urls' | 'token' | 'tokenExpiresAt' | 'keepAliveSec'>;

export interface ConnectionOptions {
  readonly deviceId: string;
  readonly scheduling: SchedulingClient;
  readonly connect: SocketConnector;
  readonly self: SelfReport;
  readonly handle: CallHandler;
  readonly clock: DeviceClock;
  readonly random: Random;
  readonly logger: Logger;
  /** The server that worked last, from before a restart. */
  readonly lastGood: () => VdAccess | undefined;
  /** Why the first schedule is asked for. */
  readonly firstReason: ScheduleReason;
  readonly onAccess: (access: VdAccess) => Promise<void>;
  readonly onSchedule: (schedule: Schedule) => Promise<void>;
  /** The first keep-alive of a connection was answered. */
  readonly onOnline: () => void;
  /** Closed with DELETED: forget binding, tokens and server. */
  readonly onForget: () => Promise<void>;
  /** Closed with SHUTDOWN_REQUESTED. */
  readonly onPowerDown: () => void;
}

/** How a device connects again after it was without a connection on purpose. */
export interface Resumption {
  /** Given when the scheduling service has to be asked. */
  readonly reason: ScheduleReason;
  /** Ask it even though the present access would do. */
  readonly anew: boolean;
}

type RescheduleParams = ParamsOf<typeof rescheduleDevice>;

/**
 * Keeps the device connected to an access server: schedules, connects, reacts to each way a connection can end, and moves
 * to another server without a gap.
 * @see H.627.2 9.3.1.2 and 9.3.1.3 (titles only); profile hss-open-1 C1-C3
 */
export class Connection {
  private readonly options: ConnectionOptions;
  private readonly backoff: Backoff;
  private current: VdSession | undefined;
  /** Settles when no switch to another server is under way. Never rejects. */
  private moving: Promise<void> = Promise.resolve();
  private access: VdAccess | undefined;
  private scheduleId: string | undefined;
  /** Set while the scheduling service has to be asked before the next connection. */
  private ask: ScheduleAsk | undefined;
  private failures = 0;
  private lossReason: ScheduleReason = 'reconnect';
  private renewal: Timer | undefined;
  private stopSignal: AbortSignal = AbortSignal.abort();

  constructor(options: ConnectionOptions) {
    this.options = options;
    this.backoff = options.scheduling.backoff();
    this.ask = { reason: options.firstReason };
  }

  get online(): boolean {
    return this.current !== undefined;
  }

  /** @throws AppError DEVICE_OFFLINE when there is no connection, else as `RpcPeer.call` */
  async call<D extends RpcDefinition>(definition: D, params: ParamsOf<D>, options: CallOptions = {}): Promise<ResultOf<D>> {
    if (this.current === undefined) throw new AppError('DEVICE_OFFLINE');
    return await this.current.call(definition, params, options);
  }

  /** Lost when there is no connection. */
  notify<D extends RpcDefinition>(definition: D, params: ParamsOf<D>): void {
    this.current?.notify(definition, params);
  }

  /** Ends the present connection and asks the scheduling service anew. */
  renew(reason: ScheduleReason): void {
    this.ask = { reason };
    this.current?.close(closeCodes.NORMAL.code, 'scheduling anew');
  }

  /** Keeps the device connected until `signal` aborts or the platform switches it off. May run again after that. */
  async run(signal: AbortSignal, resumption?: Resumption): Promise<void> {
    this.stopSignal = signal;
    if (resumption !== undefined) this.begin(resumption);
    try {
      while (!signal.aborted) {
        this.current = await this.establish(signal);
        if (this.current === undefined) return;
        this.lossReason = 'reconnect';
        this.options.onOnline();
        const end = await this.watch(signal);
        if (signal.aborted || !(await this.react(end, signal))) return;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.renewal?.[Symbol.dispose]();
      this.current?.close(closeCodes.GOING_AWAY.code, 'the device stops');
      this.current = undefined;
    }
  }

  private begin({ anew, reason }: Resumption): void {
    this.backoff.reset();
    this.failures = 0;
    this.lossReason = reason;
    if (anew) this.ask ??= this.askAfterLoss(reason);
  }

  /** Gives the schedule back, for a clean stop. */
  async release(signal: AbortSignal): Promise<void> {
    if (this.scheduleId !== undefined) await this.options.scheduling.release(this.scheduleId, signal);
  }

  /** Answers device.reschedule; the switch happens later, in the background (C2). */
  reschedule(params: RescheduleParams): ResultOf<typeof rescheduleDevice> {
    const { clock, random, logger } = this.options;
    const jitterMs = params.mode === 'immediate' ? 0 : random.fraction() * (params.jitterSec ?? rescheduleTimers.jitterDefaultSec) * 1_000;
    const deadlineMs = clock.monotonicMs() + (params.deadlineSec ?? rescheduleTimers.deadlineDefaultSec) * 1_000;
    const signal = this.stopSignal;
    logger.info({ reason: params.reason, jitterMs: Math.round(jitterMs) }, 'asked to move to another server');
    clock.setTimer(jitterMs, () => void this.move({ target: params.target, reason: 'reschedule', deadlineMs, signal }));
    return { accepted: true, switchAt: clock.now() + Math.round(jitterMs) };
  }

  /**
   * Resolves with a connection whose first keep-alive was answered, or with nothing when the platform switches the device off.
   * @throws AppError CANCELLED when `signal` aborts
   */
  private async establish(signal: AbortSignal): Promise<VdSession | undefined> {
    while (true) {
      const access = await this.usableAccess(signal);
      try {
        return await this.open(access, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        if (!(await this.recover(AppError.from(error), signal))) return undefined;
      }
    }
  }

  /** Waits as a failed connection asks for. False: stay away for good. */
  private async recover(failure: AppError, signal: AbortSignal): Promise<boolean> {
    const { clock, logger } = this.options;
    const { closeCode, httpStatus } = failure.details ?? {};
    // The server has said why before it had even heard us.
    if (typeof closeCode === 'number' && closeReactionTo(closeCode) !== 'retry')
      return await this.react({ code: closeCode, reason: 'at once' }, signal);
    this.failures += 1;
    // An access server that refuses the credential, or two failures, lead back to the scheduling service.
    const refused = failure.status !== 'RATE_LIMITED' && failure.status !== 'NO_CAPACITY' && httpStatus !== undefined;
    if (refused || this.failures >= vdTimers.attemptsBeforeVs) this.ask ??= this.askAfterLoss('reconnect');
    const waitMs = Math.max(failure.retryAfterMs ?? 0, this.backoff.next());
    logger.warn({ status: failure.status, waitMs: Math.round(waitMs) }, 'no connection to the access server');
    await sleep(clock, waitMs, { signal });
    return true;
  }

  private async usableAccess(signal: AbortSignal): Promise<VdAccess> {
    const { clock, scheduling, lastGood } = this.options;
    const { access } = this;
    if (this.ask === undefined && access !== undefined && access.tokenExpiresAt > clock.now()) return access;
    const ask = this.ask ?? this.askAfterLoss(this.lossReason);
    const fallback = lastGood();
    const fallbackAlive = fallback !== undefined && fallback.tokenExpiresAt > clock.now();
    const schedule = await scheduling.obtain(ask, { signal, mayGiveUp: fallbackAlive });
    if (schedule === undefined && fallback !== undefined) return fallback;
    const found = schedule ?? (await scheduling.obtain(ask, { signal }));
    if (found === undefined) throw new AppError('CANCELLED');
    await this.adopt(found);
    this.ask = undefined;
    this.failures = 0;
    return found.vd;
  }

  private async adopt(schedule: Schedule): Promise<void> {
    const { clock, onSchedule } = this.options;
    this.scheduleId = schedule.scheduleId;
    this.access = schedule.vd;
    this.renewal?.[Symbol.dispose]();
    const renewMs = schedule.ttlSec * 1_000 * vsTimers.renewAtFraction;
    this.renewal = clock.setTimer(renewMs, () => {
      const deadlineMs = clock.monotonicMs() + schedule.ttlSec * 1_000 * (1 - vsTimers.renewAtFraction);
      void this.move({ reason: 'expired', deadlineMs, signal: this.stopSignal });
    });
    await onSchedule(schedule);
  }

  /** Tries each address once. @throws the last AppError */
  private async open(access: VdAccess, signal: AbortSignal): Promise<VdSession> {
    let failure = new AppError('NO_CAPACITY');
    for (const url of access.urls) {
      try {
        return await this.openAt(url, access, signal);
      } catch (error) {
        failure = AppError.from(error);
        if (signal.aborted) throw failure;
      }
    }
    throw failure;
  }

  private async openAt(url: string, access: VdAccess, signal: AbortSignal): Promise<VdSession> {
    const { connect, deviceId, self, handle, clock, random, logger, onAccess } = this.options;
    const link = await connect(
      {
        url: vdAddress(url, deviceId),
        subprotocol: subprotocols.vd,
        bearer: access.token,
        timeoutMs: vdTimers.tlsTimeoutMs + vdTimers.openTimeoutMs,
        maxMessageBytes: vdLimits.maxMessageBytes,
      },
      { signal },
    );
    const held = { access };
    const session = new VdSession({
      link,
      keepAliveSec: access.keepAliveSec,
      self,
      handle,
      onKeepAlive: (answer, roundTripMs) => this.keptAlive(held, answer, roundTripMs),
      clock,
      random,
      logger,
    });
    await session.start({ signal });
    this.access = held.access;
    await onAccess(held.access);
    this.resetWhenStable(session);
    return session;
  }

  private keptAlive(held: { access: VdAccess }, answer: KeepAliveAnswer, roundTripMs: number): void {
    const { clock, onAccess, logger } = this.options;
    clock.follow(answer.serverTime, roundTripMs);
    if (answer.token !== undefined) {
      held.access = { ...held.access, token: answer.token.value, tokenExpiresAt: answer.token.expiresAt };
      this.access = held.access;
      onAccess(held.access).catch((error: unknown) => logger.warn({ err: error }, 'the new token could not be kept'));
    }
  }

  private resetWhenStable(session: VdSession): void {
    const timer = this.options.clock.setTimer(backoffDefaults.stableAfterMs, () => {
      this.backoff.reset();
      this.failures = 0;
    });
    void session.ended.then(() => timer[Symbol.dispose]());
  }

  /** Resolves when the device is without a connection; a session that was replaced by a newer one does not count. */
  private async watch(signal: AbortSignal): Promise<SessionEnd> {
    const stop = new Promise<SessionEnd>((resolve) => {
      signal.addEventListener('abort', () => resolve(closedByUs), { once: true });
    });
    while (true) {
      const session = this.current;
      if (session === undefined || signal.aborted) return closedByUs;
      const end = await Promise.race([session.ended, stop]);
      // The server may close the old connection before we know that the new one works.
      await Promise.race([this.moving, stop]);
      if (this.current !== session) continue;
      this.current = undefined;
      if (signal.aborted) session.close(closeCodes.GOING_AWAY.code, 'the device stops');
      return end;
    }
  }

  /** What a close code asks for (C3 step 2). False: stay away for good. */
  private async react({ code, reason }: SessionEnd, signal: AbortSignal): Promise<boolean> {
    const { clock, logger, onForget, onPowerDown } = this.options;
    const reaction = closeReactionTo(code);
    logger.info({ code, reason, reaction }, 'the connection ended');
    switch (reaction) {
      case 'powerDown':
        onPowerDown();
        return false;
      case 'forget':
        this.access = undefined;
        this.scheduleId = undefined;
        await onForget();
        this.ask = { reason: 'pairing' };
        break;
      case 'retry':
        break;
      default:
        this.ask ??= this.askAfterLoss(code === closeCodes.TOKEN_EXPIRED.code ? 'expired' : 'reconnect');
    }
    await sleep(clock, this.waitAfter(reaction), { signal });
    return true;
  }

  private waitAfter(reaction: ReturnType<typeof closeReactionTo>): number {
    switch (reaction) {
      case 'scheduleLater':
        return vdTimers.refusedWaitMs;
      case 'scheduleAfterReplacement':
        return vdTimers.replacedWaitMs;
      case 'scheduleDaily':
        return vdTimers.versionUnsupportedWaitMs;
      case 'schedule': {
        // At once the first time; a server that keeps doing it must not make us hammer the scheduling service.
        const again = this.backoff.attempts > 0;
        const waitMs = this.backoff.next();
        return again ? waitMs : 0;
      }
      default:
        return this.backoff.next();
    }
  }

  private askAfterLoss(reason: ScheduleReason): ScheduleAsk {
    return { reason, ...(this.scheduleId !== undefined && { previousScheduleId: this.scheduleId }) };
  }

  /** Opens a new connection beside the old one and closes the old one once the new one works. Never rejects. */
  private async move(plan: MovePlan): Promise<void> {
    const { clock, logger } = this.options;
    const old = this.current;
    const backoff = this.options.scheduling.backoff();
    while (old !== undefined && this.current === old && !plan.signal.aborted) {
      try {
        const moving = this.switchOver(old, plan);
        this.moving = moving.catch(() => {});
        await moving;
        return await old.drain();
      } catch (error) {
        const waitMs = backoff.next();
        logger.warn({ err: error }, 'no connection to the other server; the old one is kept');
        if (clock.monotonicMs() + waitMs > plan.deadlineMs) return;
        await sleep(clock, waitMs, { signal: plan.signal }).catch(() => {});
      }
    }
  }

  private async switchOver(old: VdSession, plan: MovePlan): Promise<void> {
    const session = await this.openElsewhere(plan);
    if (this.current !== old) return session.close(closeCodes.NORMAL.code, 'not needed any more');
    this.current = session;
    this.options.onOnline();
    this.options.logger.info({}, 'moved to another server');
  }

  private async openElsewhere({ target, reason, signal }: MovePlan): Promise<VdSession> {
    if (target !== undefined && 'vdUrls' in target) {
      const { vdUrls, token, tokenExpiresAt } = target;
      const keepAliveSec = this.access?.keepAliveSec ?? vdTimers.keepAliveDefaultSec;
      return await this.open({ urls: vdUrls, token, tokenExpiresAt, keepAliveSec }, signal);
    }
    const excludeServers = reason === 'reschedule' ? this.access?.urls : undefined;
    const ask = { ...this.askAfterLoss(reason), ...(excludeServers && { excludeServers }), ...(target && { vsUrl: target.vsUrl }) };
    const schedule = await this.options.scheduling.ask(ask, { requestId: this.options.random.ulid(), signal });
    await this.adopt(schedule);
    return await this.open(schedule.vd, signal);
  }
}

interface MovePlan {
  readonly target?: RescheduleParams['target'];
  readonly reason: ScheduleReason;
  /** Monotonic; after it the old connection is kept for good. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

const closedByUs: SessionEnd = { code: closeCodes.GOING_AWAY.code, reason: 'the device stops' };
