import { type Static, Type } from 'typebox';

/** State of a firmware upgrade (C10). */
export const FwState = Type.Enum(
  ['idle', 'scheduled', 'downloading', 'downloaded', 'installing', 'rebooting', 'succeeded', 'failed', 'rolledBack', 'cancelled'] as const,
  { description: 'state of the upgrade' },
);
export type FwState = Static<typeof FwState>;

/** After these nothing more happens to the task. */
export const finalFwStates = ['succeeded', 'failed', 'rolledBack', 'cancelled'] as const satisfies readonly FwState[];

export const SignatureAlg = Type.Enum(['ed25519', 'ecdsa-p256', 'rsa-pss'] as const, {
  description: 'algorithm of the signature over the raw image bytes',
});
export type SignatureAlg = Static<typeof SignatureAlg>;
