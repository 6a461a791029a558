import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Browsers keep cookies 400 days at most; how long a session lives is decided here, not there. */
const MAX_AGE_SEC = 400 * 24 * 3_600;

/** How a browser shows its session: a cookie no script can read and no other site can use. */
export class SessionCookie {
  private readonly publicUrl: () => string;

  constructor(publicUrl: () => string) {
    this.publicUrl = publicUrl;
  }

  set(reply: FastifyReply, credential: string): void {
    reply.header('set-cookie', this.format(credential, MAX_AGE_SEC));
  }

  clear(reply: FastifyReply): void {
    reply.header('set-cookie', this.format('', 0));
  }

  read({ cookie = '' }: IncomingHttpHeaders): string | undefined {
    const prefix = `${this.name}=`;
    const pair = cookie.split('; ').find((candidate) => candidate.startsWith(prefix));
    return pair === undefined || pair.length === prefix.length ? undefined : pair.slice(prefix.length);
  }

  /** Whether a page that sent this request is one of ours; a request that no page sent has no `Origin`. */
  isOwnPage({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
    if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none';
    const url = URL.parse(origin);
    if (url === null) return false;
    return url.origin === URL.parse(this.publicUrl())?.origin || (url.host === host && url.protocol === this.protocol);
  }

  private get protocol(): 'http:' | 'https:' {
    return this.publicUrl().startsWith('https:') ? 'https:' : 'http:';
  }

  /** The prefix `__Host-` binds a cookie to this host, which browsers allow over https alone (RFC 6265bis 4.1.3.2). */
  private get name(): string {
    return this.protocol === 'https:' ? '__Host-cardea' : 'cardea';
  }

  private format(value: string, maxAgeSec: number): string {
    const secure = this.protocol === 'https:' ? '; Secure' : '';
    return `${this.name}=${value}; Path=/; Max-Age=${maxAgeSec}; HttpOnly; SameSite=Strict${secure}`;
  }
}
