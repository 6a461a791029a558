import type { LiveSession } from '@cardea/api';
import { type PushTarget, paths } from '@cardea/protocol';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import type { LiveOutput } from './live-output.ts';
import { livePath } from './live-path.ts';
import type { MediaSource } from './ports.ts';
import type { ViewSession } from './view-session.ts';

/** The token of a live session works only while the session lives, which is what bounds it. */
const VIEW_TOKEN_TTL_MS = 24 * 60 * 60_000;
/** Likewise: good only while the session it publishes is wanted. */
const PUBLISH_TOKEN_TTL_MS = 60 * 60_000;

export interface LiveAddressesOptions {
  readonly tokens: TokenIssuer;
  /** Origin, `http` or `https`, without a slash at the end. */
  readonly publicUrl: () => string;
  /** The ways to watch live besides WebSocket. */
  readonly outputs: readonly LiveOutput[];
}

/** Says where devices publish and users watch, live or recorded. Every address carries its own permission and works as it stands. */
export class LiveAddresses {
  private readonly tokens: TokenIssuer;
  private readonly publicUrl: () => string;
  private readonly outputs: readonly LiveOutput[];

  constructor({ tokens, publicUrl, outputs }: LiveAddressesOptions) {
    this.tokens = tokens;
    this.publicUrl = publicUrl;
    this.outputs = outputs;
  }

  /** Where a device publishes `source`, bound at `epoch`, as session `sessionId`. */
  async forPublisher(
    source: MediaSource,
    { epoch, sessionId, kind = 'live' }: { readonly epoch: number; readonly sessionId: string; readonly kind?: 'live' | 'playback' },
  ): Promise<PushTarget> {
    const claims = { ...source, epoch, sessionId, kind };
    const { token, expiresAt } = await this.tokens.mint('vm-publish', claims, PUBLISH_TOKEN_TTL_MS);
    return { protocol: 'wss-fmp4', url: `${this.webSocketUrl()}${paths.vm}/sessions/${sessionId}`, token, expiresAt };
  }

  /** Where the user of `session` watches. */
  async forViewer(session: ViewSession): Promise<LiveSession> {
    const { claims, id, expiresAt } = session;
    const { token } = await this.tokens.mint('view', claims, VIEW_TOKEN_TTL_MS);
    const isLive = claims.action === 'view.live';
    const path = isLive ? livePath(claims, 'ws') : `/playback/${id}/ws`;
    const urls: LiveSession['urls'] = { ws: `${this.webSocketUrl()}${path}?token=${token}` };
    for (const output of isLive ? this.outputs : []) {
      const address = output.addressOf(session, token);
      if (address !== undefined) urls[output.name] = address;
    }
    return { sessionId: id, expiresAt, urls, token };
  }

  private webSocketUrl(): string {
    return this.publicUrl().replace(/^http/, 'ws');
  }
}
