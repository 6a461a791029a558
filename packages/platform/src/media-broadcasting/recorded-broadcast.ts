import { AppError, type Clock, hasStatus, type Logger, type Timer } from '@cardea/core';
import { closeCodes, controlPlaying, type PushTarget, playbackTimers, queryPlayingStatus } from '@cardea/protocol';
import { FanOut } from './fan-out.ts';
import { type EndReason, LiveStream } from './live-stream.ts';
import type { DeviceCommands, MediaCounters } from './ports.ts';
import { RecordedTimeline } from './recorded-timeline.ts';
import type { ViewSession } from './view-session.ts';
import { webSocketFmp4 } from './websocket/websocket-fmp4.ts';

export interface RecordedBroadcastOptions {
  readonly session: ViewSession;
  readonly commands: DeviceCommands;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: MediaCounters;
}

/** The device gives up a session nobody asks about after 120 s. */
const ASK_MS = (playbackTimers.ttlDefaultSec * 1_000) / 2;
/** After a lost connection the device tries again for 7 s. */
const RETURN_MS = 10_000;

/** One recording a device publishes for one session: its stream, its output, and keeping it alive while somebody watches. */
export class RecordedBroadcast {
  readonly session: ViewSession;
  readonly stream: LiveStream;
  readonly fmp4: FanOut;
  private readonly options: RecordedBroadcastOptions;
  private farewell: Timer | undefined;
  private asking: Timer | undefined;
  private over = false;
  private onDeparted: (() => void) | undefined;

  constructor(options: RecordedBroadcastOptions) {
    const { session, clock, counters } = options;
    this.options = options;
    this.session = session;
    this.stream = new LiveStream({
      timeline: new RecordedTimeline(),
      onPublishing: () => this.farewell?.[Symbol.dispose](),
      onEnded: (reason) => this.onEnded(reason),
      onSinkFailed: (err) => options.logger.error({ err, sessionId: session.id }, 'a playback could not be shown'),
    });
    this.fmp4 = new FanOut({ format: webSocketFmp4, stream: this.stream, clock, counters });
    this.askLater();
  }

  /** The session is over: the device may stop. */
  end(): void {
    if (this.over) return;
    this.over = true;
    this.farewell?.[Symbol.dispose]();
    this.asking?.[Symbol.dispose]();
    if (this.onDeparted !== undefined) return;
    this.stream.stop('command');
    const { commands, logger, session } = this.options;
    commands.call(session.claims.deviceId, controlPlaying, { sessionId: session.id, action: 'stop' }, {}).catch((error: unknown) => {
      // After its end the device has forgotten the session already.
      logger.debug({ sessionId: session.id, status: AppError.from(error).status }, 'the device was not told to stop a playback');
    });
  }

  /**
   * Leads the device to `target` at another process, which goes on with the session: from now on the device is told nothing from here.
   * @param onDeparted it publishes here no more
   */
  handOver(target: PushTarget, onDeparted: () => void): void {
    this.onDeparted = onDeparted;
    this.asking?.[Symbol.dispose]();
    this.stream.redirect(target);
  }

  private onEnded(reason: EndReason): void {
    this.onDeparted?.();
    if (this.over || this.onDeparted !== undefined) return;
    if (reason === 'endOfMedia') this.leaveIn(playbackTimers.keptAfterEndMs, closeCodes.NORMAL.code, reason);
    else if (reason === 'lost' || reason === 'error' || reason === 'replaced' || reason === 'reschedule')
      this.leaveIn(RETURN_MS, closeCodes.INTERNAL_ERROR.code, 'PUSH_CONNECT_FAILED');
    else this.session.end(closeCodes.NORMAL.code, reason);
  }

  private leaveIn(ms: number, code: number, reason: string): void {
    this.farewell?.[Symbol.dispose]();
    this.farewell = this.options.clock.setTimer(ms, () => this.session.end(code, reason));
  }

  private askLater(): void {
    this.asking = this.options.clock.setTimer(ASK_MS, () => void this.ask());
  }

  /** Never rejects. */
  private async ask(): Promise<void> {
    const { commands, session } = this.options;
    try {
      await commands.call(session.claims.deviceId, queryPlayingStatus, { sessionId: session.id }, {});
    } catch (error) {
      if (hasStatus(error, 'SESSION_NOT_FOUND')) this.session.end(closeCodes.NORMAL.code, 'ended');
    }
    if (!this.over) this.askLater();
  }
}
