import { type Clock, hasStatus, type Lifetime, type Logger, sleep } from '@cardea/core';
import {
  type CapabilitySet,
  conforms,
  getDeviceConfiguration,
  type ParamsOf,
  RecordMode,
  type ResultOf,
  type RpcDefinition,
  resetDeviceConfiguration,
  setDeviceConfiguration,
  startRecording,
  stopRecording,
} from '@cardea/protocol';
import type { CapabilityCache } from './capability-cache.ts';
import type { DeviceRecords, DeviceRow } from './device-records.ts';
import type { DeviceConnections, RecordingFacts, RecordingRecipients, RecordingWishes } from './ports.ts';
import { channelKeysFor, deviceKeysFor, differing, keepsHours, MODE_KEY, PRIVACY_KEY, RECIPIENTS_KEY } from './recording-keys.ts';

export interface RecordingPoliciesOptions {
  readonly records: DeviceRecords;
  readonly capabilities: CapabilityCache;
  readonly connections: DeviceConnections;
  readonly recordings: RecordingFacts;
  readonly wishes: RecordingWishes;
  readonly recipients: RecordingRecipients;
  readonly clock: Clock;
  readonly lifetime: Lifetime;
  readonly logger: Logger;
}

/** A device that just came may be busy with itself, or about to come anew. */
const RETRIES_MS = [0, 500, 1_000, 2_000, 5_000, 15_000];
/** How late a device that keeps to no hours itself begins and ends. */
const SWITCH_MS = 30_000;

/**
 * Has devices record what the platform wants, and keeps the ledger of recordings informed of what they are set to (clarification
 * S8): both when a device is bound, comes back with something due, or says that its configuration changed; what it is set to is
 * learnt also from the commands it carried out. Where the platform wants something, that is put back when it was changed.
 */
export class RecordingPolicies {
  private readonly options: RecordingPoliciesOptions;
  /** Devices that keep to no hours themselves and have hours to keep to. */
  private readonly switched = new Set<string>();

  constructor(options: RecordingPoliciesOptions) {
    this.options = options;
  }

  /** Begins to hold the hours of devices that keep to none themselves. */
  start(): void {
    const { clock, lifetime } = this.options;
    lifetime.run('hours of recording', async (signal) => {
      for (;;) {
        await sleep(clock, SWITCH_MS, { signal });
        for (const deviceId of this.switched) this.followLater(deviceId);
      }
    });
  }

  /** Asks and tells the device in the background, for a while again and again. A device that cannot tell has no policy. */
  followLater(deviceId: string): void {
    const { clock, lifetime, logger } = this.options;
    lifetime.run('recording policies', async (signal) => {
      let failure: unknown;
      for (const waitMs of RETRIES_MS) {
        if (waitMs > 0) await sleep(clock, waitMs, { signal });
        try {
          return await this.follow(deviceId);
        } catch (error) {
          // It is told when it comes back.
          if (hasStatus(error, 'DEVICE_OFFLINE') || hasStatus(error, 'DEVICE_ASLEEP')) return;
          failure = error;
        }
      }
      logger.warn({ err: failure, deviceId }, 'what a device is to record could not be settled with it');
    });
  }

  /** The device carried out a command; whoever sent it need not wait for the note of it. */
  answered(device: DeviceRow, definition: RpcDefinition, params: unknown, result: unknown): void {
    // The RPC peer checked both against the definition of this method.
    const note = {
      [setDeviceConfiguration.method]: () => this.configured(device, params as ParamsOf<typeof setDeviceConfiguration>, result as never),
      [resetDeviceConfiguration.method]: async () => this.followLater(device.id),
      [startRecording.method]: () => this.started(device, params as ParamsOf<typeof startRecording>, result as never),
      [stopRecording.method]: () => this.stopped(device, params as ParamsOf<typeof stopRecording>),
    }[definition.method];
    if (note !== undefined) this.options.lifetime.run('note of a recording policy', note);
  }

