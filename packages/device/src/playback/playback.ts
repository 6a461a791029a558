import { AppError, type Clock, hasStatus, type Logger, sleep, type Timer } from '@cardea/core';
import {
  BASELINE_PLAY_SPEEDS,
  type controlPlaying,
  type ParamsOf,
  type PlayState,
  type PushTarget,
  playbackTimers,
  type queryPlayingStatus,
  type ResultOf,
  type StopReason,
  type startPlaying,
  vmTimers,
} from '@cardea/protocol';
import type { PushSignal } from '../live/media-session.ts';
import { Pace } from './pace.ts';
import { PlayMachine } from './play-machine.ts';
import { PlaybackOutput, type PlaybackOutputOptions } from './playback-output.ts';
import type { RecordingCursor } from './recording-cursor.ts';

export interface PlaybackOptions extends Omit<PlaybackOutputOptions, 'onSignal'> {
  readonly params: ParamsOf<typeof startPlaying>;
  /** Stands on the first picture. */
  readonly cursor: RecordingCursor;
  /** Recording time of the first picture. */
  readonly startAt: number;
  /** Recording time to end at; absent: as far as there is something. */
  readonly endAt: number | undefined;
  /** Where one can go to. */
  readonly range: () => { readonly fromAt: number; readonly toAt: number };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Nothing is left of it. */
  readonly onOver: () => void;
}

type Control = ParamsOf<typeof controlPlaying>;
type ControlAnswer = ResultOf<typeof controlPlaying>;
type Status = ResultOf<typeof queryPlayingStatus>;

/** From this speed on only key frames are sent. */
const KEY_FRAMES_ONLY_SPEED = 4;

/**
 * One recording being published: paced by its own times and the speed, controlled one command after the other, and kept a
 * while after its end so that one can go back (B5.23-25, C6).
 */
export class Playback {
  private readonly options: PlaybackOptions;
  private readonly machine = new PlayMachine();
  private readonly output: PlaybackOutput;
  private readonly life = new AbortController();
  private turn: Promise<unknown> = Promise.resolve();
  private pump: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;
  private target: PushTarget;
  private positionMs: number;
  private speed: number;
  private failure: AppError | undefined;
  private farewell: Timer | undefined;

  constructor(options: PlaybackOptions) {
    this.options = options;
    this.target = options.params.target;
    this.positionMs = options.startAt;
    this.speed = options.params.speed ?? 1;
    this.output = new PlaybackOutput({ ...options, onSignal: (signal) => this.onSignal(signal) });
  }

  get state(): PlayState {
    return this.machine.state;
  }

  get status(): Status {
    const { startAt, endAt } = this.options;
    const { failure } = this;
    return {
      ...this.answer(),
      startAt: Math.round(startAt),
      ...(endAt !== undefined && { endAt }),
      bytesSent: this.output.bytesSent,
      ...(failure && { error: { code: failure.code, name: failure.status } }),
    };
  }

  /** Connects and plays behind the caller's back. */
  start(): void {
    this.inBackground(() => this.connect());
  }

  /** Another right to publish the same session, for the next connection. */
  retarget(target: PushTarget): void {
    this.target = target;
  }

  /** Resolves with how it is after `action`. @throws AppError INVALID_STATE | SEEK_OUT_OF_RANGE | SPEED_UNSUPPORTED | DISK_ERROR */
  async control({ action, seekAt = 0, speed = 1 }: Control): Promise<ControlAnswer> {
    if (action === 'stop') this.stop('command');
    else {
      await this.serial(async () => {
        if (action === 'pause') await this.pause();
        else if (action === 'resume') this.resume();
        else if (action === 'seek') await this.seek(seekAt);
        else await this.changeSpeed(speed);
      });
    }
    return this.answer();
  }

  /** Ends it. */
  stop(reason: StopReason): void {
    if (this.life.signal.aborted) return;
    this.machine.on('stop');
    this.end(reason);
    this.over();
  }

  /** Ends it with an error that its status shows for a while. */
  fail(error: AppError): void {
    if (this.life.signal.aborted || !this.machine.can('fail')) return;
    this.options.logger.warn({ sessionId: this.options.params.sessionId, status: error.status }, 'a playback failed');
    this.failure = error;
    this.machine.on('fail');
    this.end('error');
    this.leaveSoon();
  }

  private end(reason: StopReason): void {
    this.life.abort(new AppError('CANCELLED'));
    this.pump?.controller.abort();
    this.output.stop(reason);
  }

  private over(): void {
    this.farewell?.[Symbol.dispose]();
    this.options.onOver();
  }

  private leaveSoon(): void {
    this.farewell?.[Symbol.dispose]();
    this.farewell = this.options.clock.setTimer(playbackTimers.keptAfterEndMs, () => {
      this.life.abort(new AppError('CANCELLED'));
      this.over();
    });
  }

  private answer(): ControlAnswer {
    return { state: this.state, positionAt: Math.round(this.positionMs), speed: this.speed };
  }

  private async pause(): Promise<void> {
    this.check('pause');
    await this.halt();
    this.machine.on('pause');
  }

