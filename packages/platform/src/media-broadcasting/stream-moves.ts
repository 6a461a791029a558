import { AppError, type Clock } from '@cardea/core';
import { type PushTarget, vmTimers } from '@cardea/protocol';
import type { Broadcasts } from './broadcasts.ts';
import type { MovableStream } from './ports.ts';

export interface StreamMovesOptions {
  readonly broadcasts: Broadcasts;
  readonly clock: Clock;
}

/** Connecting, being accepted and the first key frame take a device no longer. */
export const MOVE_MS = vmTimers.connectTimeoutMs + vmTimers.publishTimeoutMs + vmTimers.firstKeyframeMs;
/** How long a stream that came goes on without a viewer: those of the other process are on their way. */
const ARRIVAL_MS = 15_000;

/** Moves what devices publish from one process of the platform to another, while they publish and while people watch. */
export class StreamMoves {
  private readonly options: StreamMovesOptions;

  constructor(options: StreamMovesOptions) {
    this.options = options;
  }

  /** What devices publish here. */
  movable(): readonly MovableStream[] {
    return this.options.broadcasts.all.flatMap(({ epoch, homeId, push: { sessionId }, source, stream }) =>
      sessionId === undefined || !stream.publishing ? [] : [{ ...source, epoch, homeId, sessionId, isLed: stream.canRedirect }],
    );
  }

  /**
   * Expects the device of `stream` here, and says where it is to publish.
   * @throws AppError INVALID_STATE when it was bound anew since | CHANNEL_NOT_FOUND | as a command when the device has to be asked
   */
  async takeOver({ deviceId, channel, stream, epoch, homeId, ...taken }: MovableStream): Promise<PushTarget> {
    const { broadcasts } = this.options;
    if ((await broadcasts.epochOf(deviceId)) !== epoch) throw new AppError('INVALID_STATE');
    const broadcast = broadcasts.ensure({ homeId, epoch }, { deviceId, channel, stream });
    const target = await broadcast.push.takeOver(taken);
    broadcast.keepFor(ARRIVAL_MS);
    return target;
  }

  /** Leaves `moved` to the process that said `target`. Resolves when the device publishes here no more, or is late. */
  async handOver({ sessionId, isLed }: MovableStream, target: PushTarget): Promise<void> {
    const broadcast = this.options.broadcasts.publishedAs(sessionId);
    if (broadcast === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _late = this.options.clock.setTimer(MOVE_MS, resolve);
    broadcast.handOver(isLed ? target : undefined, resolve);
    await promise;
  }
}
