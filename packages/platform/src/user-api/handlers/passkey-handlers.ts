import type { BrowserLogins } from '../browser-logins.ts';
import type { Passkeys } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type PasskeyRoute =
  | 'session.askPasskey'
  | 'session.createWithPasskey'
  | 'passkey.begin'
  | 'passkey.create'
  | 'passkey.list'
  | 'passkey.update'
  | 'passkey.delete';

/** Passkeys, and logging in with one. */
export function createPasskeyHandlers({
  logins,
  passkeys,
}: {
  readonly logins: BrowserLogins;
  readonly passkeys: Passkeys;
}): Pick<RouteHandlers, PasskeyRoute> {
  return {
    'session.askPasskey': async () => await passkeys.ask(),
    'session.createWithPasskey': async ({ body, source, reply }) => await logins.give(reply, await passkeys.login(body, source)),
    'passkey.begin': async ({ visitor }) => await passkeys.begin(visitor),
    'passkey.create': async ({ visitor, body }) => await passkeys.create(visitor, body),
    'passkey.list': async ({ visitor }) => ({ items: [...(await passkeys.list(visitor))] }),
    'passkey.update': async ({ visitor, params, body }) => await passkeys.rename(visitor, params.id, body.name),
    'passkey.delete': async ({ visitor, params }) => await passkeys.remove(visitor, params.id),
  };
}
