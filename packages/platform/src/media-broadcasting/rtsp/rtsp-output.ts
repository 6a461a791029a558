import type { TlsPair } from '../../http/http-server.ts';
import type { LiveOutput, LiveOutputContext } from '../live-output.ts';
import type { PerBroadcast } from '../per-broadcast.ts';
import type { ViewSession } from '../view-session.ts';
import { rtspAddress } from './rtsp-address.ts';
import type { RtspFeed } from './rtsp-feed.ts';
import { RtspServer } from './rtsp-server.ts';

export interface RtspOutputOptions {
  /** Plain, or over TLS. */
  readonly name: 'rtsp' | 'rtsps';
  /** What is packetised once for the viewers of both. */
  readonly feeds: PerBroadcast<RtspFeed>;
}

/** Watching over RTSP 1.0 (RFC 2326), on a port of its own: interleaved in the connection, or over UDP where it is not TLS. */
export class RtspOutput implements LiveOutput {
  readonly name: 'rtsp' | 'rtsps';
  private readonly context: LiveOutputContext;
  private readonly feeds: PerBroadcast<RtspFeed>;
  private server: RtspServer | undefined;

  constructor(context: LiveOutputContext, { name, feeds }: RtspOutputOptions) {
    this.context = context;
    this.name = name;
    this.feeds = feeds;
  }

  /** HTTP has no part in it. */
  start(): void {}

  async openPort(): Promise<void> {
    const { ports, logger } = this.context;
    const { rtspUdp: udpRange } = ports;
    const address = ports[this.name];
    if (address === undefined) return;
    try {
      const tls = 'certificate' in address ? await address.certificate() : undefined;
      this.server = await RtspServer.listen({ ...this.context, ...address, tls, feeds: this.feeds, udpRange });
    } catch (error) {
      logger.warn({ err: error }, `${this.name.toUpperCase()} is off: ${address.host}:${address.port} cannot be used`);
    }
  }

  useCertificate(pair: TlsPair): void {
    this.server?.useCertificate(pair);
  }

  addressOf(session: ViewSession): string | undefined {
    if (this.server === undefined) return undefined;
    const { admission, publicUrl } = this.context;
    const origin = `${this.name}://${new URL(publicUrl()).hostname}:${this.server.port}`;
    return rtspAddress(origin, session.claims, { token: admission.shortTokenOf(session) });
  }

  async close(): Promise<void> {
    await this.server?.[Symbol.asyncDispose]();
  }
}
