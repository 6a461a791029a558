import { Type } from 'typebox';
import { Identity, IdentityId, LoginMethods, ProviderAddress, ProviderAnswer } from '../model/identity.ts';
import { InviteToken } from '../model/member.ts';
import { pageOf } from '../model/page.ts';
import { Login } from '../model/user.ts';
import { defineRoute } from '../route.ts';

export const providerRoutes = [
  defineRoute('session.methods', {
    summary: 'How one can log in besides e-mail address and password',
    access: { kind: 'public' },
    success: 200,
    answer: LoginMethods,
  }),
  defineRoute('provider.begin', {
    summary: 'Where the browser goes to log in at the provider, within ten minutes; 502 when the provider is away',
    access: { kind: 'public' },
    success: 200,
    answer: ProviderAddress,
  }),
  defineRoute('session.createWithProvider', {
    summary: 'Logs in with what the provider answered; 403 with `reason` in `details` when it is no account here, or may not be one',
    access: { kind: 'public' },
    body: Type.Object({ query: ProviderAnswer, inviteToken: Type.Optional(InviteToken) }),
    success: 201,
    audited: true,
    answer: Login,
  }),
  defineRoute('provider.logOut', {
    summary: 'Logs out, and says where the browser goes to log out at the provider as well',
    access: { kind: 'login' },
    success: 200,
    audited: true,
    answer: ProviderAddress,
  }),
  defineRoute('identity.begin', {
    summary: 'Where the browser goes to link an account at the provider; asks for a fresh login',
    access: { kind: 'login' },
    success: 200,
    answer: ProviderAddress,
  }),
  defineRoute('identity.create', {
    summary: 'Links the account the provider answered with; asks for a fresh login',
    access: { kind: 'login' },
    body: Type.Object({ query: ProviderAnswer }),
    success: 201,
    audited: true,
    answer: Identity,
  }),
  defineRoute('identity.list', {
    summary: 'The accounts at the provider with which the user logs in',
    access: { kind: 'login' },
    success: 200,
    answer: pageOf(Identity),
  }),
  defineRoute('identity.delete', {
    summary: 'Unlinks an account at the provider; asks for a fresh login; 409 when it is the only way in',
    access: { kind: 'login' },
    params: Type.Object({ id: IdentityId }),
    success: 204,
    audited: true,
  }),
] as const;
