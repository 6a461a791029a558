import type { AppError, Clock, Logger, Random, Timer } from '@cardea/core';
import { liveTimers, type PushTarget } from '@cardea/protocol';
import { DevicePush, type LiveState } from './device-push.ts';
import { Fmp4Output } from './fmp4-output.ts';
import { LiveStream } from './live-stream.ts';
import type { DeviceCommands, MediaCounters, MediaSource } from './ports.ts';
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
  readonly onState: (state: LiveState) => void;
  /** Nobody watches any more, and the device was told. */
  readonly onOver: () => void;
}

/** RFC 6455 7.4.1: the server could not do what was asked. */
const CLOSE_FAILED = 1011;

/** One stream of one device while somebody watches it: the push that feeds it, the outputs it feeds, the sessions that want it. */
export class Broadcast {
  readonly source: MediaSource;
  readonly homeId: string;
  readonly epoch: number;
  readonly stream: LiveStream;
  readonly push: DevicePush;
  readonly fmp4: Fmp4Output;
  private readonly viewSessions = new Map<string, ViewSession>();
  private readonly options: BroadcastOptions;
  private linger: Timer | undefined;

  constructor(options: BroadcastOptions) {
    const { source, clock, counters } = options;
    this.options = options;
    this.source = source;
    this.homeId = options.homeId;
    this.epoch = options.epoch;
    this.stream = new LiveStream({
      onPublishing: () => this.push.onPublishing(),
      onEnded: (reason) => this.push.onEnded(reason),
    });
    this.push = new DevicePush({ ...options, stream: this.stream, onFailed: (error) => this.onFailed(error) });
    this.fmp4 = new Fmp4Output({ stream: this.stream, clock, counters });
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

  /** Ends the sessions that are left, then the push. */
  async end(): Promise<void> {
    this.options.onOver();
    for (const session of this.sessions) session.end(1001, 'going away');
    this.linger?.[Symbol.dispose]();
    this.linger = undefined;
    await this.push.stop();
  }

  /** The sessions stay: a viewer that connects again asks the device again. */
  private onFailed(error: AppError): void {
    for (const session of this.viewSessions.values()) session.closeConnections(CLOSE_FAILED, error.status);
  }
}
