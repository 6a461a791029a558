import { type Clock, type Logger, type Random, sleep } from '@cardea/core';
import {
  type BatteryState,
  fallAsleep,
  getServerInformation,
  type keepAwake,
  type ParamsOf,
  type ResultOf,
  sleepTimers,
  type WakeService,
} from '@cardea/protocol';
import type { Boot } from '../boot.ts';
import type { Camera, PowerUse } from '../camera.ts';
import type { Configuration } from '../configuration.ts';
import type { Connection, Resumption } from '../vd/connection.ts';
import type { EventQueue, MessageSender } from '../vd/event-queue.ts';
import { AwakeLease } from './awake-lease.ts';
import { BatteryWatch } from './battery-watch.ts';
import { Radio, type RadioEnd } from './radio.ts';

export interface PowerOptions {
  readonly camera: Pick<Camera, 'power' | 'setPowerUse'>;
  readonly config: Pick<Configuration, 'text' | 'number'>;
  readonly boot: Pick<Boot, 'wake'>;
  readonly events: Pick<EventQueue, 'publish'>;
  readonly sender: Pick<MessageSender, 'call'>;
  readonly connection: () => Pick<Connection, 'run' | 'online'>;
  readonly isBound: () => boolean;
  /** What the device does while it is awake. */
  readonly use: () => Exclude<PowerUse, 'asleep'>;
  /** Something is under way that sleep would cut off. */
  readonly isBusy: () => boolean;
  /** The device fell asleep or woke, or the battery became critical or recovered: what may run has changed. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const LOOK_MS = 1_000;
/** A platform that cannot be reached is tried again after this much sleep. */
const NAP_MS = 300_000;
const OFFLINE_PATIENCE_SEC = 60;
/** Seconds without anything to do before the device sleeps; `custom` takes `power.sleepAfterSec`. */
const sleepAfterSec: Readonly<Record<string, number>> = { performance: 300, balanced: 15, powerSave: 5 };

/**
 * When the device sleeps and what wakes it. On mains it never sleeps. On a battery it sleeps once there is nothing to do, with
 * its radio listening; with a critical battery it wakes for alarms and each quarter of an hour, and for nothing else.
 * @see H.627.2 9.3.2.2 (titles only); profile hss-open-1 B5.26, B5.27, C11
 */
export class Power {
  private readonly options: PowerOptions;
  private readonly battery: BatteryWatch;
  private readonly lease: AwakeLease;
  private wakeService: WakeService | undefined;
  private isAsleep = false;
  private wasCritical = false;
  private activeMs: number;
  private onlineMs: number;
  private resume: Resumption | undefined;
  private endSleep: (end: RadioEnd) => void = () => {};

  constructor(options: PowerOptions) {
    const { camera, clock, config, connection, events, isBound } = options;
    this.options = options;
    this.battery = new BatteryWatch({
      read: () => camera.power(),
      lowPct: () => config.number('power.lowBatteryPct'),
      events,
      maySend: () => connection().online && isBound(),
      clock,
    });
    this.lease = new AwakeLease(clock);
    this.activeMs = clock.monotonicMs();
    this.onlineMs = this.activeMs;
  }

  /** What feeds the device, judged by its configuration. */
  get state(): BatteryState {
    return this.battery.state();
  }

  /** Only alarms and keep-alives: the battery is almost empty. */
  get critical(): boolean {
    return this.battery.critical;
  }

  get asleep(): boolean {
    return this.isAsleep;
  }

  /** Sensor and encoder may run. */
  get mayRecord(): boolean {
    return !this.isAsleep && !this.critical;
  }

  /** How the radio can stay reachable, as the platform said last. */
  setWakeService(service: WakeService | undefined): void {
    this.wakeService = service;
  }

  /** Asks the platform how the radio can stay reachable, when no schedule has said so since the device was bound. */
  async learnWakeService(signal: AbortSignal): Promise<void> {
    const { camera, logger, sender } = this.options;
    if (!camera.power().present || this.wakeService !== undefined) return;
    try {
      const { services } = await sender.call(getServerInformation, { services: ['wake'] }, { signal });
      this.wakeService = services.wake;
    } catch (error) {
      logger.info({ err: error }, 'how to be woken is not known yet');
    }
  }

  /** Something happened that keeps the device awake for a while. */
  touch(): void {
    this.activeMs = this.options.clock.monotonicMs();
  }

  /** Answers power.keepAwake. @throws AppError LOW_BATTERY */
  keepAwake(params: ParamsOf<typeof keepAwake>): ResultOf<typeof keepAwake> {
    return this.lease.extend(params, this.state.level);
  }

  /** The sensor noticed something: the device is awake from now on. */
  wakeUp(): void {
    this.getUp();
    this.endSleep('stopped');
  }

  /** Keeps the device connected while it is awake, until `signal` aborts or the platform switches it off. */
  async run(signal: AbortSignal): Promise<void> {
    const { camera, connection } = this.options;
    if (!camera.power().present) return await connection().run(signal);
    while (!signal.aborted) {
      if (!(await this.beAwake(signal)) || signal.aborted) return;
      await this.beAsleep(signal);
    }
  }

