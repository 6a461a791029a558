import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import { HostCookie } from './host-cookie.ts';

const MAX_AGE_SEC = 400 * 24 * 3_600;

/** How a browser shows its session. */
export class SessionCookie {
  private readonly publicUrl: () => string;
  private readonly cookie: HostCookie;

  constructor(publicUrl: () => string) {
    this.publicUrl = publicUrl;
    this.cookie = new HostCookie({ publicUrl, name: 'cardea', maxAgeSec: MAX_AGE_SEC });
  }

  set(reply: FastifyReply, credential: string): void {
    this.cookie.set(reply, credential);
  }

  clear(reply: FastifyReply): void {
    this.cookie.clear(reply);
  }

  read(headers: IncomingHttpHeaders): string | undefined {
    return this.cookie.read(headers);
  }

  /** Whether a page that sent this request is one of ours; a request that no page sent has no `Origin`. */
  isOwnPage({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
    if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none';
    const url = URL.parse(origin);
    if (url === null) return false;
    const own = URL.parse(this.publicUrl());
    return url.origin === own?.origin || (url.host === host && url.protocol === own?.protocol);
  }
}
