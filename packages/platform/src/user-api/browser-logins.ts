import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import { HostCookie } from './host-cookie.ts';
import type { Accounts, Source } from './ports.ts';
import type { SessionCookie } from './session-cookie.ts';

const KNOWN_SEC = 90 * 24 * 3_600;

/** What a browser is given with a login: its session, and a mark by which it is known the next time. */
export class BrowserLogins {
  private readonly accounts: Pick<Accounts, 'rememberDevice'>;
  private readonly session: SessionCookie;
  private readonly device: HostCookie;

  constructor({
    accounts,
    cookie,
    publicUrl,
  }: {
    readonly accounts: Pick<Accounts, 'rememberDevice'>;
    readonly cookie: SessionCookie;
    readonly publicUrl: () => string;
  }) {
    this.accounts = accounts;
    this.session = cookie;
    this.device = new HostCookie({ publicUrl, name: 'cardea-device', maxAgeSec: KNOWN_SEC });
  }

  /** The source, with the mark it shows. */
  sourceOf({ source, request }: { readonly source: Source; readonly request: { readonly raw: IncomingMessage } }): Source {
    return { ...source, device: this.device.read(request.raw.headers) };
  }

  /** Hands `login` to the browser, and passes it on. */
  async give<T extends { readonly token: string }>(reply: FastifyReply, login: T): Promise<T> {
    const shown = this.device.read(reply.request.raw.headers);
    this.session.set(reply, login.token);
    this.device.set(reply, await this.accounts.rememberDevice(login, shown));
    return login;
  }
}
