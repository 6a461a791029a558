import { AppError, type Clock, hasStatus, type Logger } from '@cardea/core';
import { abortable } from '../abortable.ts';
import type { EndReason, LiveStream } from '../live-stream.ts';
import type { MediaCounters } from '../ports.ts';
import type { Push } from '../push.ts';
import { OriginPull } from './origin-pull.ts';
import type { BoundSource, Origins } from './origins.ts';

export interface OriginOrDeviceOptions {
  readonly source: BoundSource;
  readonly origins: Origins;
  readonly device: Push;
  readonly stream: LiveStream;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: MediaCounters;
  /** The media ended although somebody wants it. */
  readonly onFailed: (error: AppError) => void;
}

/**
 * Gets a stream from the process of the platform that has it, and only when none has it from the device, which then pushes
 * it once however many processes have viewers (reliability.md C-14). When the other process goes, whoever comes next asks anew.
 */
export class OriginOrDevice implements Push {
  private readonly options: OriginOrDeviceOptions;
  private choice: Promise<OriginPull | 'device'> | undefined;
  private pull: OriginPull | undefined;
  private offer: Disposable | undefined;

  constructor(options: OriginOrDeviceOptions) {
    this.options = options;
  }

  get sessionId(): string | undefined {
    return this.options.device.sessionId;
  }

  async agreement({ signal }: { readonly signal?: AbortSignal }): Promise<void> {
    this.choice ??= this.choose();
    try {
      if ((await abortable(this.choice, signal)) === 'device') await this.options.device.agreement({ ...(signal && { signal }) });
    } catch (error) {
      // Who waits no longer changes nothing for the others.
      if (!hasStatus(error, 'CANCELLED')) this.forget();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const { pull } = this;
    this.forget();
    pull?.stop();
    await this.options.device.stop();
  }

  /** What is pulled begins with a kept key frame anyway. */
  requestKeyframe(): void {
    if (this.pull === undefined) this.options.device.requestKeyframe();
  }

  onPublishing(): void {
    if (this.pull === undefined) this.options.device.onPublishing();
  }

  onEnded(reason: EndReason): void {
    if (this.pull === undefined) this.options.device.onEnded(reason);
  }

  onDeviceChanged(): void {
    if (this.offer !== undefined) this.options.device.onDeviceChanged();
  }

  private async choose(): Promise<OriginPull | 'device'> {
    const { origins, source } = this.options;
    const url = await origins.find(source);
    const pull = url === undefined ? undefined : await this.pullFrom(url);
    if (pull !== undefined) return pull;
    this.offer = origins.offer(source);
    return 'device';
  }

  /** `undefined` when nobody is there who said so a moment ago. */
  private async pullFrom(url: string): Promise<OriginPull | undefined> {
    const pull: OriginPull = new OriginPull({ ...this.options, onLost: () => this.onLost(pull) });
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
    this.forget();
    this.options.onFailed(new AppError('GOING_AWAY'));
  }

  private forget(): void {
    this.choice = undefined;
    this.pull = undefined;
    this.offer?.[Symbol.dispose]();
    this.offer = undefined;
  }
}
