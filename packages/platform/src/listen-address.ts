import { AppError } from '@cardea/core';

export interface ListenAddress {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

/** Reads HOST:PORT, where HOST may be an IPv6 address in brackets. @throws AppError INVALID_PARAMS */
export function parseListen(listen: string): ListenAddress {
  const [, host, port] = /^(.+):(\d+)$/.exec(listen) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw new AppError('INVALID_PARAMS', { listen }, { message: `listen is HOST:PORT, and ${listen} is not` });
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/**
 * The address of a port beside that of HTTP: as set, else `usualPort` of the same host (any free one where HTTP takes any);
 * `undefined` for `off`. @throws AppError INVALID_PARAMS
 */
export function listenBeside(http: ListenAddress, setting: string, usualPort: number): ListenAddress | undefined {
  if (setting === 'off') return undefined;
  return setting === '' ? { host: http.host, port: http.port === 0 ? 0 : usualPort } : parseListen(setting);
}
