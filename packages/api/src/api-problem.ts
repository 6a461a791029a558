import type { Problem } from './model/problem.ts';

/** A failure the platform reported, or `code` -1 and `status` 0 when no readable answer came. */
export class ApiProblem extends Error {
  override readonly name: string;
  readonly status: number;
  readonly code: number;
  readonly detail: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly deviceError: number | undefined;
  readonly deviceErrorData: unknown;
  /** The request is allowed again after a fresh login. */
  readonly stepUp: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, { retryAfterMs, cause }: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {}) {
    super(problem.detail, { cause });
    this.name = problem.name;
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.retryable = problem.retryable;
    this.details = problem.details;
    this.deviceError = problem.deviceError;
    this.deviceErrorData = problem.deviceErrorData;
    this.stepUp = problem.stepUp === true;
    this.retryAfterMs = retryAfterMs;
  }

  /** The problem in an answer that was not a success. */
  static async fromResponse(response: Response): Promise<ApiProblem> {
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
    const body: unknown = await response.json().catch(() => undefined);
    return new ApiProblem(isProblem(body) ? body : unreadable(response.status, `HTTP ${response.status}`), {
      retryAfterMs: Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined,
    });
  }

  /** The request never got an answer: no network, or the platform is down. */
  static unreachable(cause: unknown): ApiProblem {
    return new ApiProblem(unreadable(0, 'the platform cannot be reached'), { cause });
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'name' in body && 'detail' in body && 'status' in body;
}

function unreadable(status: number, detail: string): Problem {
  const name = status === 0 ? 'UNREACHABLE' : 'UNSPECIFIED';
  return { type: 'about:blank', title: detail, status, detail, code: -1, name, retryable: status === 0 || status >= 500 };
}
