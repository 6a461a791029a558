import { AppError, Backoff, type Clock, hasStatus, type Logger, type Random, sleep } from '@cardea/core';
import { liveTimers, type PushTarget, pushLiveVideo, requestKeyframe, stopLiveVideo } from '@cardea/protocol';
import type { BusMessageOf } from '../store/ports.ts';
import { abortable } from './abortable.ts';
import type { EndReason, LiveStream } from './live-stream.ts';
import type { DeviceCommands, MediaSource } from './ports.ts';
import type { Push, TakenPush } from './push.ts';
import { Wakeup } from './wakeup.ts';

export type LiveState = BusMessageOf<'live'>['state'];

export interface DevicePushOptions {
  readonly source: MediaSource;
  readonly stream: LiveStream;
  readonly commands: DeviceCommands;
  /** Where the device publishes a session, good for at least two times the session's ttl. */
  readonly mintTarget: (sessionId: string) => Promise<PushTarget>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onState: (state: LiveState) => void;
  /** The push ended although somebody wants it, and will not come back by itself. */
  readonly onFailed: (error: AppError) => void;
  /** The device agreed and did not come: has another media server get its media. False when none can; absent where there is no other. */
  readonly goElsewhere?: (() => Promise<boolean>) | undefined;
}

interface PushSession {
  readonly id: string;
  target: PushTarget;
  /** The device was told of it elsewhere. */
  readonly isLed?: boolean;
  readonly isLastTry?: boolean | undefined;
}

const TTL_MS = liveTimers.ttlDefaultSec * 1_000;
const RENEW_MS = TTL_MS * liveTimers.renewAtFraction;
const RENEW_AGAIN_MS = 5_000;
/** Both tries together take the 10 s of one call: the device repeats its first outcome for the same session. */
const FIRST_ANSWER_MS = 4_000;
const SECOND_ANSWER_MS = 6_000;
const BACKOFF = { baseMs: 1_000, maxMs: 30_000 };
/** A session that was never published is followed by one more, at another media server if there is one. */
const UNPUBLISHED_MAX = 2;

/**
 * Keeps one device publishing one stream for as long as somebody wants it: asks, renews, and asks anew when the device or
 * its media went away (profile hss-open-1, C5). All who watch share the one push.
 * @see H.627.2 I.2.12 and I.2.13 (titles only)
 */
export class DevicePush implements Push {
  private readonly options: DevicePushOptions;
  private readonly wakeup: Wakeup;
  private ending = new AbortController();
  private loop: Promise<void> | undefined;
  private session: PushSession | undefined;
  private answer = Promise.withResolvers<void>();
  /** The device agreed at least once since the loop began: from then on its absence is waited out. */
  private agreed = false;
  private ended: EndReason | undefined;
  private renewNow = false;
  private isHandedOver = false;

  constructor(options: DevicePushOptions) {
    this.options = options;
    this.wakeup = new Wakeup(options.clock);
  }

  /** The session the device may publish now. */
  get sessionId(): string | undefined {
    return this.session?.id;
  }

  /**
   * Resolves once the device agreed to publish; starts the push when it is not running.
   * @throws AppError DEVICE_OFFLINE | DEVICE_ASLEEP | CANCELLED | what the device answered, kept in `remote`
   */
  async agreement({ signal }: { readonly signal?: AbortSignal }): Promise<void> {
    if (this.loop === undefined) this.start();
    else if (this.session === undefined) this.wakeup.notify();
    await abortable(this.answer.promise, signal);
  }

  async takeOver({ sessionId, isLed, isLastTry }: TakenPush): Promise<PushTarget> {
    await this.stop();
    const target = await this.options.mintTarget(sessionId);
    this.start({ id: sessionId, target, isLed, isLastTry });
    return target;
  }

  handOver(): void {
    this.isHandedOver = true;
    this.ending.abort(new AppError('CANCELLED'));
    this.wakeup.notify();
  }

  /** Ends the push and tells the device, whose answer is not waited for. */
  async stop(): Promise<void> {
    this.ending.abort(new AppError('CANCELLED'));
    this.wakeup.notify();
    await this.loop;
  }

