import type { Logger } from '@cardea/core';
import type { MediaCaller } from './media-caller.ts';
import type { MediaChoice } from './media-choice.ts';
import type { LocalLive, LocalTalks } from './ports.ts';

export interface MediaDrainOptions {
  readonly caller: MediaCaller;
  readonly choice: MediaChoice;
  readonly live: LocalLive;
  readonly talks: LocalTalks;
  readonly nodeId: () => string;
  readonly logger: Logger;
}

const MOVING_AT_ONCE = 16;
/** So long people are sent away one after the other, so that they do not all come back at the same moment. */
const DISMISSAL_MS = 2_000;

/**
 * Moves what devices publish here to other processes, then whoever watches: the device publishes there before it ends here, and
 * viewers see it by way of that process until they go there themselves. A playback goes on at its position with its session; whoever
 * talks is sent away at once, to talk on by way of another process.
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

  /** Resolves when nobody watches or talks here; what could not be moved ends with this process. */
  async run(): Promise<void> {
    const { caller, live, logger, talks } = this.options;
    const [streams, playbacks] = [live.moves.movable(), live.playbacks.movable()];
    logger.info({ streams: streams.length, playbacks: playbacks.length }, 'moving live video and playbacks to other servers');
    await Promise.all([
      talks.dismiss(),
      this.each(streams, async (stream) => await live.moves.handOver(stream, await caller.placeElsewhere('takeOver', stream))),
      this.each(playbacks, async ({ channel, sessionId, ...user }) => {
        const right = { ...user, action: 'view.recordings' } as const;
        const target = await caller.placeElsewhere('playbackTarget', { right, wanted: { channel, sessionId } });
        await live.playbacks.handOver(sessionId, target);
      }),
    ]);
    await live.dismissViewers(DISMISSAL_MS);
  }

  private async each<T extends { readonly deviceId: string; readonly channel: number }>(
    all: readonly T[],
    move: (one: T) => Promise<void>,
  ): Promise<void> {
    const due = all.values();
    const worker = async (): Promise<void> => {
      for (const one of due) {
        const { channel, deviceId } = one;
        await move(one).catch((error: unknown) => {
          this.options.logger.warn({ err: error, deviceId, channel }, 'a stream could not be moved; who watches it asks for it anew');
        });
      }
    };
    await Promise.all(Array.from({ length: MOVING_AT_ONCE }, worker));
  }
}