  private async follow(deviceId: string): Promise<void> {
    const { capabilities: cache, clock, records, wishes } = this.options;
    const device = records.find(deviceId);
    this.switched.delete(deviceId);
    if (device === undefined || device.home_id === null) return;
    const place = { homeId: device.home_id, deviceId };
    const wish = await wishes.of(place);
    const capabilities = await cache.of(device);
    if (!capabilities.methods.includes(getDeviceConfiguration.method)) return;
    await this.settleDevice(deviceId, deviceKeysFor(wish, capabilities));
    await this.settleRecipients(place, capabilities);
    const wanted = channelKeysFor(wish, capabilities, clock.now());
    for (const { channel } of capabilities.channels) {
      const config = await this.ask(deviceId, channel, Object.keys(wanted));
      await this.put(deviceId, { channel }, differing(wanted, config));
      await this.note(device, channel, { ...config, ...wanted });
    }
    // Of such a device nothing is settled for longer than to the next hour.
    if (wish.hours !== undefined && !keepsHours(capabilities)) this.switched.add(deviceId);
    else await wishes.applied(place, wish);
  }

  private async settleDevice(deviceId: string, wanted: Readonly<Record<string, unknown>>): Promise<void> {
    const keys = Object.keys(wanted);
    if (keys.length === 0) return;
    const { config } = await this.options.connections.call(deviceId, getDeviceConfiguration, { keys });
    await this.put(deviceId, {}, differing(wanted, config));
  }

  /** Whoever runs a device may have fixed for whom it encrypts: then it keeps to that, and is not asked again. */
  private async settleRecipients(
    place: { readonly homeId: string; readonly deviceId: string },
    { configKeys }: CapabilitySet,
  ): Promise<void> {
    const { connections, recipients } = this.options;
    if (!configKeys.includes(RECIPIENTS_KEY) || !(await recipients.isDue(place))) return;
    const wanted = await recipients.of(place);
    await connections.call(place.deviceId, setDeviceConfiguration, { atomic: false, patch: { [RECIPIENTS_KEY]: [...wanted] } });
    await recipients.applied(place, wanted);
  }

  private async put(deviceId: string, target: { readonly channel?: number }, patch: Readonly<Record<string, unknown>>): Promise<void> {
    if (Object.keys(patch).length > 0) await this.options.connections.call(deviceId, setDeviceConfiguration, { ...target, patch });
  }

  private async ask(deviceId: string, channel: number, others: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    const { connections } = this.options;
    const keys = [...new Set([MODE_KEY, ...others])];
    const question = { channel, keys: [...keys, PRIVACY_KEY] };
    try {
      return (await connections.call(deviceId, getDeviceConfiguration, question)).config;
    } catch (error) {
      if (!hasStatus(error, 'KEY_UNKNOWN')) throw error;
      // Not every camera has a privacy mode.
      return (await connections.call(deviceId, getDeviceConfiguration, { channel, keys })).config;
    }
  }

  private async configured(
    device: DeviceRow,
    { channel, patch }: ParamsOf<typeof setDeviceConfiguration>,
    { applied }: ResultOf<typeof setDeviceConfiguration>,
  ): Promise<void> {
    if (!applied.some((key) => key === MODE_KEY || key === PRIVACY_KEY)) return;
    if (channel !== undefined) await this.note(device, channel, Object.fromEntries(applied.map((key) => [key, patch[key]])));
    const isWanted =
      device.home_id !== null && (await this.options.wishes.of({ homeId: device.home_id, deviceId: device.id })).mode !== undefined;
    if (channel === undefined || isWanted) this.followLater(device.id);
  }

  private async note({ home_id: homeId, id: deviceId }: DeviceRow, channel: number, values: Readonly<Record<string, unknown>>) {
    const { recordings } = this.options;
    if (homeId === null) return;
    const { [MODE_KEY]: mode, [PRIVACY_KEY]: privacy } = values;
    if (conforms(RecordMode, mode)) await recordings.set({ homeId, deviceId, channel }, 'policy', mode);
    if (typeof privacy === 'string') await recordings.set({ homeId, deviceId, channel }, 'privacy', privacy);
  }

  private async started(
    { home_id: homeId, id: deviceId }: DeviceRow,
    { channel, target }: ParamsOf<typeof startRecording>,
    { taskId, endsAt }: ResultOf<typeof startRecording>,
  ): Promise<void> {
    if (homeId === null || target === 'local') return;
    await this.options.recordings.taskStarted({ homeId, deviceId, channel }, taskId, endsAt);
  }

  private async stopped({ home_id: homeId, id: deviceId }: DeviceRow, params: ParamsOf<typeof stopRecording>): Promise<void> {
    if (homeId === null || params.target === 'local') return;
    await this.options.recordings.tasksEnded({ homeId, deviceId }, params);
  }
}
