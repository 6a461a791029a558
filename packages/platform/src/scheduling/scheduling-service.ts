import { createHash } from 'node:crypto';
import { AppError, type Clock, Lifetime, type Logger, type Random, sleep, TokenBuckets } from '@cardea/core';
import {
  type AnswerOf,
  type BodyOf,
  backoffDefaults,
  PROFILE,
  schedule,
  subprotocols,
  validateBody,
  vsTimers,
  type WakeService,
} from '@cardea/protocol';
import type { Db } from '../store/ports.ts';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import { type IdentityProof, verifyIdentityProof } from './identity-proof.ts';
import { type AdmittedDevice, ScheduleRegister } from './schedule-register.ts';
import type { ServerDirectory } from './server-directory.ts';

export type ScheduleRequest = BodyOf<typeof schedule>;
export type ScheduleResponse = AnswerOf<typeof schedule>;

/** Who knocks, as the HTTP request shows it. */
export interface Caller {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** Network address the request came from. */
  readonly source: string;
}

export interface SchedulingOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tokens: TokenIssuer;
  readonly servers: ServerDirectory;
  /** Whether a device that is bound to no home may come in. */
  readonly admits: (deviceId: string) => boolean;
  readonly keepAlive: { readonly intervalSec: number; readonly missed: number };
  /** How the radio of a device that sleeps stays reachable; absent or `undefined`: it cannot be woken. */
  readonly wakeService?: (holder: { readonly deviceId: string; readonly epoch: number }) => WakeService | undefined;
  readonly limits: { readonly perDeviceAndMinute: number; readonly perSourceAndSecond: number };
  /** Devices of one server that lost their connection together are to come back so many in a second. */
  readonly returnsPerSec: number;
  /** Sends every device to another scheduling service instead of answering. */
  readonly redirect?: ScheduleResponse['redirect'];
}

const VR_TOKEN_TTL_MS = 60 * 60_000;
const PURGE_INTERVAL_MS = 10 * 60_000;
const MAX_RETRY_AFTER_MS = 60_000;
/** A device that lost its connection alone should not stay away for longer either. */
const MAX_RETRY_BASE_MS = 60_000;

/**
 * Tells a device that proved its identity which servers to use, with the tokens to use them.
 * @see H.627.2 9.3.1, I.1 (titles only); profile hss-open-1 B2
 */
export class SchedulingService implements AsyncDisposable {
  private readonly options: SchedulingOptions;
  private readonly register: ScheduleRegister;
  private readonly perDevice: TokenBuckets;
  private readonly perSource: TokenBuckets;
  private readonly lifetime: Lifetime;

  constructor(options: SchedulingOptions) {
    const { clock, limits, logger } = options;
    this.options = options;
    this.register = new ScheduleRegister(options);
    this.perDevice = new TokenBuckets({ burst: limits.perDeviceAndMinute, perSecond: limits.perDeviceAndMinute / 60 }, clock);
    this.perSource = new TokenBuckets({ burst: limits.perSourceAndSecond, perSecond: limits.perSourceAndSecond }, clock);
    this.lifetime = new Lifetime(logger);
  }

  /** Wall time of the platform, which a device with a wrong clock is told. */
  get serverTime(): number {
    return this.options.clock.now();
  }

  /** Begins to forget what is dead. */
  start(): void {
    this.lifetime.run('purge of dead schedules', async (signal) => {
      for (;;) {
        await this.register.purge();
        await sleep(this.options.clock, PURGE_INTERVAL_MS, { signal });
      }
    });
  }

