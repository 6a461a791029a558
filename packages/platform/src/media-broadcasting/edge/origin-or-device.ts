import { AppError, type Clock, hasStatus, type Logger, type Random } from '@cardea/core';
import type { PushTarget } from '@cardea/protocol';
import { abortable } from '../abortable.ts';
import type { EndReason, LiveStream } from '../live-stream.ts';
import type { MediaCounters, PlaceElsewhere } from '../ports.ts';
import type { Push, TakenPush } from '../push.ts';
import { OriginPull } from './origin-pull.ts';
import type { BoundSource, Origins } from './origins.ts';

export interface OriginOrDeviceOptions {
  readonly source: BoundSource;
  readonly homeId: string;
  readonly origins: Origins;
  /** The push of the device to this process, which asks `goElsewhere` when the device does not come. */
  readonly deviceOr: (goElsewhere: () => Promise<boolean>) => Push;
  readonly placeElsewhere?: PlaceElsewhere | undefined;
  readonly stream: LiveStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: MediaCounters;
  /** The media ended although somebody wants it. */
  readonly onFailed: (error: AppError) => void;
}

/** Two processes that claim a stream at the same moment agree in one turn; more than two in a few. */
const MAX_CLAIMS = 4;

/**
 * Gets a stream from the process of the platform that has it, and only when none has it from the device, which then pushes
 * it once however many processes have viewers (reliability.md C-14). When the other process goes, the stream is looked for anew,
 * and whoever watches stays.
 */
export class OriginOrDevice implements Push {
  private readonly options: OriginOrDeviceOptions;
  private readonly device: Push;
  private choice: Promise<OriginPull | 'device'> | undefined;
  private pull: OriginPull | undefined;
  private offer: Disposable | undefined;
  /** The device was led away and publishes here until it is there. */
  private isMoving = false;
  /** The device did not come here, and has not come to the process that was asked instead. */
  private isElsewhere = false;
  private isOver = false;

  constructor(options: OriginOrDeviceOptions) {
    this.options = options;
    this.device = options.deviceOr(() => this.goElsewhere());
  }

  get sessionId(): string | undefined {
    return this.device.sessionId;
  }

  async agreement({ signal }: { readonly signal?: AbortSignal }): Promise<void> {
    if (this.isMoving && this.options.stream.publishing) return;
    this.isOver = false;
    this.choice ??= this.choose();
    try {
      if ((await abortable(this.choice, signal)) === 'device') await this.device.agreement({ ...(signal && { signal }) });
    } catch (error) {
      // Who waits no longer changes nothing for the others.
      if (!hasStatus(error, 'CANCELLED')) this.forget();
      throw error;
    }
  }

  async takeOver(taken: TakenPush): Promise<PushTarget> {
    // Whoever tried in vain has nothing to pull any more.
    if (taken.isLastTry) this.pull?.stop();
    const target = await this.device.takeOver(taken);
    // What is pulled shows until the device publishes here.
    this.forget();
    this.isOver = false;
    this.choice = Promise.resolve('device');
    this.offer = this.options.origins.offer(this.options.source);
    return target;
  }

  handOver(): void {
    this.forget();
    this.isMoving = true;
    this.device.handOver();
  }

  async stop(): Promise<void> {
    const { pull } = this;
    this.isOver = true;
    this.forget();
    pull?.stop();
    await this.device.stop();
  }

  /** What is pulled begins with a kept key frame anyway. */
  requestKeyframe(): void {
    if (this.pull === undefined) this.device.requestKeyframe();
  }

  onPublishing(): void {
    this.isElsewhere = false;
    if (this.pull === undefined) this.device.onPublishing();
  }

  onEnded(reason: EndReason): void {
    if (this.isMoving) this.lookAnew();
    else if (this.pull === undefined) this.device.onEnded(reason);
  }

  onDeviceChanged(): void {
    if (this.offer !== undefined) this.device.onDeviceChanged();
  }

  private async choose(): Promise<OriginPull | 'device'> {
    const { origins, source } = this.options;
    for (let claims = 0; claims < MAX_CLAIMS; claims += 1) {
      const origin = await origins.find(source);
      const pull = origin === undefined ? undefined : await this.pullFrom(origin.url);
      if (pull !== undefined) return pull;
      const claim = await origins.claim(source);
      if (this.isOver) claim?.[Symbol.dispose]();
      else this.offer = claim;
      if (claim !== undefined) return 'device';
    }
    throw new AppError('BUSY');
  }

  /** `undefined` when nobody is there who said so a moment ago. */
  private async pullFrom(url: string): Promise<OriginPull | undefined> {
    const pull: OriginPull = new OriginPull({
      ...this.options,
      authority: this.options.origins.authority,
      onLost: () => this.onLost(pull),
    });
    this.pull = pull;
    try {
      await pull.start(url);
      return pull;
    } catch (error) {
      this.pull = undefined;
      if (hasStatus(error, 'PUSH_CONNECT_FAILED')) return undefined;
      throw error;
    }
  }

  private onLost(pull: OriginPull): void {
    if (this.pull !== pull) return;
    if (this.isElsewhere) {
      this.forget();
      this.options.onFailed(new AppError('PUSH_CONNECT_FAILED'));
    } else this.lookAnew();
  }

  /** C5 step 4: once, and whoever watches here sees it by way of the other process. */
  private async goElsewhere(): Promise<boolean> {
    const { homeId, logger, origins, placeElsewhere, random, source } = this.options;
    if (this.isElsewhere) return false;
    // Else the other process would find it here.
    this.offer?.[Symbol.dispose]();
    this.offer = undefined;
    try {
      if (placeElsewhere === undefined) throw new AppError('NO_CAPACITY');
      await placeElsewhere({ ...source, homeId, sessionId: random.ulid(), isLed: false, isLastTry: true });
    } catch (error) {
      logger.info({ ...source, status: AppError.from(error).status }, 'no other media server takes what a device does not bring here');
      if (!this.isOver) this.offer = origins.offer(source);
      return false;
    }
    this.lookAnew();
    this.isElsewhere = true;
    return true;
  }

  private lookAnew(): void {
    this.forget();
    if (!this.isOver) this.agreement({}).catch((error: unknown) => this.options.onFailed(AppError.from(error)));
  }

  private forget(): void {
    this.isMoving = false;
    this.isElsewhere = false;
    this.choice = undefined;
    this.pull = undefined;
    this.offer?.[Symbol.dispose]();
    this.offer = undefined;
  }
}
