import { type Static, Type } from 'typebox';

/** Names a device for life: the first 130 bits of the SHA-256 of its raw public key, see `deviceIdFromDigest`. */
export const DeviceId = Type.String({
  pattern: '^[0-9a-hjkmnp-tv-z]{26}$',
  description: 'device identity: 26 characters of lower-case Crockford base32, derived from the public key of the device',
});
export type DeviceId = Static<typeof DeviceId>;
