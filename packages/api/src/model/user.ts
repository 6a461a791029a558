import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { nameOf } from './name.ts';

export const Email = Type.String({
  maxLength: 254,
  pattern: '^[^\\s@]+@[^\\s@]+$',
  description: 'e-mail address; case does not matter',
});

export const NewPassword = Type.String({ minLength: 8, maxLength: 256, description: 'a password to be set, 8 to 256 characters' });

/** A password as typed at a login: no rule, so that a refusal says nothing about the rules. */
export const GivenPassword = Type.String({ maxLength: 1_024, description: 'the password' });

export const UserName = nameOf('how the user is called in the app');

/** A person with a login. */
export const User = Type.Object({
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  createdAt: Instant,
  secondFactor: Type.Boolean({ description: 'whether a login asks for a code besides the password' }),
});
export type User = Static<typeof User>;

/** A fresh login. The same credential is set as a cookie. */
export const Login = Type.Object({
  user: User,
  token: Type.String({ description: 'bearer token of this session; shown once' }),
  expiresAt: Instant,
});
export type Login = Static<typeof Login>;

/** One place where a user is logged in. */
export const Session = Type.Object({
  id: Type.String(),
  current: Type.Boolean({ description: 'the session of this request' }),
  createdAt: Instant,
  usedAt: Type.Integer({ description: 'Unix ms of the last use, exact to an hour' }),
  expiresAt: Instant,
  userAgent: Type.Optional(Type.String({ description: 'what the browser or program called itself at login' })),
  address: Type.Optional(Type.String({ description: 'network address at login' })),
});
export type Session = Static<typeof Session>;
