import { conforms, ErrorData, type StatusName, statusNameOf, statusTable, type WireError } from '@cardea/protocol';

/** What the other end of a connection said went wrong; kept beside our own status so that an edge can show it. */
export interface RemoteFailure {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Shown to the caller; defaults to the meaning in the status table. */
  readonly message?: string;
  readonly retryAfterMs?: number;
  readonly remote?: RemoteFailure;
  /** Where an interface asks for another HTTP status than the table. */
  readonly httpStatus?: number;
}

/**
 * The one error class of Cardea. `status` names a row of the protocol's status table, which gives the wire code, the HTTP
 * status and whether to try again. Match on `status`, never on `message`. `details` may reach the caller: no secrets.
 */
export class AppError extends Error {
  readonly status: StatusName;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterMs: number | undefined;
  readonly remote: RemoteFailure | undefined;
  readonly httpStatus: number;

  constructor(status: StatusName, details?: Readonly<Record<string, unknown>>, options: AppErrorOptions = {}) {
    super(options.message ?? statusTable[status].meaning, { cause: options.cause });
    this.name = 'AppError';
    this.status = status;
    this.details = details;
    this.retryAfterMs = options.retryAfterMs;
    this.remote = options.remote;
    this.httpStatus = options.httpStatus ?? statusTable[status].http;
  }

  get code(): number {
    return statusTable[this.status].code;
  }

  get retryable(): boolean {
    return statusTable[this.status].retryable;
  }

  /** The `data` member of a wire error (profile hss-open-1, B0). */
  toErrorData(): ErrorData {
    const data: ErrorData = { name: this.status, retryable: this.retryable };
    if (this.retryAfterMs !== undefined) data.retryAfterMs = this.retryAfterMs;
    if (this.details !== undefined) data.details = this.details;
    return data;
  }

  /** The error object of a wire answer: JSON-RPC on Vd, the member `error` on Vs and Vr. */
  toWireError(): WireError {
    return { code: this.code, message: this.message, data: this.toErrorData() };
  }

  /** Any thrown value as an AppError; what we did not foresee becomes INTERNAL_ERROR with its cause kept. */
  static from(thrown: unknown): AppError {
    if (thrown instanceof AppError) return thrown;
    if (thrown instanceof DOMException && thrown.name === 'AbortError') return new AppError('CANCELLED', undefined, { cause: thrown });
    return new AppError('INTERNAL_ERROR', undefined, { cause: thrown });
  }

  /** The error a peer reported; an unknown code becomes UNSPECIFIED and stays readable in `remote`. */
  static fromRemote(remote: RemoteFailure): AppError {
    const { retryAfterMs } = conforms(ErrorData, remote.data) ? remote.data : {};
    return new AppError(statusNameOf(remote.code) ?? 'UNSPECIFIED', undefined, {
      message: remote.message,
      remote,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
}

/** True for an AppError with one of the given statuses. */
export function hasStatus(thrown: unknown, ...statuses: readonly StatusName[]): thrown is AppError {
  return thrown instanceof AppError && statuses.includes(thrown.status);
}
