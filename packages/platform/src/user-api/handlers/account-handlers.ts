import type { Login } from '@cardea/api';
import type { FastifyReply } from 'fastify';
import type { Accounts, Setup } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';
import type { SessionCookie } from '../session-cookie.ts';

type AccountRoute =
  | 'setup.get'
  | 'setup.create'
  | 'session.create'
  | 'session.createOnce'
  | 'session.list'
  | 'session.delete'
  | 'me.get'
  | 'me.update'
  | 'secondFactor.begin'
  | 'secondFactor.confirm'
  | 'secondFactor.end';

/** Set-up, logging in and out, and the user's own account. */
export function createAccountHandlers({
  accounts,
  cookie,
  setup,
}: {
  readonly accounts: Accounts;
  readonly cookie: SessionCookie;
  readonly setup: Setup;
}): Pick<RouteHandlers, AccountRoute> {
  const withCookie = (reply: FastifyReply, login: Login): Login => {
    cookie.set(reply, login.token);
    return login;
  };
  return {
    'setup.get': async () => ({ needed: await setup.needed() }),
    'setup.create': async ({ body, source, reply }) => withCookie(reply, await setup.complete(body, source)),
    'session.create': async ({ body, source, reply }) => withCookie(reply, await accounts.login(body, source)),
    'session.createOnce': async ({ body, source, reply }) => withCookie(reply, await accounts.loginOnce(body.token, source)),
    'session.list': async ({ visitor }) => ({ items: [...(await accounts.sessions(visitor))] }),
    'session.delete': async ({ params: { id }, visitor, reply }) => {
      await accounts.endSession(visitor, id);
      if (id === 'current' || id === visitor.principal.userSessionId) cookie.clear(reply);
    },
    'me.get': async ({ visitor }) => visitor.user,
    'me.update': async ({ body: { name, password }, visitor, source }) => {
      if (password !== undefined) await accounts.changePassword(visitor, password, source);
      return name === undefined ? visitor.user : await accounts.rename(visitor, name);
    },
    'secondFactor.begin': async ({ visitor, body }) => await accounts.secondFactor.begin(visitor, body.password),
    'secondFactor.confirm': async ({ visitor, body, reply }) =>
      withCookie(reply, await accounts.loginOf(await accounts.secondFactor.confirm(visitor, body.code))),
    'secondFactor.end': async ({ visitor, body, reply }) =>
      withCookie(reply, await accounts.loginOf(await accounts.secondFactor.end(visitor, body.password))),
  };
}
