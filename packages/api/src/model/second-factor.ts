import { type Static, Type } from 'typebox';

/** Shown once. */
export const SecondFactorSecret = Type.Object({
  uri: Type.String({ description: '`otpauth:` address for an authenticator app, as the text of a QR code' }),
  recoveryCodes: Type.Array(Type.String(), { description: 'each works once in place of a code of the app' }),
});
export type SecondFactorSecret = Static<typeof SecondFactorSecret>;

export const SecondFactorCode = Type.String({
  minLength: 6,
  maxLength: 32,
  description: 'six digits of the authenticator app, or a recovery code',
});
