import type { IncomingMessage } from 'node:http';

/** The bearer token of a request (RFC 6750 2.1), or `undefined`. */
export function bearerToken({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(headers.authorization ?? '')?.[1];
}
