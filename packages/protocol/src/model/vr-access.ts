import { type Static, Type } from 'typebox';
import { AccessToken } from './access-token.ts';
import { described } from './described.ts';
import { Instant } from './instant.ts';
import { WebAddress } from './web-address.ts';

/** Address of the video service and the right to use it. `baseUrl` ends in `/vr/v1`. */
export const VrAccess = Type.Object(
  {
    baseUrl: described(WebAddress, 'address of the video service, ends in /vr/v1'),
    token: AccessToken,
    tokenExpiresAt: Instant,
  },
  { description: 'video service' },
);
export type VrAccess = Static<typeof VrAccess>;
