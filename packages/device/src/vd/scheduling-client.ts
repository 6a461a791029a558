import { AppError, Backoff, hasStatus, type Logger, type Random, sleep } from '@cardea/core';
import {
  type AnswerOf,
  type BodyOf,
  backoffDefaults,
  PROFILE,
  paths,
  releaseSchedule,
  schedule,
  vdTimers,
  vsTimers,
} from '@cardea/protocol';
import type { CameraDescription } from '../camera.ts';
import type { DeviceClock } from '../device-clock.ts';
import type { DeviceIdentity } from '../identity.ts';
import type { PlatformHttp } from '../net/platform-http.ts';

export type ScheduleAnswer = AnswerOf<typeof schedule>;
export type ScheduleReason = BodyOf<typeof schedule>['reason'];

/** A schedule one can work with: it names access servers. */
export type Schedule = ScheduleAnswer & { readonly vd: NonNullable<ScheduleAnswer['vd']> };

export interface ScheduleAsk {
  readonly reason: ScheduleReason;
  readonly previousScheduleId?: string | undefined;
  readonly excludeServers?: readonly string[];
  /** Ask there instead of at the usual address. */
  readonly vsUrl?: string;
}

interface Attempt {
  /** The same one in a repetition of the same ask. */
  readonly requestId: string;
  readonly signal: AbortSignal;
}

export interface ObtainOptions {
  readonly signal: AbortSignal;
  readonly mayGiveUp?: boolean;
}

export interface SchedulingClientOptions {
  readonly identity: DeviceIdentity;
  readonly about: CameraDescription;
  readonly channels: number;
  readonly lowPower: boolean;
  /** Base address of the scheduling service, read at each ask. */
  readonly vsUrl: () => string;
  /** A permanent redirect worked: use this address from now on. */
  readonly onMoved: (vsUrl: string) => Promise<void>;
  readonly http: PlatformHttp;
  readonly clock: DeviceClock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The device's side of Vs (B2, C1). */
export class SchedulingClient {
  private readonly options: SchedulingClientOptions;
  private retry: ScheduleAnswer['retry'] = { baseMs: backoffDefaults.baseMs, maxMs: backoffDefaults.capMs };

  constructor(options: SchedulingClientOptions) {
    this.options = options;
  }

  /** A back-off with the numbers of the last schedule, or those of the profile before there was one. */
  backoff(): Backoff {
    const { random } = this.options;
    return new Backoff({
      ...this.retry,
      longAfterMs: backoffDefaults.longOutageAfterMs,
      longMaxMs: Math.max(this.retry.maxMs, backoffDefaults.longOutageCapMs),
      random: () => random.fraction(),
    });
  }

  /**
   * Asks until there is a schedule, waiting between tries as C1 says. With `mayGiveUp` it resolves with `undefined` after
   * several tries that did not reach the platform, so that the last good server can be tried.
   * @throws AppError CANCELLED when `signal` aborts
   */
  async obtain(ask: ScheduleAsk, { signal, mayGiveUp = false }: ObtainOptions): Promise<Schedule | undefined> {
    const waits = new RetryWaits(this.backoff(), this.options.lowPower);
    const requestId = this.options.random.ulid();
    while (true) {
      try {
        return await this.ask(ask, { requestId, signal });
      } catch (error) {
        if (signal.aborted) throw error;
        const failure = AppError.from(error);
        const waitMs = waits.after(failure);
        this.options.logger.warn({ status: failure.status, message: failure.message, waitMs: Math.round(waitMs) }, 'scheduling failed');
        if (mayGiveUp && waits.unreachable >= vsTimers.failuresBeforeLastGood) return undefined;
        await sleep(this.options.clock, waitMs, { signal });
      }
    }
  }

