import type { BrowserLogins } from '../browser-logins.ts';
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
  logins,
  setup,
}: {
  readonly accounts: Accounts;
  readonly logins: BrowserLogins;
  readonly cookie: SessionCookie;
  readonly setup: Setup;
}): Pick<RouteHandlers, AccountRoute> {
  return {
    'setup.get': async () => ({ needed: await setup.needed() }),
    'setup.create': async ({ body, source, reply }) => await logins.give(reply, await setup.complete(body, source)),
    'session.create': async (call) => await logins.give(call.reply, await accounts.login(call.body, logins.sourceOf(call))),
    'session.createOnce': async ({ body, source, reply }) => await logins.give(reply, await accounts.loginOnce(body.token, source)),
    'session.list': async ({ visitor }) => ({ items: [...(await accounts.sessions(visitor))] }),
    'session.delete': async ({ params: { id }, visitor, reply }) => {
      await accounts.endSession(visitor, id);
      if (id === 'current' || id === visitor.principal.userSessionId) cookie.clear(reply);
    },
    'me.get': async ({ visitor }) => visitor.user,
    'me.update': async (call) => {
      const { name, password } = call.body;
      const { visitor } = call;
      if (password !== undefined) await accounts.changePassword(visitor, password, logins.sourceOf(call));
      return name === undefined ? visitor.user : await accounts.rename(visitor, name);
    },
    'secondFactor.begin': async (call) => await accounts.secondFactor.begin(call.visitor, call.body.password, logins.sourceOf(call)),
    'secondFactor.confirm': async ({ visitor, body, reply }) =>
      await logins.give(reply, await accounts.loginOf(await accounts.secondFactor.confirm(visitor, body.code))),
    'secondFactor.end': async (call) => {
      const credential = await accounts.secondFactor.end(call.visitor, call.body.password, logins.sourceOf(call));
      return await logins.give(call.reply, await accounts.loginOf(credential));
    },
  };
}
