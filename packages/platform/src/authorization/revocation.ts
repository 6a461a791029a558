import type { BusMessageOf } from '../store/ports.ts';

/** By whom, by which login, token or share, and on which device a right is used. */
export interface RightInUse {
  readonly userId: string;
  readonly userSessionId: string;
  readonly deviceId: string;
}

/** Whether a right may have ended by what was revoked, and is to be asked for again. */
export function isConcerned({ userId, userSessionId, deviceId }: RightInUse, { scope, id }: BusMessageOf<'revoked'>): boolean {
  return scope === 'all' || id === { user: userId, session: userSessionId, device: deviceId }[scope];
}
