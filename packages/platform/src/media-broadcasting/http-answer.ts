import type { ServerResponse } from 'node:http';
import type { AppError } from '@cardea/core';
import { PROBLEM_TYPE, problemOf } from '../http/problem.ts';

export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
export const MEDIA_TYPE = 'video/mp4';

/** A page of any origin may read what it has the token for; without one a browser sends it no cookie of ours. */
export const mediaHeaders = {
  'cache-control': 'private, no-store',
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
};

export interface HttpAnswer {
  readonly type: string;
  /** The body, one after another; shared by many answers, so not changed by any. */
  readonly pieces: readonly Uint8Array[];
}

/** Sends `answer`, for HEAD without its body; returns the bytes of the body. */
export function sendAnswer(response: ServerResponse, { type, pieces }: HttpAnswer): number {
  const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
  response.writeHead(200, { ...mediaHeaders, 'content-type': type, 'content-length': sizeBytes });
  const hasBody = response.req.method !== 'HEAD';
  const last = hasBody ? pieces.at(-1) : undefined;
  if (hasBody) for (const piece of pieces.slice(0, -1)) response.write(piece);
  response.end(last);
  return hasBody ? sizeBytes : 0;
}

export function sendRefusal(response: ServerResponse, error: AppError): void {
  const problem = problemOf(error);
  // RFC 8216bis 6.2.5.2 names the status of a wait that was in vain.
  const status = error.status === 'TIMEOUT' && error.remote === undefined ? 503 : problem.status;
  response.writeHead(status, {
    ...mediaHeaders,
    'content-type': PROBLEM_TYPE,
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="cardea"' } : {}),
    ...(error.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000))) }),
  });
  response.end(JSON.stringify({ ...problem, status }));
}