  /**
   * Answers `POST /vs/v1/schedule`. The same `requestId` brings back the same schedule with fresh tokens.
   * @throws AppError AUTH_INVALID | CLOCK_SKEW | RATE_LIMITED | INVALID_PARAMS | VERSION_UNSUPPORTED | UNKNOWN_DEVICE |
   * DEVICE_DISABLED | DUPLICATE | NO_CAPACITY
   */
  async schedule(caller: Caller, body: unknown): Promise<ScheduleResponse> {
    const proof = await this.identify(caller);
    const request = checked(body);
    if (request.deviceId !== proof.deviceId) throw new AppError('AUTH_INVALID', { reason: 'deviceId' });
    if (!request.profiles.includes(PROFILE)) throw new AppError('VERSION_UNSUPPORTED', { profiles: [PROFILE] });
    const { redirect, servers } = this.options;
    if (redirect !== undefined) return { ...this.frame(this.options.random.ulid()), retry: this.retry(0), redirect };
    const { deviceCount, vdUrls, vmUrls, vrBaseUrl } = await servers.pick({
      deviceId: proof.deviceId,
      excludeServers: request.excludeServers ?? [],
    });
    const wish = { request, requestHash: contentHash(request), publicKey: proof.publicKey };
    const device = await this.register.admit(wish, vsTimers.ttlDefaultSec * 1000);
    const wanted = (service: 'vd' | 'vm' | 'vr' | 'wake'): boolean => request.want?.includes(service) ?? true;
    const wake = device.bound && request.lowPower === true && wanted('wake') ? this.options.wakeService?.(device) : undefined;
    return {
      ...this.frame(device.scheduleId),
      retry: this.retry(deviceCount),
      bound: device.bound,
      ...(wanted('vd') && { vd: await this.vdAccess(device, vdUrls) }),
      ...(wanted('vr') && device.bound && { vr: await this.vrAccess(device, vrBaseUrl) }),
      ...(wanted('vm') && device.bound && { vm: { urls: [...vmUrls] } }),
      ...(wake && { wake }),
    };
  }

  /** Answers `DELETE /vs/v1/schedules/{id}`; repeating it is fine. @throws AppError NOT_FOUND for an absent or foreign schedule */
  async release(caller: Caller, scheduleId: string): Promise<void> {
    const { deviceId } = await this.identify(caller);
    await this.register.release(deviceId, scheduleId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  /** Limits stand where they cost an attacker most: by source before the signature is checked, by device after it. */
  private async identify({ authorization, source }: Caller): Promise<IdentityProof> {
    assertRate(this.perSource.take(source));
    const jwt = authorization?.match(/^Bearer ([\w.-]+)$/i)?.[1];
    if (jwt === undefined) throw new AppError('AUTH_INVALID', { reason: 'missing' });
    const proof = await verifyIdentityProof(jwt, this.serverTime);
    assertRate(this.perDevice.take(proof.deviceId));
    await this.register.useProof(proof);
    return proof;
  }

  private frame(scheduleId: string): Pick<ScheduleResponse, 'scheduleId' | 'serverTime' | 'ttlSec'> {
    return { scheduleId, serverTime: this.serverTime, ttlSec: vsTimers.ttlDefaultSec };
  }

  /**
   * The more devices a server holds the longer its devices take to come back, so that they come back apart when it fails. Each
   * was told by how many there were when it came, so together they fill the whole time up to the longest (design record 0021).
   */
  private retry(deviceCount: number): ScheduleResponse['retry'] {
    const { baseMs, capMs } = backoffDefaults;
    const apartMs = Math.round((deviceCount * 1_000) / this.options.returnsPerSec);
    const firstMs = Math.min(Math.max(baseMs, apartMs), MAX_RETRY_BASE_MS);
    return { baseMs: firstMs, maxMs: Math.max(capMs, firstMs) };
  }

  private async vdAccess(
    { deviceId, epoch, scheduleId }: AdmittedDevice,
    urls: readonly string[],
  ): Promise<NonNullable<ScheduleResponse['vd']>> {
    const { keepAlive, tokens } = this.options;
    const { token, expiresAt } = await tokens.mint('vd', { deviceId, epoch, scheduleId }, vsTimers.vdTokenTtlMs);
    return {
      urls: [...urls],
      subprotocol: subprotocols.vd,
      token,
      tokenExpiresAt: expiresAt,
      keepAliveSec: keepAlive.intervalSec,
      keepAliveMissed: keepAlive.missed,
    };
  }

  private async vrAccess({ deviceId, epoch }: AdmittedDevice, baseUrl: string): Promise<NonNullable<ScheduleResponse['vr']>> {
    const { token, expiresAt } = await this.options.tokens.mint('vr', { deviceId, epoch }, VR_TOKEN_TTL_MS);
    return { baseUrl, token, tokenExpiresAt: expiresAt };
  }
}

function checked(body: unknown): ScheduleRequest {
  const result = validateBody(schedule, body);
  if (!result.ok) throw new AppError('INVALID_PARAMS', { problems: result.problems });
  return result.value;
}

function contentHash(request: ScheduleRequest): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

function assertRate(waitMs: number): void {
  if (waitMs > 0) throw new AppError('RATE_LIMITED', undefined, { retryAfterMs: Math.min(waitMs, MAX_RETRY_AFTER_MS) });
}
