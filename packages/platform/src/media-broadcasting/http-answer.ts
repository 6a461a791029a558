import { type ServerResponse, STATUS_CODES } from 'node:http';
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

/** Shared by many requests, so not changed by any. */
export interface HttpAnswer {
  readonly type: string;
  readonly sizeBytes: number;
  /** The body, one after another, texts in ASCII. */
  readonly pieces: readonly (string | Uint8Array)[];
  /** The body behind `answerHead`, where they were put together beforehand. */
  readonly whole?: Uint8Array;
}

/** Sends `answer`, for HEAD without its body; returns the bytes of the body. */
export function sendAnswer(response: ServerResponse, { type, sizeBytes, pieces }: HttpAnswer): number {
  response.writeHead(200, { ...mediaHeaders, 'content-type': type, 'content-length': sizeBytes });
  const hasBody = response.req.method !== 'HEAD';
  if (hasBody) for (const piece of pieces) response.write(piece);
  response.end();
  return hasBody ? sizeBytes : 0;
}

export function sendRefusal(response: ServerResponse, error: AppError): void {
  const { body, headers, status } = refusalOf(error);
  response.writeHead(status, headers);
  response.end(body);
}

/** What stands before the body of an answer on a connection that stays open (RFC 9112 2.1). `at`: Unix milliseconds. */
export function answerHead({ type, sizeBytes, at }: Pick<HttpAnswer, 'type' | 'sizeBytes'> & { readonly at: number }): string {
  return `${ANSWER_HEAD}content-type: ${type}\r\ndate: ${new Date(at).toUTCString()}\r\ncontent-length: ${sizeBytes}\r\n\r\n`;
}

/** A refusal as it stands on the wire, on a connection that stays open. */
export function refusalPieces(error: AppError): readonly [string, Uint8Array] {
  const { body, headers, status } = refusalOf(error);
  const bytes = Buffer.from(body);
  return [`${headOf(status, headers)}content-length: ${bytes.length}\r\n\r\n`, bytes];
}

function headOf(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}`;
}

const ANSWER_HEAD = headOf(200, mediaHeaders);

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function refusalOf(error: AppError): Refusal {
  const problem = problemOf(error);
  // RFC 8216bis 6.2.5.2 names the status of a wait that was in vain.
  const status = error.status === 'TIMEOUT' && error.remote === undefined ? 503 : problem.status;
  const headers = {
    ...mediaHeaders,
    'content-type': PROBLEM_TYPE,
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="cardea"' } : {}),
    ...(error.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000))) }),
  };
  return { status, headers, body: JSON.stringify({ ...problem, status }) };
}
