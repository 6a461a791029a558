import { AppError } from '@cardea/core';

const secureSchemes = new Set(['https:', 'wss:']);
const plainSchemes = new Set(['http:', 'ws:']);

/**
 * Parses an address the device is asked to contact. Without TLS only this machine may be contacted (B0).
 * @throws AppError URL_INVALID
 */
export function secureAddress(address: string): URL {
  const url = URL.parse(address);
  if (url === null) throw new AppError('URL_INVALID', { reason: 'not an address' });
  if (secureSchemes.has(url.protocol) || (plainSchemes.has(url.protocol) && isLoopback(url.hostname))) return url;
  throw new AppError(
    'URL_INVALID',
    { host: url.host },
    { message: `${url.protocol}//${url.host} is not encrypted: only this machine may be contacted without TLS` },
  );
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
