import { type Static, Type } from 'typebox';
import { described } from './described.ts';
import { Sha256Hex } from './sha256-hex.ts';

/** The place of a video segment in the chain of what one stream recorded, and the device's word for it. */
export const SegmentLink = Type.Object({
  number: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'place among all that this channel and stream recorded, from 0, whether it was uploaded or not',
  }),
  previous: Type.Optional(described(Sha256Hex, 'digest of the video segment one place before; absent for the first')),
  signature: Type.String({
    pattern: '^[A-Za-z0-9_-]{86}$',
    description: 'Ed25519 signature of the statement by the identity key of the device, base64url without padding',
  }),
});
export type SegmentLink = Static<typeof SegmentLink>;
