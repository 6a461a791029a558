import { AppError, hasStatus, type Logger, type Random, sleep } from '@cardea/core';
import { type BindingReport, bindingReport, bindingTimers } from '@cardea/protocol';
import type { DeviceClock } from './device-clock.ts';
import type { BindingRecord, DeviceStore } from './state/device-store.ts';
import type { MessageSender } from './vd/event-queue.ts';

export interface BindingOptions {
  readonly store: DeviceStore;
  /** The code the user gave to the device; used until it is accepted or refused. */
  readonly code: string | undefined;
  readonly call: MessageSender['call'];
  /** The device belongs to a home now, or to none any more; `wipe`: what the former owner set has to go. */
  readonly onChange: (bound: boolean, wipe: boolean) => Promise<void>;
  readonly clock: DeviceClock;
  readonly random: Random;
  readonly logger: Logger;
}

/** To which home the device belongs (B5.3, C4). The record outlives a restart; the code does not. */
export class Binding {
  private readonly options: BindingOptions;
  private code: string | undefined;
  private readonly codeEventId: string;
  private presenting = false;
  private presented: Promise<unknown> = Promise.resolve();

  constructor(options: BindingOptions) {
    this.options = options;
    this.code = options.code;
    this.codeEventId = options.random.ulid();
  }

  get bound(): boolean {
    return this.options.store.record.binding !== undefined;
  }

  /** Resolves when no answer to a code is awaited or being taken over, whichever it is: whoever asks meanwhile may ask too early. */
  async settled(): Promise<void> {
    await this.presented.catch(() => {});
  }

  /** There is a code to present. */
  get wanted(): boolean {
    return !this.bound && this.code !== undefined;
  }

  /** What binding.get answers. */
  report(): BindingReport {
    const { store, random, clock } = this.options;
    const { binding } = store.record;
    if (binding === undefined)
      return { eventId: random.ulid(), occurredAt: clock.now(), state: this.code === undefined ? 'unbound' : 'requested' };
    return { eventId: random.ulid(), occurredAt: binding.boundAt, state: 'bound' };
  }

  /** Takes over what the platform says when it schedules the device: it knows of an unbinding we missed. */
  async agreeWith(boundAtPlatform: boolean | undefined): Promise<void> {
    if (boundAtPlatform === undefined || boundAtPlatform === this.bound) return;
    if (boundAtPlatform) await this.become({ boundAt: this.options.clock.now() });
    else await this.forget();
  }

  /** Presents the code, if there is one; tries again when no answer comes, with the same event id. */
  async present(signal: AbortSignal): Promise<void> {
    if (!this.wanted || this.presenting) return;
    this.presenting = true;
    try {
      for (let attempt = 0; this.wanted && attempt <= bindingTimers.reportRetries; attempt += 1) {
        if (attempt > 0) await sleep(this.options.clock, bindingTimers.reportRetryMs, { signal });
        const outcome = this.presentOnce(signal);
        this.presented = outcome;
        if (await outcome) return;
      }
    } finally {
      this.presenting = false;
    }
  }

  /** Tells the platform that the device was reset, so that it ends the binding, too. Never rejects: the platform may not hear. */
  async resign(signal: AbortSignal): Promise<void> {
    const { call, clock, random, logger } = this.options;
    const params: BindingReport = { eventId: random.ulid(), occurredAt: clock.now(), state: 'factoryReset' };
    await call(bindingReport, params, { signal, timeoutMs: bindingTimers.farewellMs }).catch((error: unknown) =>
      logger.warn({ status: AppError.from(error).status }, 'the platform was not told of the reset'),
    );
  }

  /** The device belongs to nobody any more. */
  async forget(): Promise<void> {
    const { store, logger, onChange } = this.options;
    const { binding } = store.record;
    if (binding === undefined) return;
    const { unbindAction } = binding;
    await store.update({ binding: undefined, access: undefined, vsUrl: undefined });
    this.code = undefined;
    logger.info({}, 'the device belongs to no home any more');
    // Without another word of the platform the next owner finds nothing of this one (M29).
    await onChange(false, unbindAction !== 'none');
  }

  /** True when the platform has spoken. */
  private async presentOnce(signal: AbortSignal): Promise<boolean> {
    const { call, clock, logger } = this.options;
    const { code } = this;
    if (code === undefined) return true;
    const params: BindingReport = { eventId: this.codeEventId, occurredAt: clock.now(), state: 'requested', bindToken: code };
    try {
      const answer = await call(bindingReport, params, { signal, timeoutMs: bindingTimers.reportTimeoutMs });
      this.code = undefined;
      if (answer.bound)
        await this.become({
          boundAt: answer.boundAt ?? clock.now(),
          ...(answer.bindingId && { bindingId: answer.bindingId }),
          ...(answer.unbindAction && { unbindAction: answer.unbindAction }),
        });
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      if (!hasStatus(error, 'UNAUTHORIZED', 'ALREADY_ACTIVE')) {
        logger.warn({ status: AppError.from(error).status }, 'the binding code was not answered');
        return false;
      }
      this.code = undefined;
      logger.error(
        { status: error.status },
        error.status === 'UNAUTHORIZED' ? 'the binding code is wrong or expired' : 'the device is bound elsewhere',
      );
      return true;
    }
  }

  private async become(binding: BindingRecord): Promise<void> {
    const { store, logger, onChange } = this.options;
    await store.update({ binding });
    logger.info({ bindingId: binding.bindingId }, 'the device is bound');
    await onChange(true, false);
  }
}
