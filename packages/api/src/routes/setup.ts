import { Type } from 'typebox';
import { HomeName, Timezone } from '../model/home.ts';
import { Email, Login, NewPassword, UserName } from '../model/user.ts';
import { defineRoute } from '../route.ts';

export const setupRoutes = [
  defineRoute('setup.get', {
    summary: 'Whether this platform still has no owner',
    access: { kind: 'public' },
    success: 200,
    answer: Type.Object({ needed: Type.Boolean() }),
  }),
  defineRoute('setup.create', {
    summary: 'Makes the owner and a first home, with the token of the set-up link; 409 once an owner exists',
    access: { kind: 'public' },
    body: Type.Object({
      setupToken: Type.String({ minLength: 1, maxLength: 256 }),
      email: Email,
      password: NewPassword,
      name: UserName,
      timezone: Type.Optional(Timezone),
      homeName: Type.Optional(HomeName),
    }),
    success: 201,
    audited: true,
    answer: Login,
  }),
] as const;
