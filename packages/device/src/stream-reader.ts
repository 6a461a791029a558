import { Backoff, type Clock, type Logger, type Random, sleep, type Timer } from '@cardea/core';
import type { AccessUnit } from '@cardea/media';
import type { CameraStream, MediaReceiver, MediaRun } from './camera.ts';
import { StreamBuffer } from './stream-buffer.ts';

const RESTART_BASE_MS = 1_000;
const RESTART_MAX_MS = 30_000;
/** A source silent for so many key frame intervals is stuck (C-18). */
const STUCK_AFTER_GROUPS = 3;
const MIN_STUCK_MS = 5_000;

export interface StreamReaderOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  /** The source fell silent or fails, or sends again. */
  readonly onLoss?: (isLost: boolean) => void;
}

/**
 * Reads one stream of the camera once for everybody: it reads while somebody is attached, hands every unit to all of them
 * by reference, keeps the current group of pictures so that a newcomer starts at once, and restarts a source that fails.
 */
export class StreamReader implements AsyncDisposable {
  private readonly stream: CameraStream;
  private readonly options: StreamReaderOptions;
  private readonly receivers = new Set<MediaReceiver>();
  private readonly preRolls = new Map<object, number>();
  private run: MediaRun | undefined;
  private buffer: StreamBuffer | undefined;
  private reading: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;
  private firstPicture = Promise.withResolvers<void>();
  private lastUnitMs = 0;
  private lost = false;
  private silentSinceMs = 0;
  private attempt = new AbortController();
  private pauseMs: number | undefined;

  constructor(stream: CameraStream, options: StreamReaderOptions) {
    this.stream = stream;
    this.options = options;
  }

  /**
   * Hands `receiver` the kept pictures, from `preRollMs` ago as far as they are kept and at least from the newest key
   * frame, then everything that comes. Disposing the answer detaches it.
   */
  attach(receiver: MediaReceiver, { preRollMs = 0 }: { readonly preRollMs?: number } = {}): Disposable {
    if (this.run !== undefined) receiver.begin(this.run);
    for (const group of this.buffer?.since(this.options.clock.monotonicMs() - preRollMs) ?? []) {
      for (const unit of group.units) receiver.unit(unit);
    }
    this.receivers.add(receiver);
    this.adjust();
    return { [Symbol.dispose]: () => void (this.receivers.delete(receiver) && this.adjust()) };
  }

  /** Keeps reading, and pictures of the last `preRollMs`, until the answer is disposed. */
  hold(preRollMs: number): Disposable {
    const key = {};
    this.preRolls.set(key, preRollMs);
    this.adjust();
    return { [Symbol.dispose]: () => void (this.preRolls.delete(key) && this.adjust()) };
  }

  /** The newest group of pictures, or nothing before the first key frame. */
  newestGroup(): readonly AccessUnit[] {
    return this.buffer?.since(Number.POSITIVE_INFINITY).at(-1)?.units ?? [];
  }

  /** Resolves when there is a key frame. */
  async pictures(): Promise<void> {
    if (this.newestKeyframeMs() === undefined) await this.firstPicture.promise;
  }

  /** The monotonic clock at the newest key frame, or `undefined` before the first. */
  newestKeyframeMs(): number | undefined {
    return this.buffer?.since(Number.POSITIVE_INFINITY).at(-1)?.startMonotonicMs;
  }

  /** Wall time from which pictures can be had with a pre-roll of `preRollMs`. */
  availableFrom(preRollMs: number): number {
    const { clock } = this.options;
    const [first] = this.buffer?.since(clock.monotonicMs() - preRollMs) ?? [];
    return first === undefined ? clock.now() : Math.round(clock.now() + first.startMonotonicMs - clock.monotonicMs());
  }

