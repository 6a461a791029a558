import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

/** How one can log in here, besides e-mail address and password. */
export const LoginMethods = Type.Object({
  passkeys: Type.Boolean({ description: 'whether the platform is reached by a name, which passkeys need' }),
  provider: Type.Optional(Type.Object({ label: Type.String({ description: 'what people call it' }) })),
  authority: Type.Boolean({ description: 'whether the certificate is one that has to be trusted first: `/ca` says how' }),
});
export type LoginMethods = Static<typeof LoginMethods>;

export const IdentityId = Type.String({ minLength: 1, maxLength: 64, description: 'identity' });

/** An account at another provider with which the user logs in. */
export const Identity = Type.Object({
  id: Type.String(),
  issuer: Type.String({ description: 'address of the provider' }),
  email: Type.Optional(Type.String({ description: 'as the provider said when it was linked' })),
  createdAt: Instant,
});
export type Identity = Static<typeof Identity>;

export const ProviderAddress = Type.Object({ url: Type.String({ description: 'where the browser is to go' }) });

export const ProviderAnswer = Type.String({
  minLength: 1,
  maxLength: 8_192,
  description: 'the query with which the provider sent the browser back to `/login/provider`',
});
