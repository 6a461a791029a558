import { type Clock, hasStatus, type Lifetime, type Logger, sleep } from '@cardea/core';
import {
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
import type { DeviceConnections, RecordingFacts } from './ports.ts';

export interface RecordingPoliciesOptions {
  readonly records: DeviceRecords;
  readonly capabilities: CapabilityCache;
  readonly connections: DeviceConnections;
  readonly recordings: RecordingFacts;
  readonly clock: Clock;
  readonly lifetime: Lifetime;
  readonly logger: Logger;
}

/** A device that was just bound learns so only by the answer that comes after the first question. */
const RETRIES_MS = [0, 500, 1_000, 2_000, 5_000, 15_000];
const MODE_KEY = 'record.cloud.mode';
const PRIVACY_KEY = 'privacy.mode';

/**
 * Keeps the ledger of recordings informed of what devices are to record (clarification S8): read when a device is bound or
 * says that its configuration changed, and learnt from the commands it carried out.
 */
export class RecordingPolicies {
  private readonly options: RecordingPoliciesOptions;

  constructor(options: RecordingPoliciesOptions) {
    this.options = options;
  }

  /** Asks the device in the background, for a while again and again. A device that cannot tell has no policy. */
  readLater(deviceId: string): void {
    const { clock, lifetime, logger } = this.options;
    lifetime.run('reading of recording policies', async (signal) => {
      for (const waitMs of RETRIES_MS) {
        if (waitMs > 0) await sleep(clock, waitMs, { signal });
        try {
          return await this.read(deviceId);
        } catch (error) {
          logger.info({ err: error, deviceId }, 'what a device is to record could not be read');
          if (hasStatus(error, 'DEVICE_OFFLINE')) return;
        }
      }
    });
  }

  /** The device carried out a command; whoever sent it need not wait for the note of it. */
  answered(device: DeviceRow, definition: RpcDefinition, params: unknown, result: unknown): void {
    // The RPC peer checked both against the definition of this method.
    const note = {
      [setDeviceConfiguration.method]: () => this.configured(device, params as ParamsOf<typeof setDeviceConfiguration>, result as never),
      [resetDeviceConfiguration.method]: async () => this.readLater(device.id),
      [startRecording.method]: () => this.started(device, params as ParamsOf<typeof startRecording>, result as never),
      [stopRecording.method]: () => this.stopped(device, params as ParamsOf<typeof stopRecording>),
    }[definition.method];
    if (note !== undefined) this.options.lifetime.run('note of a recording policy', note);
  }

  private async read(deviceId: string): Promise<void> {
    const { capabilities, records } = this.options;
    const device = records.find(deviceId);
    if (device === undefined || device.home_id === null) return;
    const { channels, methods } = await capabilities.of(device);
    if (!methods.includes(getDeviceConfiguration.method)) return;
    for (const { channel } of channels) await this.note(device, channel, await this.ask(deviceId, channel));
  }

  private async ask(deviceId: string, channel: number): Promise<Readonly<Record<string, unknown>>> {
    const { connections } = this.options;
    const question = { channel, keys: [MODE_KEY, PRIVACY_KEY] };
    try {
      return (await connections.call(deviceId, getDeviceConfiguration, question)).config;
    } catch (error) {
      if (!hasStatus(error, 'KEY_UNKNOWN')) throw error;
      // Not every camera has a privacy mode.
      return (await connections.call(deviceId, getDeviceConfiguration, { channel, keys: [MODE_KEY] })).config;
    }
  }

  private async configured(
    device: DeviceRow,
    { channel, patch }: ParamsOf<typeof setDeviceConfiguration>,
    { applied }: ResultOf<typeof setDeviceConfiguration>,
  ): Promise<void> {
    if (!applied.some((key) => key === MODE_KEY || key === PRIVACY_KEY)) return;
    if (channel === undefined) this.readLater(device.id);
    else await this.note(device, channel, Object.fromEntries(applied.map((key) => [key, patch[key]])));
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
