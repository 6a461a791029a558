import { AppError, type Clock, hasStatus, type Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import {
  keepAwake,
  type ParamsOf,
  pushLiveVideo,
  type ResultOf,
  type RpcDefinition,
  sleepTimers,
  startPlaying,
  upgradeFirmware,
} from '@cardea/protocol';
import type { Bus, Db } from '../store/ports.ts';
import type { DeviceRecords, DeviceRow } from './device-records.ts';
import { type KeptCommand, KeptCommands } from './kept-commands.ts';
import type { DeviceConnections, DeviceWaker, SendOptions } from './ports.ts';

export interface SleepingDevicesOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly records: DeviceRecords;
  readonly connections: DeviceConnections;
  readonly waker: DeviceWaker;
  /** Somebody watches what the device sends at present. */
  readonly inUse: (deviceId: string) => boolean | Promise<boolean>;
  /** Hears of every command a device carried out. */
  readonly policies: { answered(device: DeviceRow, definition: RpcDefinition, params: unknown, result: unknown): void };
  readonly lifetime: Lifetime;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

type Reason = ParamsOf<typeof keepAwake>['reason'];

const reasons: Readonly<Record<string, Reason>> = {
  [pushLiveVideo.method]: 'live',
  [startPlaying.method]: 'playback',
  [upgradeFirmware.method]: 'upgrade',
};
const RENEW_MS = (sleepTimers.keepAwakeDefaultSec * 1_000) / 2;

/**
 * Brings commands to devices that sleep: wakes them, delivers first what waited for them, and keeps them awake while they are
 * in use. What only asks (`online`) never wakes a device.
 * @see profile hss-open-1 C11 steps 3 and 4
 */
export class SleepingDevices {
  private readonly options: SleepingDevicesOptions;
  private readonly kept: KeptCommands;
  /** Devices for which something is kept. */
  private readonly owed = new Set<string>();
  private readonly delivering = new Map<string, Promise<void>>();
  /** Callers that still wait for what became of their kept command, by its id. */
  private readonly callers = new Map<string, PromiseWithResolvers<unknown>>();
  private readonly keptAwake = new Set<string>();

  constructor(options: SleepingDevicesOptions) {
    this.options = options;
    this.kept = new KeptCommands(options);
  }

  async start(): Promise<void> {
    const { bus, connections, lifetime } = this.options;
    for (const deviceId of await this.kept.devices()) this.owed.add(deviceId);
    lifetime.own(connections.watch(({ deviceId, presence }) => presence === 'online' && this.deliverKept(deviceId)));
    lifetime.own(bus.subscribe('revoked', ({ scope, id }) => scope === 'device' && this.forget(id)));
  }

  /**
   * Sends a command, waking the device when it sleeps.
   * @throws AppError DEVICE_ASLEEP (with `keptUntil` when the command runs at the next waking) | LIMIT_EXCEEDED | NOT_BOUND when it changed hands meanwhile | as `DeviceConnections.call`
   */
  async send<D extends RpcDefinition>(device: DeviceRow, definition: D, params: ParamsOf<D>, options: SendOptions): Promise<ResultOf<D>> {
    const result = await this.reach(device, definition, params, options);
    if (device.low_power === 1 && reasons[definition.method] !== undefined) this.keepAwakeWhileUsed(device.id, definition);
    return result;
  }

  private async reach<D extends RpcDefinition>(
    device: DeviceRow,
    definition: D,
    params: ParamsOf<D>,
    options: SendOptions,
  ): Promise<ResultOf<D>> {
    const { connections } = this.options;
    // A newer command must not overtake those that waited.
    await this.delivering.get(device.id);
    if (connections.presenceOf(device.id) !== 'asleep') {
      try {
        return await this.call(device, definition, params, options);
      } catch (error) {
        // It fell asleep just before.
        if (!hasStatus(error, 'DEVICE_ASLEEP')) throw error;
      }
    }
    if (definition.delivery === 'queued') return await this.keep(device, definition, params, options);
    if (definition.delivery !== 'awake') throw new AppError('DEVICE_ASLEEP');
    await this.wake(device, definition, options);
    return await this.call(device, definition, params, options);
  }

  private async call<D extends RpcDefinition>(
    device: DeviceRow,
    definition: D,
    params: ParamsOf<D>,
    options: SendOptions = {},
  ): Promise<ResultOf<D>> {
    const { connections, records } = this.options;
    // It may have taken a while to come awake, and may belong to somebody else since. What it is asked before it belongs to anybody is nobody's.
    if (device.home_id !== null && records.find(device.id)?.binding_epoch !== device.binding_epoch) throw new AppError('NOT_BOUND');
    const result = await connections.call(device.id, definition, params, options);
    this.options.policies.answered(device, definition, params, result);
    return result;
  }

  private async keep<D extends RpcDefinition>(
    device: DeviceRow,
    definition: D,
    params: ParamsOf<D>,
    options: SendOptions,
  ): Promise<ResultOf<D>> {
    const { id, expiresAt } = await this.kept.keep(device, definition, params);
    this.owed.add(device.id);
    const outcome = Promise.withResolvers<unknown>();
    // Settles unheard when the caller gave up.
    outcome.promise.catch(() => {});
    this.callers.set(id, outcome);
    try {
      await this.wake(device, definition, options);
      // `deliverKept` sends every command by its own definition, whose result the RPC peer has checked.
      return (await outcome.promise) as ResultOf<D>;
    } catch (error) {
      if (!hasStatus(error, 'DEVICE_ASLEEP')) throw error;
      const message = 'the device sleeps and did not wake up; the command is kept and runs when it wakes';
      throw new AppError('DEVICE_ASLEEP', { keptUntil: expiresAt }, { cause: error, message });
    } finally {
      this.callers.delete(id);
    }
  }

  private async wake(device: DeviceRow, definition: RpcDefinition, { signal }: SendOptions): Promise<void> {
    await this.options.waker.rouse(device.id, { ...(signal && { signal }) });
    this.deliverKept(device.id);
    await this.delivering.get(device.id);
    this.keepAwakeWhileUsed(device.id, definition);
  }

  /** Sends what waited, in order, once at a time. */
  private deliverKept(deviceId: string): void {
    if (!this.owed.has(deviceId) || this.delivering.has(deviceId)) return;
    const done = Promise.withResolvers<void>();
    this.delivering.set(deviceId, done.promise);
    this.options.lifetime.run('delivery of kept commands', async () => {
      try {
        await this.deliverAll(deviceId);
      } finally {
        this.delivering.delete(deviceId);
        done.resolve();
      }
    });
  }

  private async deliverAll(deviceId: string): Promise<void> {
    const { logger, records } = this.options;
    this.owed.delete(deviceId);
    const device = records.find(deviceId);
    if (device === undefined) return;
    for (const command of await this.kept.of(device)) {
      const failure = await this.deliver(device, command);
      if (failure === undefined || failure.remote !== undefined) {
        await this.kept.remove(command.id);
        continue;
      }
      this.owed.add(deviceId);
      logger.info({ deviceId, method: command.definition.method, status: failure.status }, 'a kept command waits on');
      return;
    }
  }

  private async deliver(device: DeviceRow, { id, definition, params }: KeptCommand): Promise<AppError | undefined> {
    const caller = this.callers.get(id);
    try {
      const result = await this.call(device, definition, params);
      caller?.resolve(result);
      return undefined;
    } catch (error) {
      caller?.reject(error);
      return AppError.from(error);
    }
  }

  /** A device that was woken stays awake for half a minute, and on while somebody watches it. */
  private keepAwakeWhileUsed(deviceId: string, definition: RpcDefinition): void {
    if (this.keptAwake.has(deviceId)) return;
    this.keptAwake.add(deviceId);
    const reason = reasons[definition.method] ?? 'config';
    this.options.lifetime.run('keeping a device awake', async (signal) => {
      try {
        await this.renewAwake(deviceId, reason, signal);
      } finally {
        this.keptAwake.delete(deviceId);
      }
    });
  }

  /** While that cannot be told the battery counts for more. */
  private async isUsed(deviceId: string): Promise<boolean> {
    try {
      return await this.options.inUse(deviceId);
    } catch (error) {
      this.options.logger.debug({ err: error, deviceId }, 'nobody says whether a device is used');
      return false;
    }
  }

  private async renewAwake(deviceId: string, reason: Reason, signal: AbortSignal): Promise<void> {
    const { clock, connections, logger } = this.options;
    do {
      try {
        await connections.call(deviceId, keepAwake, { durationSec: sleepTimers.keepAwakeDefaultSec, reason }, { signal });
      } catch (error) {
        logger.debug({ err: error, deviceId }, 'a device was not kept awake');
        return;
      }
      await sleep(clock, RENEW_MS, { signal });
    } while (await this.isUsed(deviceId));
  }

  private forget(deviceId: string): void {
    this.options.lifetime.run('end of kept commands', async () => {
      // A new binding revokes too, and brings commands of its own.
      const device = this.options.records.find(deviceId);
      if (device === undefined || device.home_id === null) await this.kept.removeAll(deviceId);
    });
  }
}