  /** A publisher is there. */
  onPublishing(): void {
    this.ended = undefined;
    this.wakeup.notify();
  }

  /** The publisher is gone. */
  onEnded(reason: EndReason): void {
    this.ended = reason;
    this.wakeup.notify();
  }

  /** Asks the device for a key frame, if it knows how. Its answer is not waited for: the key frame is. */
  requestKeyframe(): void {
    const { commands, logger, source } = this.options;
    const sessionId = this.session?.id;
    if (sessionId === undefined) return;
    commands.call(source.deviceId, requestKeyframe, { sessionId }, {}).catch((error: unknown) => {
      logger.debug({ ...source, status: AppError.from(error).status }, 'the device made no key frame');
    });
  }

  /** The device came or went: when its media is missing this is the time to ask again. */
  onDeviceChanged(): void {
    if (this.options.stream.publishing) return;
    this.renewNow = true;
    this.wakeup.notify();
  }

  private start(taken?: PushSession): void {
    this.ending = new AbortController();
    this.agreed = false;
    this.isHandedOver = false;
    this.expectAnswer();
    this.loop = this.run(this.ending.signal, taken).finally(() => {
      this.loop = undefined;
    });
  }

  private expectAnswer(): void {
    this.answer = Promise.withResolvers();
    // Whoever waits hears of a refusal; when nobody waits it is no news.
    this.answer.promise.catch(() => {});
  }

  private async run(signal: AbortSignal, taken?: PushSession): Promise<void> {
    const backoff = new Backoff({ ...BACKOFF, random: () => this.options.random.fraction() });
    const unpublishedMax = taken?.isLastTry === true ? 1 : UNPUBLISHED_MAX;
    let unpublished = 0;
    for (let first = taken; !signal.aborted; first = undefined) {
      const failure = await this.runSession(signal, first).then(
        (published) => {
          unpublished = published ? 0 : unpublished + 1;
          if (published) backoff.reset();
          return unpublished < unpublishedMax ? undefined : new AppError('PUSH_CONNECT_FAILED');
        },
        (error: unknown) => AppError.from(error),
      );
      if (signal.aborted) break;
      if (failure !== undefined) {
        this.answer.reject(failure);
        if (!this.agreed || !failure.retryable || unpublished >= unpublishedMax) return this.fail(failure);
      } else if (unpublished > 0 && (await this.options.goElsewhere?.())) return;
      this.expectAnswer();
      await this.wakeup.sleep(backoff.next());
    }
    this.answer.reject(new AppError('CANCELLED'));
    if (!this.isHandedOver) this.options.onState('stopped');
  }

  private fail(failure: AppError): void {
    const { logger, source, onState, onFailed } = this.options;
    logger.info({ ...source, status: failure.status }, 'live push failed');
    onState('error');
    onFailed(failure);
  }

  /** One session from asking to its end. True when media came. */
  private async runSession(signal: AbortSignal, taken?: PushSession): Promise<boolean> {
    const session = taken ?? (await this.newSession());
    this.session = session;
    this.ended = undefined;
    this.renewNow = false;
    this.options.onState('starting');
    let refused = false;
    try {
      if (session.isLed !== true) {
        await this.ask(session, signal).catch((error: unknown) => {
          refused = error instanceof AppError && error.remote !== undefined;
          throw error;
        });
      }
      this.agreed = true;
      this.answer.resolve();
      return await this.keepUp(session, signal);
    } finally {
      this.session = undefined;
      if (!this.isHandedOver) {
        this.options.stream.stop('command');
        if (!refused) this.tellStop(session.id, signal.aborted ? 'noViewer' : 'error');
      }
    }
  }

  private async newSession(): Promise<PushSession> {
    const id = this.options.random.ulid();
    return { id, target: await this.options.mintTarget(id) };
  }