  private resume(): void {
    const wasPlaying = this.state === 'playing';
    this.machine.on('resume');
    if (!wasPlaying) this.play();
  }

  private async seek(seekAt: number): Promise<void> {
    const { fromAt, toAt } = this.options.range();
    this.check('seek');
    if (seekAt < fromAt || seekAt >= toAt) throw new AppError('SEEK_OUT_OF_RANGE', { fromAt, toAt });
    await this.halt();
    const hadEnded = this.state === 'ended';
    this.machine.on('seek');
    this.farewell?.[Symbol.dispose]();
    try {
      await this.goTo(seekAt);
      if (hadEnded) await this.open();
    } catch (error) {
      this.fail(AppError.from(error));
      throw error;
    }
    this.machine.on('landed');
    if (this.state === 'playing') this.play();
    else await this.show();
  }

  private async changeSpeed(speed: number): Promise<void> {
    if (!BASELINE_PLAY_SPEEDS.some((known) => known === speed)) throw new AppError('SPEED_UNSUPPORTED', { speeds: BASELINE_PLAY_SPEEDS });
    this.check('pause');
    await this.halt();
    const leftOut = this.onlyKeyFrames();
    this.speed = speed;
    // Pictures that were left out are missing to those that follow.
    if (leftOut && !this.onlyKeyFrames()) await this.goTo(this.positionMs);
    if (this.state === 'playing') this.play();
  }

  private async goTo(atMs: number): Promise<void> {
    this.positionMs = (await this.options.cursor.seek(atMs)) ?? this.positionMs;
    this.output.restart();
  }

  /** Sends the picture it stands on. */
  private async show(): Promise<void> {
    const { current, source } = this.options.cursor;
    if (current === undefined || source === undefined) return;
    this.output.send(current, source, { withAudio: this.withAudio() });
    await this.options.cursor.advance();
  }

  private async connect(): Promise<void> {
    await this.open();
    this.machine.on('started');
    if (this.state === 'playing') this.play();
    else await this.show();
  }

  private async open(): Promise<void> {
    const { clock } = this.options;
    const { signal } = this.life;
    for (const waitMs of [...vmTimers.retryDelaysMs, undefined]) {
      try {
        return await this.output.open(this.target, signal);
      } catch (error) {
        const refused = hasStatus(error, 'PUSH_REJECTED') || (error instanceof AppError && error.details?.httpStatus !== undefined);
        if (signal.aborted) throw error;
        if (refused || waitMs === undefined)
          throw new AppError(refused ? 'PUSH_REJECTED' : 'PUSH_CONNECT_FAILED', undefined, { cause: error });
        await sleep(clock, waitMs, { signal });
      }
    }
  }

  private onSignal(signal: PushSignal): void {
    if (signal.kind === 'failed') this.fail(signal.error);
    else if (signal.kind === 'stopped') this.stop(signal.reason);
    else {
      if (signal.kind === 'redirect') this.target = { ...this.target, url: signal.url, token: signal.token };
      this.inBackground(() => this.reconnect());
    }
  }

  private async reconnect(): Promise<void> {
    await this.halt();
    if (!this.machine.can('lost')) return;
    this.machine.on('lost');
    await this.goTo(this.positionMs);
    await this.connect();
  }

  private play(): void {
    const controller = new AbortController();
    const done = this.run(controller.signal).catch((error: unknown) => {
      if (!controller.signal.aborted) this.fail(AppError.from(error));
    });
    this.pump = { controller, done };
  }

  /** Resolves when nothing is sent any more. */
  private async halt(): Promise<void> {
    this.pump?.controller.abort();
    await this.pump?.done;
    this.pump = undefined;
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { cursor, clock, endAt = Number.POSITIVE_INFINITY } = this.options;
    const pace = new Pace(clock, this.speed);
    while (!signal.aborted) {
      const { current, source } = cursor;
      if (current === undefined || source === undefined || current.atMs >= endAt) return this.finish();
      if (cursor.isAfterGap) pace.skip();
      if (current.isKey || (current.isVideo ? !this.onlyKeyFrames() : this.withAudio())) {
        await pace.until(current.atMs, signal);
        await this.output.drained(signal);
        this.output.send(current, source, { withAudio: this.withAudio() });
        this.positionMs = current.atMs;
      }
      await cursor.advance();
    }
  }

  private finish(): void {
    this.machine.on('end');
    this.output.stop('endOfMedia');
    this.leaveSoon();
  }

  private onlyKeyFrames(): boolean {
    return this.options.params.keyframesOnly === true || this.speed >= KEY_FRAMES_ONLY_SPEED;
  }

  private withAudio(): boolean {
    return this.options.params.audio !== false && this.speed === 1 && !this.onlyKeyFrames();
  }

  private check(event: 'pause' | 'seek'): void {
    if (!this.machine.can(event)) throw new AppError('INVALID_STATE', { state: this.state });
  }

  private inBackground(work: () => Promise<void>): void {
    this.serial(work).catch((error: unknown) => this.fail(AppError.from(error)));
  }

  /** One thing after the other. */
  private serial(work: () => Promise<void>): Promise<void> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => {});
    return result;
  }
}
