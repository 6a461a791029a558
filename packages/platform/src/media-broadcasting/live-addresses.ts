import type { LiveSession } from '@cardea/api';
import type { Clock } from '@cardea/core';
import { type PushTarget, paths } from '@cardea/protocol';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import type { LiveOutput } from './live-output.ts';
import { livePath } from './live-path.ts';
import type { DeviceChannels, MediaSource } from './ports.ts';
import type { RtmpIngest } from './rtmp/rtmp-ingest.ts';
import type { ViewSession } from './view-session.ts';
import type { WhipIngest } from './webrtc/whip-ingest.ts';

/** The token of a live session works only while the session lives, which is what bounds it. */
const VIEW_TOKEN_TTL_MS = 24 * 60 * 60_000;
/** Likewise: good only while the session it publishes is wanted. */
const PUBLISH_TOKEN_TTL_MS = 60 * 60_000;

export interface LiveAddressesOptions {
  readonly tokens: TokenIssuer;
  readonly channels: DeviceChannels;
  readonly rtmp: Pick<RtmpIngest, 'offered' | 'targetOf'>;
  readonly whip: Pick<WhipIngest, 'isOpen' | 'targetOf'>;
  readonly clock: Clock;
  /** Origin, `http` or `https`, without a slash at the end. */
  readonly publicUrl: () => string;
  /** The ways to watch live besides WebSocket. */
  readonly outputs: readonly LiveOutput[];
}

/** Says where devices publish and users watch, live or recorded. Every address carries its own permission and works as it stands. */
export class LiveAddresses {
  private readonly options: LiveAddressesOptions;

  constructor(options: LiveAddressesOptions) {
    this.options = options;
  }

  /**
   * Where a device publishes `source`, bound at `epoch`, as session `sessionId`: by WebSocket, or by RTMP or WebRTC when it knows no other.
   * @throws AppError CHANNEL_NOT_FOUND | as a command when the device has to be asked what it knows
   */
  async forPublisher(
    source: MediaSource,
    { epoch, sessionId, kind = 'live' }: { readonly epoch: number; readonly sessionId: string; readonly kind?: 'live' | 'playback' },
  ): Promise<PushTarget> {
    const { channels, clock, rtmp, tokens, whip } = this.options;
    const { protocols } = (await channels.lensOf(source.deviceId, source.channel)).live;
    const carrier = protocols.includes('wss-fmp4') ? undefined : rtmp.offered(protocols);
    if (carrier !== undefined) return { ...rtmp.targetOf(carrier, sessionId), expiresAt: clock.now() + PUBLISH_TOKEN_TTL_MS };
    const claims = { ...source, epoch, sessionId, kind };
    const { token, expiresAt } = await tokens.mint('vm-publish', claims, PUBLISH_TOKEN_TTL_MS);
    if (!protocols.includes('wss-fmp4') && protocols.includes('whip') && whip.isOpen) {
      return { ...whip.targetOf(sessionId), token, expiresAt };
    }
    return { protocol: 'wss-fmp4', url: `${this.webSocketUrl()}${paths.vm}/sessions/${sessionId}`, token, expiresAt };
  }

  /** Where the user of `session` watches. */
  async forViewer(session: ViewSession): Promise<LiveSession> {
    const { claims, id, expiresAt } = session;
    const { token } = await this.options.tokens.mint('view', claims, VIEW_TOKEN_TTL_MS);
    const isLive = claims.action === 'view.live';
    const path = isLive ? livePath(claims, 'ws') : `/playback/${id}/ws`;
    const urls: LiveSession['urls'] = { ws: `${this.webSocketUrl()}${path}?token=${token}` };
    for (const output of isLive ? this.options.outputs : []) {
      const address = output.addressOf(session, token);
      if (address !== undefined) urls[output.name] = address;
    }
    return { sessionId: id, expiresAt, urls, token };
  }

  private webSocketUrl(): string {
    return this.options.publicUrl().replace(/^http/, 'ws');
  }
}
