import { type Static, Type } from 'typebox';

/** A credential minted by the platform; opaque to the device. Never logged. */
export const AccessToken = Type.String({ minLength: 1, maxLength: 4096, description: 'bearer token, opaque to the device' });
export type AccessToken = Static<typeof AccessToken>;
