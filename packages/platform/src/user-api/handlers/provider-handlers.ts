import { AppError } from '@cardea/core';
import type { BrowserLogins } from '../browser-logins.ts';
import { HostCookie } from '../host-cookie.ts';
import type { Accounts, PlatformStatus, ProviderLogins } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';
import type { SessionCookie } from '../session-cookie.ts';

type ProviderRoute =
  | 'session.methods'
  | 'provider.begin'
  | 'provider.logOut'
  | 'session.createWithProvider'
  | 'identity.begin'
  | 'identity.create'
  | 'identity.list'
  | 'identity.delete'
  | 'platform.get';

const ASKED_SEC = 10 * 60;

/** Logging in at another provider, and what the platform says about itself. */
export function createProviderHandlers({
  accounts,
  cookie,
  logins,
  platform,
  providerLogins,
  publicUrl,
}: {
  readonly accounts: Accounts;
  readonly cookie: SessionCookie;
  readonly logins: BrowserLogins;
  readonly platform: PlatformStatus;
  readonly providerLogins: ProviderLogins | undefined;
  readonly publicUrl: () => string;
}): Pick<RouteHandlers, ProviderRoute> {
  const asked = new HostCookie({ publicUrl, name: 'cardea-asked', maxAgeSec: ASKED_SEC });
  const provider = (): ProviderLogins => {
    if (providerLogins !== undefined) return providerLogins;
    throw new AppError('NOT_SUPPORTED', undefined, { message: 'no provider of logins is set' });
  };
  return {
    'session.methods': async () => platform.loginMethods(),
    'platform.get': async () => platform.state(),
    'provider.begin': async ({ reply }) => {
      const { kept, url } = await provider().begin();
      asked.set(reply, kept);
      return { url };
    },
    'session.createWithProvider': async ({ body: { inviteToken, query }, request, reply, source }) => {
      asked.clear(reply);
      return await logins.give(reply, await provider().login({ query, kept: asked.read(request.headers) }, inviteToken, source));
    },
    'provider.logOut': async ({ visitor, reply }) => {
      const home = `${publicUrl()}/login`;
      // Somebody who logs out is logged out here, whether the provider answers or not.
      const url = await providerLogins?.logoutUrl(home).catch(() => undefined);
      await accounts.endSession(visitor, 'current');
      cookie.clear(reply);
      return { url: url ?? home };
    },
    'identity.begin': async ({ visitor, reply }) => {
      const { kept, url } = await provider().beginLink(visitor);
      asked.set(reply, kept);
      return { url };
    },
    'identity.create': async ({ visitor, body: { query }, request, reply }) => {
      asked.clear(reply);
      return await provider().link(visitor, { query, kept: asked.read(request.headers) });
    },
    'identity.list': async ({ visitor }) => ({ items: [...((await providerLogins?.list(visitor)) ?? [])] }),
    'identity.delete': async ({ visitor, params }) => await provider().unlink(visitor, params.id),
  };
}
