import type { AppError, Clock, Logger, Random, Timer } from '@cardea/core';
import { closeCodes, liveTimers, type PushTarget } from '@cardea/protocol';
import { DevicePush, type LiveState } from './device-push.ts';
import { OriginOrDevice } from './edge/origin-or-device.ts';
import type { Origins } from './edge/origins.ts';
import { FanOut } from './fan-out.ts';
import type { LatencyClass } from './latency-class.ts';
import { LiveStream } from './live-stream.ts';
import { type MediaFeed, SilentFeed } from './media-feed.ts';
import type { DeviceCommands, MediaCounters, MediaSource, PlaceElsewhere } from './ports.ts';
import type { Push } from './push.ts';
import type { PushFormat } from './push-format.ts';
import type { ViewSession } from './view-session.ts';

export interface BroadcastOptions {
  readonly source: MediaSource;
  readonly homeId: string;
  /** Binding epoch of the device: its media belongs to the home it was bound to then. */
  readonly epoch: number;
  readonly commands: DeviceCommands;
  readonly mintTarget: (sessionId: string) => Promise<PushTarget>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: MediaCounters;
  /** The other processes of the platform; `undefined` when there are none. */
  readonly origins: Origins | undefined;
  readonly placeElsewhere?: PlaceElsewhere | undefined;
  readonly onState: (state: LiveState) => void;
  /** Nobody watches any more, and the device was told. */
  readonly onOver: () => void;
}

/** What an output keeps for one broadcast. */
export interface BroadcastPart extends Disposable {
  /** Connections it serves now. */
  readonly viewers: number;
}

/** What a viewer of a pushed format wants of it. */
export interface PushWish {
  readonly sound?: boolean;
  readonly latency?: LatencyClass;
}

/** One stream of one device while somebody watches it: the push that feeds it, the outputs it feeds, the sessions that want it. */
export class Broadcast {
  readonly source: MediaSource;
  readonly homeId: string;
  readonly epoch: number;
  readonly stream: LiveStream;
  readonly push: Push;
  private readonly silentStream: SilentFeed;
  private readonly fanOuts = new Map<string, FanOut>();
  private readonly parts = new Set<BroadcastPart>();
  private readonly viewSessions = new Map<string, ViewSession>();
  private readonly options: BroadcastOptions;
  private linger: Timer | undefined;
  private askedKeyframeMs = Number.NEGATIVE_INFINITY;
  private onDeparted: () => void = () => {};

  constructor(options: BroadcastOptions) {
    const { source } = options;
    this.options = options;
    this.source = source;
    this.homeId = options.homeId;
    this.epoch = options.epoch;
    this.stream = new LiveStream({
      onPublishing: () => this.push.onPublishing(),
      onEnded: (reason) => {
        this.push.onEnded(reason);
        this.onDeparted();
      },
      onTorn: () => this.requestKeyframe(),
      onSinkFailed: (err) => options.logger.error({ err, ...source }, 'a way to watch failed; its viewers are sent away'),
    });
    this.silentStream = new SilentFeed(this.stream);
    const { stream } = this;
    const onFailed = (error: AppError): void => this.onFailed(error);
    const deviceOr = (goElsewhere?: () => Promise<boolean>): Push => new DevicePush({ ...options, stream, onFailed, goElsewhere });
    const { epoch, origins } = options;
    this.push =
      origins === undefined
        ? deviceOr()
        : new OriginOrDevice({ ...options, source: { ...source, epoch }, origins, deviceOr, stream, onFailed });
  }

  /** Open connections of viewers, over all outputs. */
  get viewers(): number {
    return [...this.fanOuts.values(), ...this.parts].reduce((sum, { viewers }) => sum + viewers, 0);
  }

  /** The media for viewers that want the sound, or do not. */
  feed({ sound }: { readonly sound: boolean }): MediaFeed {
    return sound ? this.stream : this.silentStream;
  }

  /** The stream in a format that is pushed; its viewers share every byte. */
  fanOut(format: PushFormat, { sound = true, latency = 'low' }: PushWish = {}): FanOut {
    const { clock, counters } = this.options;
    const key = `${format.name} ${sound} ${latency}`;
    const fanOut = this.fanOuts.get(key) ?? new FanOut({ format, stream: this.feed({ sound }), latency, clock, counters });
    this.fanOuts.set(key, fanOut);
    return fanOut;
  }

  /** Counts the viewers of `part` among those of the broadcast, and disposes it when the broadcast ends. */
  own(part: BroadcastPart): void {
    this.parts.add(part);
  }

  /** Has a key frame made soon, for somebody who can begin with nothing else; at most once a second. */
  requestKeyframe(): void {
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - this.askedKeyframeMs < liveTimers.keyframeMinIntervalMs) return;
    this.askedKeyframeMs = nowMs;
    if (!this.stream.requestKeyframe()) this.push.requestKeyframe();
  }

  get sessions(): readonly ViewSession[] {
    return [...this.viewSessions.values()];
  }

  add(session: ViewSession): void {
    this.linger?.[Symbol.dispose]();
    this.linger = undefined;
    this.viewSessions.set(session.id, session);
  }

  /** After the last session the push goes on for a while: people come back. */
  remove(session: ViewSession): void {
    this.viewSessions.delete(session.id);
    if (this.viewSessions.size > 0 || this.linger !== undefined) return;
    this.linger = this.options.clock.setTimer(liveTimers.lingerMs, () => void this.end());
  }

  /** Keeps the push going for a while without any session. */
  keepFor(ms: number): void {
    if (this.viewSessions.size > 0) return;
    this.linger?.[Symbol.dispose]();
    this.linger = this.options.clock.setTimer(ms, () => void this.end());
  }

  /**
   * Leaves the push to another process of the platform: the device is led to `target`, or asked from there when that is `undefined`.
   * @param onDeparted the device publishes here no more
   */
  handOver(target: PushTarget | undefined, onDeparted: () => void): void {
    this.onDeparted = onDeparted;
    this.push.handOver();
    if (target !== undefined) this.stream.redirect(target);
  }

  /** Ends the sessions that are left, then the push. */
  async end(): Promise<void> {
    this.options.onOver();
    for (const session of this.sessions) session.end(1001, 'going away');
    this.linger?.[Symbol.dispose]();
    this.linger = undefined;
    for (const part of this.parts) part[Symbol.dispose]();
    this.parts.clear();
    await this.push.stop();
  }

  /** The sessions stay: a viewer that connects again asks the device again. */
  private onFailed(error: AppError): void {
    for (const session of this.viewSessions.values()) session.closeConnections(closeCodes.INTERNAL_ERROR.code, error.status);
  }
}
