import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

/** The certificate the platform shows. */
export const CertificateState = Type.Object({
  mode: Type.Enum(['auto', 'files', 'acme'] as const, { description: 'where it comes from' }),
  names: Type.Array(Type.String(), { description: 'host names and addresses it is for' }),
  expiresAt: Instant,
  daysLeft: Type.Integer({ description: 'whole days until then; negative once it expired' }),
  renewAt: Type.Optional(Type.Integer({ description: 'Unix ms from which on a new one is asked for' })),
  failure: Type.Optional(
    Type.Object({
      at: Instant,
      reason: Type.String({ description: 'why the last renewal failed, in the words of whoever refused it' }),
      nextTryAt: Type.Optional(Type.Integer({ description: 'Unix ms' })),
    }),
  ),
});
export type CertificateState = Static<typeof CertificateState>;

/** What somebody who runs the platform looks after. */
export const PlatformState = Type.Object({
  version: Type.String(),
  node: Type.String({ description: 'the process that answers' }),
  url: Type.String({ description: 'origin under which it is reached' }),
  certificate: Type.Optional(CertificateState),
});
export type PlatformState = Static<typeof PlatformState>;
