import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';

export interface HostCookieOptions {
  /** Origin under which users reach the platform. */
  readonly publicUrl: () => string;
  readonly name: string;
  /** How long browsers keep it, at most 400 days; how long it counts is decided where it is read. */
  readonly maxAgeSec: number;
}

/** A cookie no script can read and no other site can use. */
export class HostCookie {
  private readonly options: HostCookieOptions;

  constructor(options: HostCookieOptions) {
    this.options = options;
  }

  set(reply: FastifyReply, value: string): void {
    reply.header('set-cookie', this.format(value, this.options.maxAgeSec));
  }

  clear(reply: FastifyReply): void {
    reply.header('set-cookie', this.format('', 0));
  }

  read({ cookie = '' }: IncomingHttpHeaders): string | undefined {
    const prefix = `${this.name}=`;
    const pair = cookie.split('; ').find((candidate) => candidate.startsWith(prefix));
    return pair === undefined || pair.length === prefix.length ? undefined : pair.slice(prefix.length);
  }

  private get isSecure(): boolean {
    return this.options.publicUrl().startsWith('https:');
  }

  /** The prefix `__Host-` binds a cookie to this host, which browsers allow over https alone (RFC 6265bis 4.1.3.2). */
  private get name(): string {
    return this.isSecure ? `__Host-${this.options.name}` : this.options.name;
  }

  private format(value: string, maxAgeSec: number): string {
    return `${this.name}=${value}; Path=/; Max-Age=${maxAgeSec}; HttpOnly; SameSite=Strict${this.isSecure ? '; Secure' : ''}`;
  }
}
