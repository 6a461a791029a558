import { AppError, type Logger, type Random } from '@cardea/core';
import type { StreamName } from '@cardea/protocol';
import type { Camera, CameraChannel } from './camera.ts';
import type { DeviceClock } from './device-clock.ts';
import { StreamReader } from './stream-reader.ts';

export interface CameraStreamsOptions {
  readonly clock: DeviceClock;
  readonly random: Random;
  readonly logger: Logger;
  /** A stream that should send fell silent, or sends again. */
  readonly onLoss?: (loss: { readonly channel: number; readonly stream: StreamName; readonly isLost: boolean }) => void;
}

/** The channels of a camera by number, and the one reader of each of their streams. */
export class CameraStreams implements AsyncDisposable {
  private readonly camera: Camera;
  private readonly readers = new Map<string, StreamReader>();

  constructor(camera: Camera, options: CameraStreamsOptions) {
    this.camera = camera;
    for (const { channel, streams } of camera.channels) {
      for (const stream of streams) {
        const onLoss = (isLost: boolean): void => options.onLoss?.({ channel, stream: stream.name, isLost });
        this.readers.set(`${channel}/${stream.name}`, new StreamReader(stream, { ...options, onLoss }));
      }
    }
  }

  /** @throws AppError CHANNEL_NOT_FOUND */
  channel(channel: number): CameraChannel {
    const found = this.camera.channels.find((candidate) => candidate.channel === channel);
    if (found === undefined) throw new AppError('CHANNEL_NOT_FOUND', { channel });
    return found;
  }

  /** @throws AppError STREAM_NOT_FOUND */
  reader(channel: number, stream: StreamName): StreamReader {
    const found = this.readers.get(`${channel}/${stream}`);
    if (found === undefined) throw new AppError('STREAM_NOT_FOUND', { channel, stream });
    return found;
  }

  /** Stops every stream of the channel for `pauseMs`; whoever reads one goes on with a new run. */
  restart(channel: number, pauseMs: number): void {
    for (const { name } of this.channel(channel).streams) this.reader(channel, name).restart(pauseMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.readers.values()].map((reader) => reader[Symbol.asyncDispose]()));
  }
}
