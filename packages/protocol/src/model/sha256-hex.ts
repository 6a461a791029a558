import { type Static, Type } from 'typebox';

/** A SHA-256 digest in the one text form of this profile. */
export const Sha256Hex = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, 64 lower-case hexadecimal digits' });
export type Sha256Hex = Static<typeof Sha256Hex>;
