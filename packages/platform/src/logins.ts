import type { LoginMethods } from '@cardea/api';
import { AppError } from '@cardea/core';
import type { Config } from './config.ts';
import { OidcProvider } from './homes/oidc/oidc-provider.ts';
import { ProviderLogins, type ProviderLoginsOptions } from './homes/oidc/provider-logins.ts';
import { Passkeys, type PasskeysOptions } from './homes/passkeys.ts';
import { readSecretFile } from './secrets.ts';

/** Where the provider sends browsers back to: a page of the app. */
const REDIRECT_PATH = '/login/provider';

export type LoginsOptions = PasskeysOptions & Omit<ProviderLoginsOptions, 'provider' | 'rules'>;

/** Ways to log in besides the password. */
export interface Logins {
  readonly passkeys: Passkeys;
  /** Absent where no provider is set. */
  readonly providerLogins: ProviderLogins | undefined;
  readonly methods: () => Omit<LoginMethods, 'authority'>;
}

/** @throws AppError INVALID_PARAMS when what is set of the provider does not suffice or cannot be read */
export async function openLogins(config: Config, options: LoginsOptions): Promise<Logins> {
  const { publicUrl } = options;
  const provider = await openProvider(config, publicUrl);
  const { 'oidc.allowedDomains': allowedDomains, 'oidc.operatorClaim': operatorClaim, 'oidc.operatorDomains': operatorDomains } = config;
  const rules = { allowedDomains, operatorClaim, operatorDomains };
  const passkeys = new Passkeys(options);
  return {
    passkeys,
    providerLogins: provider && new ProviderLogins({ ...options, provider, rules }),
    methods: () => ({
      passkeys: passkeys.host !== undefined,
      ...(provider && { provider: { label: config['oidc.label'] } }),
    }),
  };
}

async function openProvider(config: Config, publicUrl: () => string): Promise<OidcProvider | undefined> {
  const { 'oidc.issuer': issuer, 'oidc.clientId': clientId } = config;
  if (issuer === '') return undefined;
  if (clientId === '') throw refusal('oidc.issuer needs oidc.clientId');
  // What travels in the clear could be read and changed on the way.
  if (!issuer.startsWith('https:') && !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/.test(issuer)) {
    throw refusal('oidc.issuer is an https address; http is for this machine alone');
  }
  return new OidcProvider({ issuer, clientId, clientSecret: await secretOf(config), redirectUrl: () => publicUrl() + REDIRECT_PATH });
}

async function secretOf(config: Config): Promise<string> {
  const path = config['oidc.clientSecretFile'];
  return path === '' ? config['oidc.clientSecret'] : await readSecretFile('oidc.clientSecretFile', path);
}

function refusal(message: string): AppError {
  return new AppError('INVALID_PARAMS', undefined, { message });
}
