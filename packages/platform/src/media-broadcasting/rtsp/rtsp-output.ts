import type { LiveOutput, LiveOutputContext } from '../live-output.ts';
import { PerBroadcast } from '../per-broadcast.ts';
import type { ViewSession } from '../view-session.ts';
import { rtspAddress } from './rtsp-address.ts';
import { RtspFeed } from './rtsp-feed.ts';
import { RtspServer } from './rtsp-server.ts';

/** Watching over RTSP 1.0 (RFC 2326), on a port of its own: interleaved in the connection, or over UDP. */
export class RtspOutput implements LiveOutput {
  readonly name = 'rtsp';
  private readonly context: LiveOutputContext;
  private readonly feeds: PerBroadcast<RtspFeed>;
  private server: RtspServer | undefined;

  constructor(context: LiveOutputContext) {
    this.context = context;
    this.feeds = new PerBroadcast(() => new RtspFeed(context));
  }

  /** HTTP has no part in it. */
  start(): void {}

  async openPort(): Promise<void> {
    const { ports, logger } = this.context;
    const { rtsp: address, rtspUdp: udpRange } = ports;
    if (address === undefined) return;
    try {
      this.server = await RtspServer.listen({ ...this.context, ...address, feeds: this.feeds, udpRange });
    } catch (error) {
      logger.warn({ err: error }, `RTSP is off: ${address.host}:${address.port} cannot be used`);
    }
  }

  addressOf(session: ViewSession): string | undefined {
    if (this.server === undefined) return undefined;
    const { admission, publicUrl } = this.context;
    const authority = `${new URL(publicUrl()).hostname}:${this.server.port}`;
    return rtspAddress(authority, session.claims, { token: admission.shortTokenOf(session) });
  }

  async close(): Promise<void> {
    await this.server?.[Symbol.asyncDispose]();
  }
}
