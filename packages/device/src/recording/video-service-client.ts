import { openAsBlob } from 'node:fs';
import { AppError, type Clock, hasStatus, withDeadline } from '@cardea/core';
import {
  type AnswerOf,
  type BodyOf,
  type CancelReason,
  type CreatedSegment,
  type CreateSegment,
  cancelVideoSegment,
  confirmVideoSegment,
  createVideoSegment,
  getVideoServerInformation,
  type HttpDefinition,
  reportStatistics,
  type UploadTicket,
  type VrAccess,
  vrTimers,
} from '@cardea/protocol';
import type { PlatformHttp } from '../net/platform-http.ts';
import { retryAfterMs } from '../net/retry-after.ts';
import { secureAddress } from '../net/secure-address.ts';

/** Where the video service is and the right to use it; both may change at any time. */
export interface VideoServiceAccess {
  readonly current: VrAccess | undefined;
  /** Gets another token for one that was refused. @throws AppError when that is not possible now */
  renew(refused: VrAccess, signal: AbortSignal): Promise<VrAccess>;
}

export type VideoServerInformation = AnswerOf<typeof getVideoServerInformation>;
export type Confirmation = BodyOf<typeof confirmVideoSegment>;

export interface VideoServiceClientOptions {
  readonly access: VideoServiceAccess;
  readonly http: PlatformHttp;
  readonly clock: Clock;
}

/** The device's side of Vr: the exchanges of B7, with a token that is renewed once when it is refused. */
export class VideoServiceClient {
  private readonly options: VideoServiceClientOptions;

  constructor(options: VideoServiceClientOptions) {
    this.options = options;
  }

  async create(segment: CreateSegment, signal: AbortSignal): Promise<CreatedSegment> {
    const answer = await this.exchange(createVideoSegment, { body: segment, signal });
    if ('segments' in answer) throw new AppError('UNSPECIFIED', { reason: 'a list for one segment' });
    return answer;
  }

  async confirm(segmentId: string, confirmation: Confirmation, signal: AbortSignal): Promise<void> {
    await this.exchange(confirmVideoSegment, { body: confirmation, parameters: { segmentId }, signal });
  }

  async cancel(segmentId: string, reason: CancelReason, signal: AbortSignal): Promise<void> {
    await this.exchange(cancelVideoSegment, { body: { reason }, parameters: { segmentId }, signal });
  }

  serverInformation(signal: AbortSignal): Promise<VideoServerInformation> {
    return this.exchange(getVideoServerInformation, { signal });
  }

  async report(statistics: BodyOf<typeof reportStatistics>, signal: AbortSignal): Promise<void> {
    await this.exchange(reportStatistics, { body: statistics, signal });
  }

  /**
   * Puts the file at `path` where `ticket` says. Resolves with the entity tag, if the store gave one.
   * @throws AppError UPLOAD_FAILED | TICKET_EXPIRED | TIMEOUT, with `details.httpStatus` and `retryAfterMs` when the store answered
   */
  upload(
    path: string,
    ticket: UploadTicket,
    { sizeBytes, signal }: { readonly sizeBytes: number; readonly signal: AbortSignal },
  ): Promise<string | undefined> {
    const timeoutMs = vrTimers.uploadBaseMs + (sizeBytes / vrTimers.uploadMinBytesPerSec) * 1_000;
    return withDeadline(this.options.clock, timeoutMs, (deadline) => this.put(path, ticket, deadline), { signal });
  }

  private async put(path: string, ticket: UploadTicket, signal: AbortSignal): Promise<string | undefined> {
    const { clock } = this.options;
    const url = secureAddress(ticket.url);
    const body = await openAsBlob(path);
    const response = await fetch(url, { method: ticket.method, headers: { ...ticket.headers }, body, redirect: 'manual', signal }).catch(
      (cause: unknown) => {
        throw new AppError('UPLOAD_FAILED', undefined, { cause });
      },
    );
    await response.body?.cancel();
    if (response.ok) return response.headers.get('etag') ?? undefined;
    const httpStatus = response.status;
    const waitMs = retryAfterMs(response.headers.get('retry-after'), clock.now());
    const expired = httpStatus === 401 || httpStatus === 403;
    throw new AppError(expired ? 'TICKET_EXPIRED' : 'UPLOAD_FAILED', { httpStatus }, waitMs === undefined ? {} : { retryAfterMs: waitMs });
  }

  private async exchange<D extends HttpDefinition>(
    definition: D,
    request: { readonly body?: BodyOf<D>; readonly parameters?: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): Promise<AnswerOf<D>> {
    const { access, http } = this.options;
    const vr = access.current;
    if (vr === undefined) throw new AppError('UNAUTHORIZED', { reason: 'the video service is not known yet' });
    try {
      return await http.exchange(definition, { ...request, baseUrl: vr.baseUrl, bearer: vr.token });
    } catch (error) {
      if (!hasStatus(error, 'UNAUTHORIZED')) throw error;
      const renewed = await access.renew(vr, request.signal);
      return await http.exchange(definition, { ...request, baseUrl: renewed.baseUrl, bearer: renewed.token });
    }
  }
}
