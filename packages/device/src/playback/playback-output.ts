import { type Clock, sleep } from '@cardea/core';
import { Fmp4Muxer, type Track } from '@cardea/media';
import type { PushTarget, StopReason } from '@cardea/protocol';
import { subprotocols, vmTimers } from '@cardea/protocol';
import { MediaSession, type PushSignal, type StartFrame } from '../live/media-session.ts';
import { sameTracks } from '../live/push-timeline.ts';
import type { SocketConnector } from '../net/socket-connector.ts';
import type { RecordedMedia, RecordedUnit } from './recorded-media.ts';

export interface PlaybackOutputOptions {
  readonly start: Omit<StartFrame, 'type' | 'startAt' | 'token'>;
  /** Recording time of tick 0. */
  readonly originAt: number;
  readonly connect: SocketConnector;
  readonly onSignal: (signal: PushSignal) => void;
  readonly clock: Clock;
}

const MAX_WAITING_BYTES = 2 * 1024 * 1024;
const DRAIN_POLL_MS = 20;

/**
 * The media session a playback is published in. Times of what is sent are recording times, counted from `originAt`; after a
 * seek they may go back, behind a new initialisation segment.
 */
export class PlaybackOutput {
  private readonly options: PlaybackOutputOptions;
  private session: MediaSession | undefined;
  private muxer: Fmp4Muxer | undefined;
  private fragmentSequence = 0;
  private sentBefore = 0;

  constructor(options: PlaybackOutputOptions) {
    this.options = options;
  }

  get bytesSent(): number {
    return this.sentBefore + (this.session?.bytesSent ?? 0);
  }

  /** Opens a session at `target`. @throws AppError PUSH_REJECTED | PUSH_CONNECT_FAILED | TIMEOUT | CANCELLED */
  async open({ url, token = '' }: PushTarget, signal: AbortSignal): Promise<void> {
    const { connect, start, originAt, clock, onSignal } = this.options;
    const link = await connect(
      {
        url,
        subprotocol: subprotocols.vm,
        bearer: token,
        timeoutMs: vmTimers.connectTimeoutMs,
        maxMessageBytes: vmTimers.maxTextFrameBytes,
      },
      { signal },
    );
    const session: MediaSession = new MediaSession({
      link,
      start: { ...start, token },
      // What an abandoned session still says does not matter.
      onSignal: (news) => session === this.session && onSignal(news),
      onEnd: () => {},
      clock,
    });
    try {
      await session.open(originAt, signal);
    } catch (error) {
      session.stop('error');
      throw error;
    }
    this.stop('reschedule');
    this.session = session;
    this.muxer = undefined;
  }

  /** What follows begins with an initialisation segment. */
  restart(): void {
    this.muxer = undefined;
  }

  /** Sends one unit; with sound when `withAudio`. */
  send({ unit, isKey }: RecordedUnit, { tracks: all, segment }: RecordedMedia, { withAudio }: { readonly withAudio: boolean }): void {
    const tracks = all.filter(({ kind }) => kind === 'video' || withAudio);
    const track = tracks.find(({ id }) => id === unit.trackId);
    if (track === undefined) return;
    const muxer = this.muxerFor(tracks);
    const base = Math.round(((segment.create.startAt - this.options.originAt) / 1_000) * track.timescale);
    const placed = { ...unit, dts: unit.dts + base, pts: unit.pts + base };
    this.fragmentSequence += 1;
    this.session?.send('fragment', muxer.fragment([placed], this.fragmentSequence), { key: isKey, track: track.id });
  }

  /** Resolves when the network has taken enough to go on: a recording waits, it leaves nothing out. @throws AppError CANCELLED */
  async drained(signal: AbortSignal): Promise<void> {
    while ((this.session?.bufferedBytes ?? 0) > MAX_WAITING_BYTES) await sleep(this.options.clock, DRAIN_POLL_MS, { signal });
  }

  stop(reason: StopReason): void {
    const { session } = this;
    this.session = undefined;
    this.sentBefore += session?.bytesSent ?? 0;
    session?.stop(reason);
  }

  private muxerFor(tracks: readonly Track[]): Fmp4Muxer {
    if (this.muxer !== undefined && sameTracks(this.muxer.tracks, tracks)) return this.muxer;
    const muxer = new Fmp4Muxer(tracks);
    this.session?.send('init', muxer.initSegment(), { key: false, track: 0 });
    this.muxer = muxer;
    return muxer;
  }
}