  /** True when the device fell asleep; false when its connection is over for good. */
  private async beAwake(signal: AbortSignal): Promise<boolean> {
    const { clock, connection } = this.options;
    const doze = new AbortController();
    let ended = false;
    const running = connection()
      .run(AbortSignal.any([signal, doze.signal]), this.resume)
      .finally(() => {
        ended = true;
      });
    this.touch();
    while (!ended && !signal.aborted && !doze.signal.aborted) {
      await sleep(clock, LOOK_MS, { signal }).catch(() => {});
      await this.look();
      if (!signal.aborted && this.isIdle() && (await this.announce(signal))) doze.abort();
    }
    if (doze.signal.aborted) {
      this.isAsleep = true;
      this.options.onChange();
    }
    await running;
    return doze.signal.aborted;
  }

  private async beAsleep(signal: AbortSignal): Promise<void> {
    const { camera, clock, logger, random } = this.options;
    // Something was noticed while the connection was being closed.
    if (!this.isAsleep) return;
    const service = this.wakeChannel();
    camera.setPowerUse?.('asleep');
    logger.info({ wakeable: service !== undefined }, 'the device sleeps');
    const over = Promise.withResolvers<RadioEnd>();
    this.endSleep = over.resolve;
    const stop = new AbortController();
    const ending = AbortSignal.any([signal, stop.signal]);
    signal.addEventListener('abort', () => over.resolve('stopped'), { once: true, signal: stop.signal });
    using _alarmClock = clock.setTimer(this.sleepMs(service), () => over.resolve('stopped'));
    const listening = service === undefined ? undefined : new Radio({ service, clock, random, logger }).run(ending);
    void listening?.then(over.resolve);
    const end = await over.promise;
    stop.abort();
    await listening;
    if (signal.aborted) return;
    logger.info({ end }, 'the device wakes');
    // A radio that lost its service needs another pass, which comes with a schedule.
    this.resume = { reason: 'wake', anew: end === 'lost' };
    this.getUp();
  }

  private getUp(): void {
    if (!this.isAsleep) return;
    this.isAsleep = false;
    this.resume = { reason: 'wake', anew: false };
    this.options.boot.wake();
    this.onlineMs = this.options.clock.monotonicMs();
    this.touch();
    this.options.onChange();
  }

  private async look(): Promise<void> {
    const { camera, clock, connection, isBusy, logger, onChange, use } = this.options;
    camera.setPowerUse?.(use());
    if (isBusy()) this.touch();
    if (connection().online) this.onlineMs = clock.monotonicMs();
    const { critical } = this;
    if (critical !== this.wasCritical) {
      this.wasCritical = critical;
      logger.warn({ critical }, critical ? 'the battery is almost empty' : 'the battery has recovered');
      onChange();
    }
    await this.battery.check().catch((error: unknown) => logger.warn({ err: error }, 'the battery was not reported'));
  }

  private isIdle(): boolean {
    const { clock, isBound } = this.options;
    const { source } = this.state;
    if ((source !== 'battery' && source !== 'solar') || !isBound() || this.lease.running) return false;
    const idleMs = clock.monotonicMs() - this.activeMs;
    if (this.isAway()) return idleMs >= OFFLINE_PATIENCE_SEC * 1_000;
    // Who cannot be woken is of no use asleep, unless that is all the battery still bears.
    if (!this.options.connection().online || (this.wakeChannel() === undefined && !this.critical)) return false;
    return idleMs >= this.patienceSec() * 1_000;
  }

  private isAway(): boolean {
    return this.options.clock.monotonicMs() - this.onlineMs >= OFFLINE_PATIENCE_SEC * 1_000;
  }

  private patienceSec(): number {
    const { config } = this.options;
    if (this.critical) return sleepAfterSec.powerSave ?? 0;
    return sleepAfterSec[config.text('power.workMode')] ?? config.number('power.sleepAfterSec');
  }

  private wakeChannel(): WakeService | undefined {
    return this.critical || this.isAway() ? undefined : this.wakeService;
  }

  private sleepMs(service: WakeService | undefined): number {
    if (this.critical) return sleepTimers.criticalKeepAliveMs;
    return service === undefined ? NAP_MS : Number.MAX_SAFE_INTEGER;
  }

  /** False when something came up meanwhile that the device had better stay awake for. */
  private async announce(signal: AbortSignal): Promise<boolean> {
    const { clock, connection, isBusy, logger, random, sender } = this.options;
    const before = this.activeMs;
    const service = this.wakeChannel();
    const wakesAt = clock.now() + this.sleepMs(service);
    const content = {
      wakeChannel: service === undefined ? 'none' : 'tcp',
      ...(service === undefined && { expectedWakeAt: wakesAt }),
    } as const;
    if (connection().online) {
      await sender
        .call(fallAsleep, { eventId: random.ulid(), occurredAt: clock.now(), ...content }, { signal })
        .catch((error: unknown) => logger.info({ err: error }, 'the platform did not hear that the device sleeps'));
    }
    return this.activeMs === before && !isBusy() && !this.lease.running;
  }
}
