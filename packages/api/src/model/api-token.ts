import { type Static, Type } from 'typebox';
import { nameOf } from './name.ts';
import { ActionName, DeviceScope } from './role.ts';

export const TokenId = Type.String({ minLength: 1, maxLength: 64, description: 'API token' });

const members = {
  name: nameOf('what the token is for'),
  actions: Type.Array(ActionName, { minItems: 1, uniqueItems: true }),
  devices: DeviceScope,
  expiresAt: Type.Optional(Type.Integer({ minimum: 0, description: 'Unix ms; never when left out' })),
};

export const ApiTokenRequest = Type.Object(members);
export type ApiTokenRequest = Static<typeof ApiTokenRequest>;

/** A credential for a program: it may do at most this, and never more than its user. */
export const ApiToken = Type.Object({
  id: Type.String(),
  ...members,
  createdAt: Type.Integer({ description: 'Unix ms' }),
  usedAt: Type.Optional(Type.Integer({ description: 'Unix ms of the last use, exact to an hour' })),
});
export type ApiToken = Static<typeof ApiToken>;

export const FreshApiToken = Type.Object({ ...ApiToken.properties, token: Type.String({ description: 'bearer token; shown once' }) });
export type FreshApiToken = Static<typeof FreshApiToken>;
