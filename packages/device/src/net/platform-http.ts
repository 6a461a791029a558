import { AppError, type Clock, withDeadline } from '@cardea/core';
import {
  type AnswerOf,
  type BodyOf,
  conforms,
  type HttpDefinition,
  HttpErrorBody,
  resolveAddress,
  statusNameOf,
  validate,
  validateAnswer,
} from '@cardea/protocol';
import { statusOfHttp } from './http-status.ts';
import { retryAfterMs } from './retry-after.ts';
import { secureAddress } from './secure-address.ts';

export interface ExchangeRequest<D extends HttpDefinition> {
  /** As handed out by the platform, ending in `/vs/v1` or `/vr/v1`. */
  readonly baseUrl: string;
  readonly bearer: string;
  readonly body?: BodyOf<D>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const MAX_ANSWER_BYTES = 1024 * 1024;

/** Carries out the HTTPS exchanges of Vs and Vr as their definitions say. Never follows a redirect. */
export class PlatformHttp {
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /**
   * Resolves with the validated answer.
   * @throws AppError TIMEOUT | GOING_AWAY (no connection) | UNSPECIFIED (answer outside the profile) | what the platform
   * answered, with `remote`, `retryAfterMs` and, when it told its clock, `details.serverTime`
   */
  exchange<D extends HttpDefinition>(definition: D, request: ExchangeRequest<D>): Promise<AnswerOf<D>> {
    return withDeadline(this.clock, definition.timeoutMs, (signal) => this.send(definition, { ...request, signal }), {
      signal: request.signal,
    });
  }

  private async send<D extends HttpDefinition>(
    definition: D,
    { baseUrl, bearer, body, parameters, signal }: ExchangeRequest<D>,
  ): Promise<AnswerOf<D>> {
    const url = secureAddress(resolveAddress(baseUrl, definition.path, parameters));
    const headers = { authorization: `Bearer ${bearer}`, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const text = body === undefined ? null : JSON.stringify(body);
    const response = await fetch(url, { method: definition.method, headers, body: text, redirect: 'manual', signal }).catch(unreachable);
    const answer = await readBounded(response, signal);
    if (!response.ok) throw this.refusal(response, answer);
    // An exchange that answers nothing may still come with a body, which says nothing.
    const wantsAnswer = !conforms(definition.result, undefined);
    const checked = validateAnswer(definition, wantsAnswer ? parseJson(answer) : undefined);
    if (!checked.ok) throw new AppError('UNSPECIFIED', { exchange: definition.name, problems: checked.problems });
    return checked.value;
  }

  private refusal(response: Response, text: string): AppError {
    const checked = validate(HttpErrorBody, parseJson(text));
    const waitMs = retryAfterMs(response.headers.get('retry-after'), this.clock.now());
    const httpStatus = response.status;
    if (!checked.ok) {
      return new AppError(statusOfHttp(httpStatus), { httpStatus }, withRetryAfter(waitMs));
    }
    const { error, serverTime } = checked.value;
    return new AppError(
      statusNameOf(error.code) ?? 'UNSPECIFIED',
      { httpStatus, ...(serverTime !== undefined && { serverTime }) },
      { message: error.message, remote: error, ...withRetryAfter(waitMs ?? error.data.retryAfterMs) },
    );
  }
}

function withRetryAfter(ms: number | undefined): { retryAfterMs?: number } {
  return ms === undefined ? {} : { retryAfterMs: ms };
}

function unreachable(cause: unknown): never {
  throw new AppError('GOING_AWAY', { reason: 'no connection' }, { cause, message: 'the platform cannot be reached' });
}

async function readBounded(response: Response, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES || signal.aborted) throw new AppError('UNSPECIFIED', { reason: 'the answer is too long' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
