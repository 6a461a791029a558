import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, type JWTPayload, SignJWT } from 'jose';
import Provider from 'oidc-provider';

export interface OidcAccount {
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
  readonly groups?: readonly string[];
}

const CLIENT = { client_id: 'cardea', client_secret: 'a secret of the client, long enough' } as const;

/** A provider of logins on loopback, which is the library others run: one button logs in as `user`. */
export class OidcServer implements AsyncDisposable {
  readonly client = CLIENT;
  readonly accounts = new Map<string, OidcAccount>();
  /** Who presses the button. */
  user = '';
  /** Changes what an ID token says, or with which key it is signed, before it is handed out. */
  tamper: ((claims: JWTPayload) => { readonly claims: JWTPayload; readonly key?: KeyObject }) | undefined;
  issuer = '';
  private readonly key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  private readonly server: Server;
  private provider: Provider | undefined;

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** @param app origin of the platform; where it is not known yet, `serve` follows */
  static async open(app?: string): Promise<OidcServer> {
    const opened = new OidcServer();
    await new Promise<void>((resolve) => opened.server.listen(0, '127.0.0.1', resolve));
    opened.issuer = `http://127.0.0.1:${(opened.server.address() as AddressInfo).port}`;
    if (app !== undefined) await opened.serve(app);
    return opened;
  }

  /** Sends browsers back to `app`, an origin. */
  async serve(app: string): Promise<void> {
    const jwk = { ...(await exportJWK(this.key)), kid: 'key', alg: 'RS256', use: 'sig' };
    const provider = new Provider(this.issuer, {
      clients: [{ ...CLIENT, redirect_uris: [`${app}/login/provider`], post_logout_redirect_uris: [`${app}/login`] }],
      jwks: { keys: [jwk] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
      conformIdTokenClaims: false,
      cookies: { keys: ['a key of cookies'] },
      features: { devInteractions: { enabled: false } },
      findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...this.accounts.get(sub) }) }),
      interactions: { url: (_context, { uid }) => `/button/${uid}` },
      loadExistingGrant: async ({ oidc }) => {
        const grant = new provider.Grant({ clientId: oidc.client?.clientId ?? '', accountId: oidc.session?.accountId ?? '' });
        grant.addOIDCScope('openid profile email');
        await grant.save();
        return grant;
      },
      renderError: (context, error) => {
        context.body = error.error;
      },
    });
    provider.use(async (context, next) => {
      await next();
      if (context.path !== '/token' || this.tamper === undefined) return;
      const { claims, key } = this.tamper(decodeJwt(context.body.id_token));
      const id_token = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key' }).sign(key ?? this.key);
      context.body = { ...context.body, id_token };
    });
    this.provider = provider;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { provider } = this;
    if (provider === undefined) return void response.writeHead(503).end();
    if (request.url?.startsWith('/button/') !== true) return void provider.callback()(request, response);
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'text/html');
      return void response.end('<form method="post"><button>Log in at the provider</button></form>');
    }
    await provider.interactionFinished(request, response, { login: { accountId: this.user } });
  }
}

/** Goes to the provider as a browser does, presses the button, and returns the query with which it is sent back. */
export async function pressButton(url: string): Promise<string> {
  const cookies = new Map<string, string>();
  let [address, method] = [url, 'GET'];
  for (let step = 0; step < 10; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(address, { method, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) method = 'POST';
    else {
      [address, method] = [new URL(location, address).href, 'GET'];
      const target = new URL(address);
      if (target.pathname === '/login/provider') return target.search;
    }
  }
  throw new Error('the provider does not send the browser back');
}
