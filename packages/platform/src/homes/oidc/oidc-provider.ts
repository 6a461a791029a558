import { AppError } from '@cardea/core';
import type { Configuration, IDToken } from 'openid-client';

export interface OidcProviderOptions {
  /** Issuer identifier, under which its configuration is found (OpenID Connect Discovery 1.0, 4). */
  readonly issuer: string;
  readonly clientId: string;
  /** Empty for a client that has none. */
  readonly clientSecret: string;
  /** Where the provider sends browsers back to. */
  readonly redirectUrl: () => string;
}

/** What ties an answer to the question that was asked: all three are secrets of one browser. */
export interface OidcChecks {
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636 4.1). */
  readonly verifier: string;
}

const TIMEOUT_SEC = 10;
/** How old the provider's own login may be: a login here counts as a fresh proof of who somebody is. */
const MAX_AGE_SEC = 300;
const SCOPE = 'openid profile email';

/**
 * A provider of logins: authorization code with PKCE, state and nonce (OpenID Connect Core 3.1). Its configuration is read
 * when it is first needed, so that a provider that is away keeps nothing from starting.
 */
export class OidcProvider {
  readonly issuer: string;
  private readonly options: OidcProviderOptions;
  private found: Promise<Configuration> | undefined;

  constructor(options: OidcProviderOptions) {
    this.options = options;
    this.issuer = options.issuer;
  }

  /** Where a browser goes to log in. @throws AppError UNSPECIFIED when the provider is away */
  async loginUrl({ state, nonce, verifier }: OidcChecks): Promise<string> {
    const client = await import('openid-client');
    const url = client.buildAuthorizationUrl(await this.configuration(), {
      ...{ redirect_uri: this.options.redirectUrl(), scope: SCOPE, response_type: 'code', state, nonce },
      ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      max_age: String(MAX_AGE_SEC),
    });
    return url.href;
  }

  /**
   * Who the provider says the browser belongs to. Issuer, audience, signature, times, nonce and state are proven.
   * @param query with which the browser came back
   * @throws AppError UNAUTHORIZED when anything does not fit or the user said no; UNSPECIFIED when the provider is away
   */
  async claimsOf(query: string, { state, nonce, verifier }: OidcChecks): Promise<IDToken> {
    const client = await import('openid-client');
    const configuration = await this.configuration();
    const url = new URL(this.options.redirectUrl());
    url.search = query;
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true, maxAge: MAX_AGE_SEC };
    const tokens = await client.authorizationCodeGrant(configuration, url, checks).catch((error: unknown) => {
      throw isAway(error) ? away(error) : new AppError('UNAUTHORIZED', undefined, { cause: error });
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new AppError('UNAUTHORIZED');
    return claims;
  }

  /** Where a browser goes to log out (RP-Initiated Logout 1.0); `undefined` where the provider has no such place. */
  async logoutUrl(returnTo: string): Promise<string | undefined> {
    const client = await import('openid-client');
    const configuration = await this.configuration();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
    const { clientId: client_id } = this.options;
    return client.buildEndSessionUrl(configuration, { client_id, post_logout_redirect_uri: returnTo }).href;
  }

  private async configuration(): Promise<Configuration> {
    const found = this.found ?? this.discover();
    this.found = found;
    try {
      return await found;
    } catch (error) {
      // Asked again the next time.
      if (this.found === found) this.found = undefined;
      throw away(error);
    }
  }

  private async discover(): Promise<Configuration> {
    const { allowInsecureRequests, ClientSecretBasic, discovery, enableNonRepudiationChecks, None } = await import('openid-client');
    const { issuer, clientId, clientSecret } = this.options;
    const url = new URL(issuer);
    // The ID token is proven by its signature, not only by the connection it came over.
    const execute = [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])];
    const authentication = clientSecret === '' ? None() : ClientSecretBasic(clientSecret);
    return await discovery(url, clientId, {}, authentication, { execute, timeout: TIMEOUT_SEC });
  }
}

/** What `fetch` throws where nobody answers, and what a provider answers that cannot. */
function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof TypeError && error.message === 'fetch failed') return true;
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return true;
  const response = error.cause;
  return (response instanceof Response && response.status >= 500) || isAway(response);
}

function away(cause: unknown): AppError {
  return new AppError('UNSPECIFIED', { reason: 'providerAway' }, { cause, message: 'the provider of logins cannot be reached' });
}
