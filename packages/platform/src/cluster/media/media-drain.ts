import type { Logger } from '@cardea/core';
import type { MediaCaller } from './media-caller.ts';
import type { MediaChoice } from './media-choice.ts';
import type { LocalLive, MovableStream } from './ports.ts';

export interface MediaDrainOptions {
  readonly caller: MediaCaller;
  readonly choice: MediaChoice;
  readonly live: LocalLive;
  readonly nodeId: () => string;
  readonly logger: Logger;
}

const MOVING_AT_ONCE = 16;
/** So long people are sent away one after the other, so that they do not all come back at the same moment. */
const DISMISSAL_MS = 2_000;

/**
 * Moves what devices publish here to other processes, then whoever watches: the device publishes there before it ends here, and
 * viewers see it by way of that process until they go there themselves.
 */
export class MediaDrain {
  private readonly options: MediaDrainOptions;

  constructor(options: MediaDrainOptions) {
    this.options = options;
  }

  /** Whether another process takes sessions. */
  get hasHeir(): boolean {
    const { choice, nodeId } = this.options;
    return choice.ranked().some((id) => id !== nodeId());
  }

  /** Resolves when nobody watches here; what could not be moved ends with this process. */
  async run(): Promise<void> {
    const { live, logger } = this.options;
    const streams = live.moves.movable();
    logger.info({ streams: streams.length }, 'moving live streams to other servers');
    const due = streams.values();
    const worker = async (): Promise<void> => {
      for (const stream of due) await this.move(stream);
    };
    await Promise.all(Array.from({ length: MOVING_AT_ONCE }, worker));
    await live.dismissViewers(DISMISSAL_MS);
  }

  private async move(stream: MovableStream): Promise<void> {
    const { caller, live, logger } = this.options;
    const { channel, deviceId } = stream;
    try {
      await live.moves.handOver(stream, await caller.takeOverElsewhere(stream));
    } catch (error) {
      logger.warn({ err: error, deviceId, channel }, 'a live stream could not be moved; who watches it asks for it anew');
    }
  }
}
