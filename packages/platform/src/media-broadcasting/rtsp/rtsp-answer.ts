import type { AppError } from '@cardea/core';

/** What a request is answered with, before it gets its number. */
export interface RtspAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string;
}

/** RFC 2326, 7.1.1. */
const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  415: 'Unsupported Media Type',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  459: 'Aggregate Operation Not Allowed',
  461: 'Unsupported Transport',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Time-out',
};

export function reasonOf(statusCode: number): string {
  return reasons[statusCode] ?? 'Error';
}

/** One text for whoever may not watch, so that nothing is learnt about the device; it says how to come in. */
const HOW_TO_COME_IN =
  'Cardea takes no user name and no password over RTSP: open the address of a live session, which carries its own token.\r\n';

/** What is wrong, as RTSP says it. */
export function refusalOf(error: AppError): RtspAnswer {
  if (error.status === 'UNAUTHORIZED' || error.status === 'SESSION_NOT_FOUND') {
    return {
      statusCode: 401,
      headers: { 'WWW-Authenticate': 'Bearer realm="Cardea"', 'Content-Type': 'text/plain' },
      body: HOW_TO_COME_IN,
    };
  }
  const headers: Record<string, string | number> = { 'Content-Type': 'text/plain' };
  if (error.retryAfterMs !== undefined) headers['Retry-After'] = Math.ceil(error.retryAfterMs / 1_000);
  return { statusCode: statusCodeOf(error), headers, body: `${error.status}: ${error.message}\r\n` };
}

function statusCodeOf({ status, httpStatus }: AppError): number {
  if (status === 'CODEC_UNSUPPORTED') return 415;
  // RTSP has no 409 and no 429: the camera or the server cannot, at present.
  if (httpStatus === 409) return 503;
  if (httpStatus === 429) return 453;
  return httpStatus in reasons ? httpStatus : 500;
}