  /** One schedule, over redirects and one correction of the clock. @throws AppError as the platform answered */
  async ask(ask: ScheduleAsk, attempt: Attempt): Promise<Schedule> {
    let vsUrl = ask.vsUrl ?? this.options.vsUrl();
    let permanent = true;
    for (let hop = 0; hop <= vsTimers.maxRedirects; hop += 1) {
      const answer = await this.askOnTime(vsUrl, ask, attempt);
      if (answer.redirect !== undefined) {
        vsUrl = answer.redirect.vsUrl;
        permanent &&= answer.redirect.permanent;
        continue;
      }
      if (answer.vd === undefined) throw new AppError('UNSPECIFIED', { reason: 'the schedule names no access server' });
      this.retry = answer.retry;
      if (hop > 0 && permanent) await this.options.onMoved(vsUrl);
      return { ...answer, vd: answer.vd };
    }
    throw new AppError('NO_CAPACITY', { reason: 'too many redirects' });
  }

  /** Gives a schedule back; whether it worked does not matter. */
  async release(scheduleId: string, signal: AbortSignal): Promise<void> {
    const { http, logger } = this.options;
    const request = { baseUrl: this.options.vsUrl(), bearer: await this.prove(), parameters: { scheduleId }, signal };
    await http.exchange(releaseSchedule, request).catch((error: unknown) => logger.debug({ err: error }, 'the schedule was not released'));
  }

  private async askOnTime(vsUrl: string, ask: ScheduleAsk, attempt: Attempt): Promise<ScheduleAnswer> {
    try {
      return await this.post(vsUrl, ask, attempt);
    } catch (error) {
      const serverTime = hasStatus(error, 'CLOCK_SKEW') ? error.details?.serverTime : undefined;
      if (typeof serverTime !== 'number') throw error;
      const stepMs = this.options.clock.compare(serverTime, 0);
      this.options.logger.info({ stepMs }, 'the clock was off and is set to that of the platform');
      return await this.post(vsUrl, ask, attempt);
    }
  }

  private async post(vsUrl: string, ask: ScheduleAsk, { requestId, signal }: Attempt): Promise<ScheduleAnswer> {
    const { identity, about, channels, lowPower, http, clock } = this.options;
    const { reason, previousScheduleId, excludeServers } = ask;
    const sentMs = clock.monotonicMs();
    const answer = await http.exchange(schedule, {
      baseUrl: vsUrl,
      bearer: await this.prove(),
      body: {
        requestId,
        deviceId: identity.deviceId,
        ...about,
        profiles: [PROFILE],
        reason,
        ...(previousScheduleId !== undefined && { previousScheduleId }),
        ...(excludeServers !== undefined && { excludeServers: [...excludeServers] }),
        channels,
        lowPower,
      },
      signal,
    });
    clock.compare(answer.serverTime, clock.monotonicMs() - sentMs);
    return answer;
  }

  private prove(): Promise<string> {
    return this.options.identity.prove(this.options.clock.now(), this.options.random);
  }
}

/** How long to wait after each kind of refusal (C1 steps 2 and 3). */
class RetryWaits {
  /** Tries in a row that did not reach the platform. */
  unreachable = 0;
  private readonly backoff: Backoff;
  private readonly lowPower: boolean;
  private authFailures = 0;

  constructor(backoff: Backoff, lowPower: boolean) {
    this.backoff = backoff;
    this.lowPower = lowPower;
  }

  after(error: AppError): number {
    this.unreachable = ['GOING_AWAY', 'TIMEOUT'].includes(error.status) ? this.unreachable + 1 : 0;
    switch (error.status) {
      case 'AUTH_INVALID':
      case 'UNAUTHORIZED':
        this.authFailures += 1;
        return this.authFailures < vsTimers.authInvalidTries ? vsTimers.authInvalidRetryMs : vsTimers.authInvalidSlowRetryMs;
      case 'DEVICE_DISABLED':
      case 'UNKNOWN_DEVICE':
        return this.lowPower ? vsTimers.refusedRetryOnBatteryMs : vsTimers.refusedRetryMs;
      case 'VERSION_UNSUPPORTED':
        return vdTimers.versionUnsupportedWaitMs;
      default:
        return Math.max(error.retryAfterMs ?? 0, this.backoff.next());
    }
  }
}

/** The base address of the scheduling service behind what a user gave: an origin, or already the base address. */
export function schedulingAddress(platformUrl: string): string {
  const trimmed = platformUrl.replace(/\/+$/, '');
  return trimmed.endsWith(paths.vs) ? trimmed : trimmed + paths.vs;
}