  /** C5 step 2. A session that another one on the device excludes can only be a left-over: viewers here share one push. */
  private async ask(session: PushSession, signal: AbortSignal): Promise<void> {
    const { clock, commands, source } = this.options;
    try {
      return await this.push(session, { signal, timeoutMs: FIRST_ANSWER_MS });
    } catch (error) {
      if (hasStatus(error, 'BUSY')) await sleep(clock, liveTimers.busyRetryMs, { signal });
      else if (hasStatus(error, 'TOO_MANY_SESSIONS')) await commands.call(source.deviceId, stopLiveVideo, leftOver(source), { signal });
      else if (!hasStatus(error, 'TIMEOUT')) throw error;
    }
    try {
      await this.push(session, { signal, timeoutMs: SECOND_ANSWER_MS });
    } catch (error) {
      throw hasStatus(error, 'TIMEOUT') ? new AppError('DEVICE_OFFLINE', undefined, { cause: error }) : error;
    }
  }

  private async push({ id, target }: PushSession, options: { readonly signal: AbortSignal; readonly timeoutMs?: number }): Promise<void> {
    const { commands, source } = this.options;
    const { channel, stream } = source;
    const params = { sessionId: id, channel, stream, target, ttlSec: liveTimers.ttlDefaultSec, audio: true, reason: 'view' } as const;
    await commands.call(source.deviceId, pushLiveVideo, params, options);
  }

  /** Renews until the session is over; true when media came. */
  private async keepUp(session: PushSession, signal: AbortSignal): Promise<boolean> {
    const { clock, stream, onState } = this.options;
    let published = false;
    let renewAtMs = clock.monotonicMs() + RENEW_MS;
    let lostAtMs: number | undefined = clock.monotonicMs();
    while (!signal.aborted) {
      const nowMs = clock.monotonicMs();
      if (!stream.publishing) {
        lostAtMs ??= nowMs;
        if (isOver(this.ended) || nowMs - lostAtMs >= liveTimers.publishedTimeoutMs) return published;
      } else if (lostAtMs !== undefined) {
        lostAtMs = undefined;
        published = true;
        onState('publishing');
      }
      if (nowMs >= renewAtMs || this.renewNow) {
        this.renewNow = false;
        renewAtMs = clock.monotonicMs() + (await this.renew(session, signal));
        continue;
      }
      await this.wakeup.sleep(Math.min(renewAtMs, lostAtMs === undefined ? renewAtMs : lostAtMs + liveTimers.publishedTimeoutMs) - nowMs);
    }
    return published;
  }

  /** How long until the next renewal, in milliseconds. */
  private async renew(session: PushSession, signal: AbortSignal): Promise<number> {
    const { clock, logger, mintTarget, source } = this.options;
    if (session.target.expiresAt - clock.now() < 2 * TTL_MS) session.target = await mintTarget(session.id);
    try {
      await this.push(session, { signal });
      return RENEW_MS;
    } catch (error) {
      const failure = AppError.from(error);
      if (!failure.retryable) throw failure;
      logger.debug({ ...source, status: failure.status }, 'live push not renewed');
      return RENEW_AGAIN_MS;
    }
  }

  private tellStop(sessionId: string, reason: 'noViewer' | 'error'): void {
    const { commands, logger, source } = this.options;
    commands.call(source.deviceId, stopLiveVideo, { sessionId, reason }, {}).catch((error: unknown) => {
      logger.debug({ ...source, err: error }, 'the device was not told to stop its live push');
    });
  }
}

/**
 * Whether an ended publisher will not come back with the same session.
 * @throws AppError PRIVACY_MODE | LOW_BATTERY when the device ended it because nobody may watch now
 */
function isOver(ended: EndReason | undefined): boolean {
  if (ended === 'privacy') throw new AppError('PRIVACY_MODE');
  if (ended === 'lowPower') throw new AppError('LOW_BATTERY');
  // After a lost connection or an error the device tries the same target again (B6).
  return ended !== undefined && ended !== 'lost' && ended !== 'error' && ended !== 'overload';
}

function leftOver({ channel, stream }: MediaSource) {
  return { channel, stream, reason: 'error' } as const;
}
