import { Type } from 'typebox';
import { ApiToken, ApiTokenRequest, FreshApiToken, TokenId } from '../model/api-token.ts';
import { pageOf } from '../model/page.ts';
import { defineRoute } from '../route.ts';

export const tokenRoutes = [
  defineRoute('token.create', {
    summary: 'Makes a credential for a program',
    access: { kind: 'login' },
    body: ApiTokenRequest,
    success: 201,
    audited: true,
    answer: FreshApiToken,
  }),
  defineRoute('token.list', {
    summary: 'The credentials for programs of the user',
    access: { kind: 'login' },
    success: 200,
    answer: pageOf(ApiToken),
  }),
  defineRoute('token.delete', {
    summary: 'Ends a credential for a program, and what it has open',
    access: { kind: 'login' },
    params: Type.Object({ id: TokenId }),
    success: 204,
    audited: true,
  }),
] as const;
