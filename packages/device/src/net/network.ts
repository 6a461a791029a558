import type { Clock } from '@cardea/core';
import { PlatformHttp } from './platform-http.ts';
import { createSocketConnector, type SocketConnector } from './socket-connector.ts';

/** The ways to the platform. */
export interface Network {
  readonly connect: SocketConnector;
  readonly http: PlatformHttp;
}

export function plainNetwork(clock: Clock): Network {
  return { connect: createSocketConnector(clock), http: new PlatformHttp(clock) };
}
