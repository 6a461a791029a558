import { Type } from 'typebox';
import { pageOf } from '../model/page.ts';
import { SecondFactorCode, SecondFactorSecret } from '../model/second-factor.ts';
import { GivenPassword, Login, NewPassword, Session, User, UserName } from '../model/user.ts';
import { defineRoute } from '../route.ts';

export const sessionRoutes = [
  defineRoute('session.create', {
    summary: 'Logs in; 401 whatever is wrong, with `secondFactor` in `details` when only the code is; 429 after repeated failures',
    access: { kind: 'public' },
    body: Type.Object({ email: Type.String({ maxLength: 254 }), password: GivenPassword, code: Type.Optional(SecondFactorCode) }),
    success: 201,
    audited: true,
    answer: Login,
  }),
  defineRoute('session.createOnce', {
    summary: 'Logs in with a link that works once',
    access: { kind: 'public' },
    body: Type.Object({ token: Type.String({ minLength: 1, maxLength: 256 }) }),
    success: 201,
    audited: true,
    answer: Login,
  }),
  defineRoute('session.list', {
    summary: 'Where the user is logged in',
    access: { kind: 'login' },
    success: 200,
    answer: pageOf(Session),
  }),
  defineRoute('session.delete', {
    summary: 'Logs out; `current` is the session of this request',
    access: { kind: 'login' },
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
    success: 204,
    audited: true,
  }),
  defineRoute('me.get', {
    summary: 'The user of this session',
    access: { kind: 'user' },
    success: 200,
    answer: User,
  }),
  defineRoute('me.update', {
    summary: 'Changes the name, or the password, which ends all other sessions',
    access: { kind: 'login' },
    body: Type.Object({
      name: Type.Optional(UserName),
      password: Type.Optional(Type.Object({ current: GivenPassword, next: NewPassword })),
    }),
    success: 200,
    audited: true,
    answer: User,
  }),
  defineRoute('secondFactor.begin', {
    summary: 'Makes the secret of an authenticator app and recovery codes; nothing is asked for until it is confirmed',
    access: { kind: 'login' },
    body: Type.Object({ password: GivenPassword }),
    success: 201,
    audited: true,
    answer: SecondFactorSecret,
  }),
  defineRoute('secondFactor.confirm', {
    summary: 'Has each login ask for a code from now on; the answer is a fresh login in place of this one',
    access: { kind: 'login' },
    body: Type.Object({ code: SecondFactorCode }),
    success: 200,
    audited: true,
    answer: Login,
  }),
  defineRoute('secondFactor.end', {
    summary: 'Has logins ask for the password alone again; the answer is a fresh login in place of this one',
    access: { kind: 'login' },
    body: Type.Object({ password: GivenPassword }),
    success: 200,
    audited: true,
    answer: Login,
  }),
] as const;
