import { AppError, type Clock, Lifetime, type Logger, withDeadline } from '@cardea/core';
import { sleepTimers } from '@cardea/protocol';
import type { SleepPresence } from './ports.ts';
import type { WakeChannel } from './wake-channel.ts';

export interface WakerOptions {
  readonly channel: Pick<WakeChannel, 'signal' | 'onRadio'>;
  readonly presence: Pick<SleepPresence, 'presenceOf' | 'watch'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Wakes devices: sends the signal, repeats it after 3 s and 6 s, and gives up after 10 s. However many ask for one device,
 * it is woken once. That the signal went out proves nothing; that the device connects does.
 * @see profile hss-open-1 C11 step 3
 */
export class Waker implements AsyncDisposable {
  private readonly options: WakerOptions;
  private readonly rousing = new Map<string, Promise<void>>();
  private readonly awake = new Map<string, () => void>();
  private readonly lifetime: Lifetime;

  constructor(options: WakerOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  start(): void {
    const { channel, presence } = this.options;
    this.lifetime.own(presence.watch((change) => change.presence === 'online' && this.awake.get(change.deviceId)?.()));
    // A radio that was just changing its connection gets the signal too.
    this.lifetime.own(channel.onRadio((deviceId) => this.awake.has(deviceId) && channel.signal(deviceId)));
  }

  /** Resolves when the device is connected. @throws AppError DEVICE_ASLEEP | CANCELLED */
  async rouse(deviceId: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { clock, presence } = this.options;
    if (presence.presenceOf(deviceId) === 'online') return;
    const running = this.rousing.get(deviceId) ?? this.begin(deviceId);
    await withDeadline(clock, sleepTimers.wakeTimeoutMs, () => running, { ...(signal && { signal }) }).catch((error: unknown) => {
      throw error instanceof AppError && error.status === 'TIMEOUT' ? new AppError('DEVICE_ASLEEP') : error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private begin(deviceId: string): Promise<void> {
    const rousing = this.wake(deviceId).finally(() => {
      this.rousing.delete(deviceId);
      this.awake.delete(deviceId);
    });
    this.rousing.set(deviceId, rousing);
    return rousing;
  }

  private async wake(deviceId: string): Promise<void> {
    const { channel, clock, logger } = this.options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.awake.set(deviceId, resolve);
    using timers = new DisposableStack();
    for (const delayMs of sleepTimers.wakeRepeatAfterMs) timers.use(clock.setTimer(delayMs, () => channel.signal(deviceId)));
    channel.signal(deviceId);
    try {
      await withDeadline(clock, sleepTimers.wakeTimeoutMs, () => promise, { signal: this.lifetime.signal });
    } catch (error) {
      logger.info({ deviceId }, 'a sleeping device did not wake up');
      throw this.lifetime.signal.aborted ? error : new AppError('DEVICE_ASLEEP', undefined, { cause: error });
    }
  }
}
