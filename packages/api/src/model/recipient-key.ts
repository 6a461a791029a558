import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { nameOf } from './name.ts';

const PublicKey = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'X25519 key, 32 bytes, base64url' });
const Name = nameOf('where the other half is, for people', { maxLength: 64 });

/** A public key of a member: cameras that encrypt do so for all who may see their recordings. */
export const RecipientKey = Type.Object({
  keyId: Type.String({ pattern: '^[0-9a-f]{16}$', description: 'first 8 bytes of the SHA-256 of the key, hex' }),
  userId: Type.String(),
  userName: Type.String(),
  publicKey: PublicKey,
  name: Name,
  createdAt: Instant,
});
export type RecipientKey = Static<typeof RecipientKey>;

export const RecipientKeyRequest = Type.Object({ publicKey: PublicKey, name: Name });
export type RecipientKeyRequest = Static<typeof RecipientKeyRequest>;
