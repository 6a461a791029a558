import { AppError, type Clock } from '@cardea/core';
import {
  type ChannelCapability,
  getCapabilityList,
  type ParamsOf,
  type ResultOf,
  type RpcDefinition,
  type StreamName,
  supportsMessage,
} from '@cardea/protocol';
import type { CapabilityCache } from './capability-cache.ts';
import { CommandCoalescer } from './command-coalescer.ts';
import { CommandGate } from './command-gate.ts';
import type { DeviceRecords, DeviceRow } from './device-records.ts';
import type { SendOptions } from './ports.ts';
import type { SleepingDevices } from './sleeping-devices.ts';

interface DeviceCommanderOptions {
  readonly records: DeviceRecords;
  readonly capabilities: CapabilityCache;
  readonly sleepers: Pick<SleepingDevices, 'send'>;
  readonly clock: Clock;
}

/** Sends messages of the platform to devices that can take them, within what a device bears. */
export class DeviceCommander {
  private readonly options: DeviceCommanderOptions;
  private readonly gate: CommandGate;
  private readonly coalescer = new CommandCoalescer();

  constructor(options: DeviceCommanderOptions) {
    this.options = options;
    this.gate = new CommandGate(options.clock);
  }

  /**
   * Sends `definition` and resolves with its validated result. Aborting `signal` stops waiting; the device may still act.
   * @throws AppError NOT_FOUND | NOT_BOUND | NOT_SUPPORTED | CHANNEL_NOT_FOUND | RATE_LIMITED | LIMIT_EXCEEDED | DEVICE_OFFLINE |
   * DEVICE_ASLEEP | TIMEOUT | CANCELLED | GOING_AWAY | UNSPECIFIED | what the device answered, in `remote`
   */
  async call<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    params: ParamsOf<D>,
    options: SendOptions = {},
  ): Promise<ResultOf<D>> {
    const { records, sleepers } = this.options;
    const device = records.find(deviceId);
    if (device === undefined) throw new AppError('NOT_FOUND');
    if (device.home_id === null && definition.unbound !== true) throw new AppError('NOT_BOUND');
    await this.assertSupported(device, definition, params);
    const send = (newest: ParamsOf<D>): Promise<ResultOf<D>> => sleepers.send(device, definition, newest, options);
    if (definition.coalesce === undefined) return this.gate.run(deviceId, () => send(params), options);
    return this.coalescer.run(deviceId, definition, { params, take: (command) => this.gate.run(deviceId, command), send });
  }

  /** What the device announced of a channel. @throws AppError CHANNEL_NOT_FOUND | as `call` when the device has to be asked */
  async lensOf(deviceId: string, channel: number): Promise<ChannelCapability> {
    const device = this.options.records.find(deviceId);
    if (device === undefined) throw new AppError('NOT_FOUND');
    const { channels } = await this.options.capabilities.of(device);
    const lens = channels.find((candidate) => candidate.channel === channel);
    if (lens === undefined) throw new AppError('CHANNEL_NOT_FOUND', { channel });
    return lens;
  }

  /** @throws AppError STREAM_NOT_FOUND | as `lensOf` */
  async assertSource({ deviceId, channel, stream }: { deviceId: string; channel: number; stream: StreamName }): Promise<void> {
    const lens = await this.lensOf(deviceId, channel);
    if (!lens.video.some((encoding) => encoding.stream === stream)) throw new AppError('STREAM_NOT_FOUND', { channel, stream });
  }

  private async assertSupported(device: DeviceRow, definition: RpcDefinition, params: object): Promise<void> {
    // Asking what a device can do cannot depend on what it can do.
    if (definition.method === getCapabilityList.method) return;
    const capabilities = await this.options.capabilities.of(device);
    const channel = 'channel' in params && typeof params.channel === 'number' ? params.channel : undefined;
    if (channel !== undefined && !capabilities.channels.some((lens) => lens.channel === channel)) {
      throw new AppError('CHANNEL_NOT_FOUND', { channel });
    }
    if (!supportsMessage(capabilities, definition, channel)) throw new AppError('NOT_SUPPORTED', { method: definition.method });
  }
}