  /** Ends the present read and begins another after `pauseMs`; nothing of before is kept. */
  restart(pauseMs: number): void {
    if (this.reading === undefined) return;
    this.pauseMs = pauseMs;
    this.run = undefined;
    this.buffer = undefined;
    this.firstPicture = Promise.withResolvers();
    this.attempt.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.receivers.clear();
    this.preRolls.clear();
    const { reading } = this;
    this.adjust();
    await reading?.done;
  }

  private adjust(): void {
    const wanted = this.receivers.size + this.preRolls.size > 0;
    if (wanted && this.reading === undefined) {
      const controller = new AbortController();
      this.reading = { controller, done: this.keepReading(controller.signal) };
    } else if (!wanted && this.reading !== undefined) {
      this.reading.controller.abort();
      this.reading = undefined;
      this.setLost(false);
      this.run = undefined;
      this.buffer = undefined;
      this.firstPicture = Promise.withResolvers();
    }
  }

  /** Never rejects. */
  private async keepReading(signal: AbortSignal): Promise<void> {
    const { clock, logger, random } = this.options;
    const backoff = new Backoff({ baseMs: RESTART_BASE_MS, maxMs: RESTART_MAX_MS, random: () => random.fraction() });
    this.silentSinceMs = clock.monotonicMs();
    while (!signal.aborted) {
      try {
        await this.readOnce(signal, backoff);
      } catch (error) {
        if (!signal.aborted) {
          logger.warn({ err: error, stream: this.stream.name }, 'a stream failed and is started again');
          this.setLost(clock.monotonicMs() - this.silentSinceMs >= MIN_STUCK_MS);
        }
      }
      const waitMs = this.pauseMs ?? backoff.next();
      this.pauseMs = undefined;
      if (!signal.aborted) await sleep(clock, waitMs, { signal }).catch(() => {});
    }
  }

  private async readOnce(signal: AbortSignal, backoff: Backoff): Promise<void> {
    const { clock, logger } = this.options;
    const attempt = new AbortController();
    this.attempt = attempt;
    const onAbort = (): void => attempt.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.lastUnitMs = clock.monotonicMs();
    const limitMs = Math.max(MIN_STUCK_MS, this.stream.gopSec * 1_000 * STUCK_AFTER_GROUPS);
    const watch = (): Timer =>
      clock.setTimer(this.lastUnitMs + limitMs - clock.monotonicMs(), () => {
        // As it was set, since rounding makes other ways to say this differ, and then it would look again for ever.
        if (clock.monotonicMs() < this.lastUnitMs + limitMs) {
          watchdog = watch();
          return;
        }
        logger.warn({ stream: this.stream.name }, 'a stream is silent and is started again');
        this.setLost(true);
        attempt.abort();
      });
    let watchdog = watch();
    const receiver: MediaReceiver = {
      begin: (run) => attempt.signal.aborted || this.begin(run),
      unit: (unit) => {
        if (attempt.signal.aborted) return;
        if (unit.keyframe) backoff.reset();
        this.spread(unit);
      },
    };
    try {
      await this.stream.read(receiver, { signal: attempt.signal, clock });
    } finally {
      watchdog[Symbol.dispose]();
      signal.removeEventListener('abort', onAbort);
    }
  }

  private begin(run: MediaRun): void {
    this.run = run;
    this.buffer = new StreamBuffer(run);
    for (const receiver of this.receivers) receiver.begin(run);
  }

  private spread(unit: AccessUnit): void {
    this.lastUnitMs = this.options.clock.monotonicMs();
    this.silentSinceMs = this.lastUnitMs;
    this.setLost(false);
    let preRollMs = 0;
    for (const wanted of this.preRolls.values()) preRollMs = Math.max(preRollMs, wanted);
    this.buffer?.add(unit, preRollMs);
    if (unit.keyframe && this.newestKeyframeMs() !== undefined) this.firstPicture.resolve();
    for (const receiver of this.receivers) receiver.unit(unit);
  }

  private setLost(lost: boolean): void {
    if (lost === this.lost) return;
    this.lost = lost;
    this.options.onLoss?.(lost);
  }
}
