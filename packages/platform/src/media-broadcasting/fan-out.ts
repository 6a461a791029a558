import type { Clock, Timer } from '@cardea/core';
import type { AccessUnit, Track } from '@cardea/media';
import { type LatencyClass, windowMsOf } from './latency-class.ts';
import type { MediaBatch, MediaSink } from './live-stream.ts';
import type { MediaFeed } from './media-feed.ts';
import type { MediaCounters } from './ports.ts';
import { newsOf, type PushFormat, type PushHead } from './push-format.ts';
import { StreamRate } from './stream-rate.ts';
import { type OutputFrame, Subscription, type ViewerSocket } from './subscription.ts';

export interface FanOutOptions {
  readonly format: PushFormat;
  readonly stream: MediaFeed;
  readonly latency?: LatencyClass;
  readonly clock: Clock;
  readonly counters: MediaCounters;
}

export interface PushViewer {
  readonly socket: ViewerSocket;
  /** It is to be closed: it keeps falling behind, or the output failed. */
  readonly onTooSlow: () => void;
}

const WINDOW_MAX_BYTES = 1024 * 1024;

const QUEUE_MS = 2_000;
const QUEUE_MIN_BYTES = 256 * 1024;
const QUEUE_MAX_BYTES = 4 * 1024 * 1024;

/**
 * One stream in one push format: muxed and framed once, the same bytes written to every viewer's socket. It takes part in
 * the stream only while somebody watches.
 */
export class FanOut implements MediaSink {
  private readonly options: FanOutOptions;
  private readonly watching = new Map<Subscription, PushViewer>();
  private attachment: Disposable | undefined;
  private head: PushHead | undefined;
  private leftOut: ReadonlySet<number> = new Set();
  private sequence = 0;
  private pending: AccessUnit[] = [];
  private pendingBytes = 0;
  private startsWithKeyframe = false;
  private window: Timer | undefined;
  /** What went wrong outside of a batch; it is thrown at the next one. */
  private failure: { readonly error: unknown } | undefined;
  private startBurst: StartBurst | undefined;
  private readonly rate: StreamRate;
  private sinceKeyframeBytes = 0;

  constructor(options: FanOutOptions) {
    this.options = options;
    this.rate = new StreamRate(options.clock);
  }

  get viewers(): number {
    return this.watching.size;
  }

  /** Writes to `socket` from now on: head and kept pictures at once, or as soon as there are some. Dispose to stop. */
  join(viewer: PushViewer): Disposable {
    const { clock, counters, stream } = this.options;
    this.attachment ??= stream.attach(this);
    const subscription = new Subscription({
      socket: viewer.socket,
      clock,
      onSkip: () => {
        counters.skips += 1;
      },
      onTooSlow: () => {
        counters.tooSlow += 1;
        viewer.onTooSlow();
      },
    });
    this.watching.set(subscription, viewer);
    this.startOne(subscription);
    return { [Symbol.dispose]: () => this.leave(subscription) };
  }

  onTracks(tracks: readonly Track[]): void {
    this.flush();
    const { format } = this.options;
    const leftOut = tracks.filter((track) => format.carries?.(track) === false);
    this.leftOut = new Set(leftOut.map(({ id }) => id));
    const head = format.head(
      tracks.filter((track) => !leftOut.includes(track)),
      leftOut,
    );
    const news = newsOf(this.head, head);
    this.head = head;
    this.startBurst = undefined;
    for (const subscription of [...this.watching.keys()]) {
      if (subscription.isNew) this.startOne(subscription);
      else if (news !== undefined && subscription.restart(news, this.limitBytes())) this.options.counters.bytesOut += news.length;
    }
  }

