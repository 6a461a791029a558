import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { nameOf } from './name.ts';

/** Bytes as base64url, as WebAuthn Level 3 section 5.1.8 puts them into JSON. */
const Bytes = Type.String({ minLength: 1, maxLength: 16_384, pattern: '^[A-Za-z0-9_-]+$' });
const Requirement = Type.Enum(['required', 'preferred', 'discouraged'] as const);
const PublicKey = Type.Literal('public-key');
const Named = Type.Object({
  id: Bytes,
  type: Type.String({ description: '`public-key`' }),
  transports: Type.Optional(Type.Array(Type.String())),
});

/** What `navigator.credentials.create` takes, as JSON (WebAuthn Level 3, 5.1.9). */
export const PasskeyCreation = Type.Object({
  rp: Type.Object({ id: Type.Optional(Type.String()), name: Type.String() }),
  user: Type.Object({ id: Bytes, name: Type.String(), displayName: Type.String() }),
  challenge: Bytes,
  pubKeyCredParams: Type.Array(Type.Object({ alg: Type.Integer(), type: PublicKey })),
  timeout: Type.Optional(Type.Integer({ description: 'in milliseconds' })),
  excludeCredentials: Type.Optional(Type.Array(Named)),
  authenticatorSelection: Type.Optional(
    Type.Object({ residentKey: Type.Optional(Requirement), userVerification: Type.Optional(Requirement) }),
  ),
});
export type PasskeyCreation = Static<typeof PasskeyCreation>;

/** What `navigator.credentials.get` takes, as JSON (WebAuthn Level 3, 5.1.10). */
export const PasskeyQuestion = Type.Object({
  challenge: Bytes,
  rpId: Type.Optional(Type.String()),
  timeout: Type.Optional(Type.Integer({ description: 'in milliseconds' })),
  userVerification: Type.Optional(Requirement),
});
export type PasskeyQuestion = Static<typeof PasskeyQuestion>;

const credential = {
  id: Bytes,
  rawId: Bytes,
  type: PublicKey,
  clientExtensionResults: Type.Object({}),
};

/** A new key, as the browser hands it out (WebAuthn Level 3, 5.1.8: `RegistrationResponseJSON`). */
export const PasskeyAttestation = Type.Object({
  ...credential,
  response: Type.Object({
    clientDataJSON: Bytes,
    attestationObject: Bytes,
    transports: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 10 })),
  }),
});
export type PasskeyAttestation = Static<typeof PasskeyAttestation>;

/** A signature with a key (WebAuthn Level 3, 5.1.8: `AuthenticationResponseJSON`). */
export const PasskeyAssertion = Type.Object({
  ...credential,
  response: Type.Object({ clientDataJSON: Bytes, authenticatorData: Bytes, signature: Bytes, userHandle: Type.Optional(Bytes) }),
});
export type PasskeyAssertion = Static<typeof PasskeyAssertion>;

export const PasskeyId = Type.String({ minLength: 1, maxLength: 64, description: 'passkey' });
export const PasskeyName = nameOf('how its user tells it from others');

/** A key in a device of the user, with which it logs in. */
export const Passkey = Type.Object({
  id: Type.String(),
  name: Type.String(),
  synced: Type.Boolean({ description: 'whether the key can be in several devices of its user' }),
  createdAt: Instant,
  usedAt: Type.Optional(Instant),
});
export type Passkey = Static<typeof Passkey>;
