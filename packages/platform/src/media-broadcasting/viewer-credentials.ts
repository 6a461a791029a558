import type { IncomingMessage } from 'node:http';
import { AppError } from '@cardea/core';
import type { Principal } from '../authorization/proof.ts';
import type { PrincipalFromRequest } from './ports.ts';

/** What somebody shows who wants to watch: the token of a session, or who they are. */
export interface ViewerCredentials {
  /** When there is one, nothing else counts. */
  readonly token: string | undefined;
  /** `undefined` when nobody can be told. */
  readonly principal: () => Promise<Principal | undefined>;
}

/** `?token=` of the address, else the cookie or bearer token of the request. */
export function credentialsOf(request: IncomingMessage, url: URL, principalFromRequest: PrincipalFromRequest): ViewerCredentials {
  return { token: url.searchParams.get('token') ?? undefined, principal: () => principalFromRequest(request) };
}

/**
 * Whoever shows a token learns nothing about the device from its refusal; whoever says who they are learns whether it is theirs.
 * @throws AppError UNAUTHORIZED when nothing valid is shown; NOT_FOUND when a known user asks for what cannot be
 */
export async function admitBy<T, R>(
  target: T | undefined,
  { token, principal }: ViewerCredentials,
  ways: {
    readonly byToken: (token: string, target: T) => Promise<R>;
    readonly byPrincipal: (principal: Principal, target: T) => Promise<R>;
  },
): Promise<R> {
  if (token !== undefined) {
    if (target === undefined) throw new AppError('UNAUTHORIZED');
    return await ways.byToken(token, target);
  }
  const known = await principal();
  if (known === undefined) throw new AppError('UNAUTHORIZED');
  if (target === undefined) throw new AppError('NOT_FOUND');
  return await ways.byPrincipal(known, target);
}