  onBatch({ units, startsWithKeyframe }: MediaBatch): void {
    if (this.failure !== undefined) throw this.failure.error;
    if (startsWithKeyframe) {
      this.flush();
      this.startsWithKeyframe = true;
    }
    for (const unit of units) {
      if (this.leftOut.has(unit.trackId)) continue;
      this.pending.push(unit);
      this.pendingBytes += unit.data.length;
    }
    const windowMs = windowMsOf(this.options.latency ?? 'low', this.viewers);
    if (windowMs === 0 || this.pendingBytes > WINDOW_MAX_BYTES) this.flush();
    else this.window ??= this.options.clock.setTimer(windowMs, () => this.flushLate());
  }

  onDropped(): void {
    this.detach();
    const viewers = [...this.watching.values()];
    this.watching.clear();
    for (const { onTooSlow } of viewers) onTooSlow();
  }

  private flush(): void {
    const { pending: units, startsWithKeyframe, head } = this;
    this.clearPending();
    if (units.length === 0 || head === undefined) return;
    const bytes = joined(head.fragment(units, this.sequence++));
    this.sinceKeyframeBytes = bytes.length + (startsWithKeyframe ? 0 : this.sinceKeyframeBytes);
    this.rate.count(bytes.length);
    this.startBurst = undefined;
    this.send({ bytes, startsWithKeyframe });
  }

  private flushLate(): void {
    try {
      this.flush();
    } catch (error) {
      this.failure = { error };
    }
  }

  private clearPending(): void {
    this.window?.[Symbol.dispose]();
    this.window = undefined;
    this.pending = [];
    this.pendingBytes = 0;
    this.startsWithKeyframe = false;
  }

  private send(frame: OutputFrame): void {
    const limitBytes = this.limitBytes();
    // A viewer that turns out too slow leaves the list while we walk it.
    const viewers = [...this.watching.keys()];
    const first = this.sequence % Math.max(1, viewers.length);
    let written = 0;
    for (let step = 0; step < viewers.length; step += 1) {
      // Each fragment begins with another viewer, so that none is always last.
      if (viewers[(first + step) % viewers.length]?.send(frame, limitBytes)) written += 1;
    }
    this.options.counters.bytesOut += written * frame.bytes.length;
  }

  private startOne(subscription: Subscription): void {
    if (this.head === undefined) return;
    this.startBurst ??= startBurstOf(this.head, this.keptUnits(), this.sequence);
    subscription.start(this.startBurst.bytes, this.startBurst);
    this.options.counters.bytesOut += this.startBurst.bytes.length;
  }

  /** The kept pictures that have left already; the pending ones will reach a newcomer with everybody else. */
  private keptUnits(): readonly AccessUnit[] {
    const gop = this.options.stream.gop.filter(({ trackId }) => !this.leftOut.has(trackId));
    return gop.slice(0, Math.max(0, gop.length - this.pending.length));
  }

  private leave(subscription: Subscription): void {
    if (this.watching.delete(subscription) && this.watching.size === 0) this.detach();
  }

  private detach(): void {
    this.attachment?.[Symbol.dispose]();
    this.attachment = undefined;
    this.clearPending();
    this.rate.reset();
    this.failure = undefined;
    this.head = undefined;
    this.startBurst = undefined;
  }

  /** How far a viewer may be behind: two seconds, or the pictures since the key frame, which may come in one burst. */
  private limitBytes(): number {
    const queueBytes = Math.max(this.rate.bytesIn(QUEUE_MS) ?? QUEUE_MAX_BYTES, this.sinceKeyframeBytes);
    return Math.min(QUEUE_MAX_BYTES, Math.max(QUEUE_MIN_BYTES, queueBytes));
  }
}

/** What a newcomer gets at once. */
interface StartBurst {
  readonly bytes: Uint8Array;
  readonly withPictures: boolean;
}

function startBurstOf(head: PushHead, kept: readonly AccessUnit[], sequence: number): StartBurst {
  const pictures = kept.length > 0 ? head.fragment(kept, sequence) : [];
  return { bytes: Buffer.concat([head.opening, ...head.messages, ...pictures]), withPictures: kept.length > 0 };
}

/** One piece stays as it is: it was joined when it was made. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only : Buffer.concat(parts);
}
