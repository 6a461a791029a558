import { type Static, Type } from 'typebox';
import { AccessToken } from './access-token.ts';
import { Instant } from './instant.ts';
import { WebAddress } from './web-address.ts';

/** Carriers of Vm on which a device publishes media. */
export const PushProtocol = Type.Enum(['rtmps', 'rtmp', 'wss-fmp4', 'whip'] as const, { description: 'carrier of the media' });
export type PushProtocol = Static<typeof PushProtocol>;

/** Where a device publishes one media session. `url` is complete and usable as it stands. */
export const PushTarget = Type.Object(
  {
    protocol: PushProtocol,
    url: WebAddress,
    token: Type.Optional(AccessToken),
    expiresAt: Instant,
  },
  { description: 'where to publish' },
);
export type PushTarget = Static<typeof PushTarget>;
