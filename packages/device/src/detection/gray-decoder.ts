import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { AppError, type Clock, type Logger, type Timer } from '@cardea/core';
import { type AccessUnit, Fmp4Muxer } from '@cardea/media';
import type { MediaReceiver, MediaRun } from '../camera.ts';

export interface GrayDecoderOptions {
  /** Size of the gray pictures. */
  readonly width: number;
  readonly height: number;
  readonly picturesPerSec: number;
  /** One byte a pixel, rows from the top; the bytes are the receiver's. */
  readonly onPicture: (gray: Uint8Array) => void;
  /** Without a picture for so long the decoder is stuck and given up. */
  readonly stuckAfterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Beyond this the decoder does not keep up; what comes until the next key frame is left out. */
const MAX_UNREAD_BYTES = 2 * 1024 * 1024;

/**
 * Decodes a stream to small gray pictures with the ffmpeg on the PATH, for one unbroken time line. The child process ends
 * with the decoder, or by itself when this process does, since its input ends then.
 */
export class GrayDecoder implements MediaReceiver, AsyncDisposable {
  /** Rejects when the decoder ended by itself or got stuck: CODEC_UNSUPPORTED when there is no ffmpeg, else INVALID_STATE. */
  readonly failed: Promise<never>;
  private readonly options: GrayDecoderOptions;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly closed: Promise<unknown>;
  private readonly fail: (error: AppError) => void;
  private timer: Timer;
  private picture: Uint8Array;
  private filled = 0;
  private lastPictureMs: number;
  private muxer: Fmp4Muxer | undefined;
  private videoTrackId: number | undefined;
  private sequence = 0;
  private waitsForKeyframe = true;

  constructor(options: GrayDecoderOptions) {
    this.options = options;
    this.picture = new Uint8Array(options.width * options.height);
    this.lastPictureMs = options.clock.monotonicMs();
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.failed.catch(() => {});
    this.fail = reject;
    // In a group of its own: a Ctrl-C in the terminal is for this process, which ends the child in order.
    this.child = spawn('ffmpeg', argumentsOf(options), { stdio: 'pipe', detached: true });
    this.closed = once(this.child, 'close').catch(() => {});
    this.child.once('error', (cause) => reject(new AppError('CODEC_UNSUPPORTED', { reason: 'no ffmpeg' }, { cause })));
    this.child.once('close', (exitCode) => reject(new AppError('INVALID_STATE', { exitCode })));
    // A child that is gone is told by its end; writing to it until then is no error of its own.
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (bytes: Uint8Array) => this.collect(bytes));
    this.child.stderr.on('data', (bytes: Uint8Array) =>
      options.logger.debug({ said: Buffer.from(bytes).toString('utf8').slice(0, 200) }, 'ffmpeg'),
    );
    this.timer = this.watchLater(options.stuckAfterMs);
  }

  begin({ tracks }: MediaRun): void {
    if (this.muxer !== undefined) {
      this.fail(new AppError('INVALID_STATE', { reason: 'another time line' }));
      return;
    }
    const video = tracks.find((track) => track.kind === 'video');
    if (video === undefined) return;
    this.videoTrackId = video.id;
    this.muxer = new Fmp4Muxer([video]);
    this.child.stdin.write(this.muxer.initSegment());
  }

  unit(unit: AccessUnit): void {
    const { child, muxer } = this;
    if (muxer === undefined || unit.trackId !== this.videoTrackId || !child.stdin.writable) return;
    if (child.stdin.writableLength > MAX_UNREAD_BYTES) this.waitsForKeyframe = true;
    else if (unit.keyframe) this.waitsForKeyframe = false;
    if (this.waitsForKeyframe) return;
    this.sequence += 1;
    child.stdin.write(muxer.fragment([unit], this.sequence));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.timer[Symbol.dispose]();
    this.child.kill('SIGKILL');
    await this.closed;
  }

  private collect(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; ) {
      const part = bytes.subarray(offset, offset + this.picture.length - this.filled);
      this.picture.set(part, this.filled);
      this.filled += part.length;
      offset += part.length;
      if (this.filled === this.picture.length) this.finish();
    }
  }

  private finish(): void {
    const { picture } = this;
    this.picture = new Uint8Array(picture.length);
    this.filled = 0;
    this.lastPictureMs = this.options.clock.monotonicMs();
    this.options.onPicture(picture);
  }

  private watchLater(delayMs: number): Timer {
    const { clock, stuckAfterMs } = this.options;
    return clock.setTimer(delayMs, () => {
      const silentMs = clock.monotonicMs() - this.lastPictureMs;
      if (silentMs >= stuckAfterMs) this.fail(new AppError('INVALID_STATE', { reason: 'stuck', silentMs }));
      else this.timer = this.watchLater(stuckAfterMs - silentMs);
    });
  }
}

function argumentsOf({ width, height, picturesPerSec }: GrayDecoderOptions): readonly string[] {
  const input = ['-fflags', 'nobuffer', '-flags', 'low_delay', '-probesize', '32768', '-analyzeduration', '0', '-threads', '1'];
  const filter = `fps=${picturesPerSec},scale=${width}:${height}:flags=area,format=gray`;
  const output = ['-an', '-vf', filter, '-filter_threads', '1', '-f', 'rawvideo', '-flush_packets', '1', 'pipe:1'];
  return ['-nostdin', '-v', 'error', '-protocol_whitelist', 'pipe', ...input, '-f', 'mp4', '-i', 'pipe:0', ...output];
}
