import type { LiveSession } from '@cardea/api';
import { AppError, hasStatus } from '@cardea/core';
import type { StreamName } from '@cardea/protocol';
import type { SharedEvents, SharedLive, SharedSegments, SharedVod } from './ports.ts';
import type { OpenShare } from './share-visits.ts';

export interface SharedMediaOptions {
  readonly live: SharedLive;
  readonly vod: SharedVod;
  readonly events: SharedEvents;
  readonly segments: SharedSegments;
}

const MAX_SESSIONS = 1_000;

/** Where the media of a share really are: addresses that carry a token made for the share, and die with it. */
export class SharedMedia {
  private readonly options: SharedMediaOptions;
  /** The live session of each visitor of a share, so that asking again is no new one. */
  private readonly sessions = new Map<string, string>();

  constructor(options: SharedMediaOptions) {
    this.options = options;
  }

  /**
   * Address of a live output, such as `ws` or `index.m3u8`: path and query, or all of it where another server has it.
   * @throws AppError NOT_FOUND when live pictures are not what is shared; what starting to watch throws
   */
  async liveAddress(
    share: OpenShare,
    {
      output,
      stream,
      visitor,
      signal,
    }: { readonly output: string; readonly stream: StreamName; readonly visitor: string; readonly signal: AbortSignal },
  ): Promise<string> {
    const { channel, device_id: deviceId, id } = share.row;
    const session = await this.liveSession(share, { key: JSON.stringify([id, stream, visitor]), stream, signal });
    const path = `/live/${deviceId}/${channel}/${stream}/${output}?token=${session.token}`;
    return session.elsewhere === true ? new URL(path, session.urls.ws.replace(/^ws/, 'http')).href : path;
  }

  /** Path and query of what was recorded, for a clip or an event. @throws AppError NOT_FOUND when nothing recorded is shared */
  async recordedPath(share: OpenShare, form: 'hls' | 'clip'): Promise<string> {
    const proof = await share.right('view.recordings');
    const { urls } = await this.options.vod.open(proof, { channel: share.row.channel, ...(await this.rangeOf(share)) });
    const { pathname, search } = new URL(urls[form], 'http://localhost');
    return pathname + search;
  }

  private async liveSession(
    share: OpenShare,
    { key, stream, signal }: { readonly key: string; readonly stream: StreamName; readonly signal: AbortSignal },
  ): Promise<LiveSession> {
    const { live } = this.options;
    const proof = await share.right('view.live');
    const before = this.sessions.get(key);
    if (before !== undefined) {
      try {
        return await live.renew(proof.principal, before);
      } catch (error) {
        if (!hasStatus(error, 'SESSION_NOT_FOUND')) throw AppError.from(error);
        this.sessions.delete(key);
      }
    }
    const session = await live.startLive(proof, { channel: share.row.channel, stream }, { signal });
    this.sessions.set(key, session.sessionId);
    const [oldest] = this.sessions.keys();
    if (this.sessions.size > MAX_SESSIONS && oldest !== undefined) this.sessions.delete(oldest);
    return session;
  }

  /** Of an event, what was recorded for it. */
  private async rangeOf({ row, right }: OpenShare): Promise<{ readonly from: number; readonly to: number }> {
    if (row.from_at === null || row.to_at === null) throw new AppError('NOT_FOUND');
    if (row.event_id === null) return { from: row.from_at, to: row.to_at };
    const { segmentIds } = await this.options.events.get(await right('view.events'), row.event_id);
    const proof = await right('view.recordings');
    const segments = await Promise.all(segmentIds.map((id) => this.options.segments.segment(proof, id)));
    if (segments.length === 0) throw new AppError('NOT_FOUND');
    return { from: Math.min(...segments.map(({ startAt }) => startAt)), to: Math.max(...segments.map(({ endAt }) => endAt)) };
  }
}
