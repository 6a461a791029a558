import type { Clock } from '@cardea/core';

/** The writing side of a viewer's connection; a `net.Socket` as it is. */
export interface ViewerSocket {
  /** Bytes written that the network has not taken yet. */
  readonly writableLength: number;
  write(bytes: Uint8Array): boolean;
}

export interface SubscriptionOptions {
  readonly socket: ViewerSocket;
  readonly clock: Clock;
  /** The viewer fell behind and goes on at a later key frame. */
  readonly onSkip: () => void;
  /** The viewer keeps falling behind; nothing more is written. */
  readonly onTooSlow: () => void;
}

/** Falling behind again this soon, or staying behind this long, ends a subscription. */
const PATIENCE_MS = 10_000;

/** What every viewer gets next: the same bytes for all. */
export interface OutputFrame {
  readonly bytes: Uint8Array;
  readonly startsWithKeyframe: boolean;
}

/**
 * One viewer's share of an output. Its queue is the socket's own: when that holds more than the limit, frames are left out
 * until the next key frame, so that a slow viewer delays nobody and costs bounded memory (reliability.md C-14).
 */
export class Subscription {
  private readonly options: SubscriptionOptions;
  private state: 'new' | 'waiting' | 'flowing' | 'over' = 'new';
  /** Bytes of the start burst that do not count as falling behind; 0 once the viewer took them. */
  private burstBytes = 0;
  private skippedAtMs: number | undefined;
  private behind = false;

  constructor(options: SubscriptionOptions) {
    this.options = options;
  }

  /** Nothing was written yet. */
  get isNew(): boolean {
    return this.state === 'new';
  }

  /** What a viewer begins with: the head of the output, and the pictures since the last key frame when they are kept. */
  start(bytes: Uint8Array, { withPictures }: { readonly withPictures: boolean }): void {
    if (this.state !== 'new') return;
    this.burstBytes = bytes.length;
    this.state = withPictures ? 'flowing' : 'waiting';
    this.options.socket.write(bytes);
  }

  /** A new head amid the stream: what follows starts with a key frame. True when written. */
  restart(bytes: Uint8Array, limitBytes: number): boolean {
    if (this.state === 'over' || this.state === 'new') return false;
    // Leaving a head out would make everything after it unreadable.
    if (this.backlogExceeds(limitBytes)) return this.giveUp();
    this.state = 'waiting';
    this.options.socket.write(bytes);
    return true;
  }

  /** True when the frame was written. */
  send(frame: OutputFrame, limitBytes: number): boolean {
    if (this.state === 'over' || this.state === 'new') return false;
    if (this.state === 'waiting' && !frame.startsWithKeyframe) return this.behind && this.checkPatience(limitBytes);
    if (this.backlogExceeds(limitBytes)) return this.skip();
    this.state = 'flowing';
    this.behind = false;
    this.options.socket.write(frame.bytes);
    return true;
  }

  private backlogExceeds(limitBytes: number): boolean {
    const backlogBytes = this.options.socket.writableLength;
    if (backlogBytes <= limitBytes) this.burstBytes = 0;
    return backlogBytes > limitBytes + this.burstBytes;
  }

  private skip(): false {
    const nowMs = this.options.clock.monotonicMs();
    const again = this.skippedAtMs !== undefined && nowMs - this.skippedAtMs < PATIENCE_MS;
    if (again || this.behind) return this.giveUp();
    this.skippedAtMs = nowMs;
    this.behind = true;
    this.state = 'waiting';
    this.options.onSkip();
    return false;
  }

  private checkPatience(limitBytes: number): false {
    const waitedMs = this.options.clock.monotonicMs() - (this.skippedAtMs ?? 0);
    return waitedMs >= PATIENCE_MS && this.backlogExceeds(limitBytes) ? this.giveUp() : false;
  }

  private giveUp(): false {
    this.state = 'over';
    this.options.onTooSlow();
    return false;
  }
}
