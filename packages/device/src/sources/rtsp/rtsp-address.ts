import { AppError } from '@cardea/core';

/** Where a camera sends a stream, and who may ask for it. */
export interface RtspAddress {
  readonly host: string;
  readonly port: number;
  /** `rtsps`: everything goes through TLS. */
  readonly isSecure: boolean;
  /** Without user and password. */
  readonly url: string;
  readonly login?: RtspLogin;
}

export interface RtspLogin {
  readonly user: string;
  readonly password: string;
}

const portOf: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322 };

/**
 * Reads `rtsp://[USER[:PASSWORD]@]HOST[:PORT]/PATH`. `password` counts where the address has a user and no password.
 * @throws AppError INVALID_PARAMS; what it says shows neither user nor password
 */
export function parseRtspAddress(text: string, password = ''): RtspAddress {
  const url = URL.parse(text);
  const port = url === null ? undefined : portOf[url.protocol];
  if (url === null || port === undefined || url.hostname === '')
    throw new AppError('INVALID_PARAMS', undefined, {
      message: 'the address of the camera cannot be read: it is rtsp://USER:PASSWORD@HOST:PORT/PATH, with %40 for @ in a password',
    });
  const login = url.username === '' ? undefined : { user: decoded(url.username), password: decoded(url.password) || password };
  url.username = '';
  url.password = '';
  url.hash = '';
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || port,
    isSecure: url.protocol === 'rtsps:',
    url: url.href,
    ...(login && { login }),
  };
}

/** What was typed with a percent sign that begins no code is meant as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The camera for people and logs. */
export function nameOf({ host, port }: RtspAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
