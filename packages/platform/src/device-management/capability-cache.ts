import type { Lifetime, Logger } from '@cardea/core';
import { type CapabilitySet, getCapabilityList } from '@cardea/protocol';
import type { Bus } from '../store/ports.ts';
import type { DeviceRecords, DeviceRow } from './device-records.ts';
import type { DeviceConnections } from './ports.ts';

interface CapabilityCacheOptions {
  readonly records: DeviceRecords;
  readonly connections: DeviceConnections;
  readonly bus: Bus;
  readonly lifetime: Lifetime;
  readonly logger: Logger;
}

/** What each device can do: kept in the store, read from the device when it says that it changed (B5.28). */
export class CapabilityCache {
  private readonly options: CapabilityCacheOptions;
  /** One question per device at a time. */
  private readonly asking = new Map<string, Promise<CapabilitySet>>();

  constructor(options: CapabilityCacheOptions) {
    this.options = options;
  }

  /** @throws AppError as `DeviceConnections.call` when the device has to be asked */
  async of(device: DeviceRow): Promise<CapabilitySet> {
    return this.options.records.capabilitiesOf(device.id) ?? this.refresh(device.id);
  }

  /** Asks the device. @throws AppError as `DeviceConnections.call` */
  refresh(deviceId: string): Promise<CapabilitySet> {
    const running = this.asking.get(deviceId);
    if (running !== undefined) return running;
    const question = this.ask(deviceId).finally(() => this.asking.delete(deviceId));
    this.asking.set(deviceId, question);
    return question;
  }

  /** Asks in the background: a message handler cannot wait for an answer that comes after its own. */
  refreshLater(deviceId: string): void {
    this.options.lifetime.run('reading of capabilities', async () => {
      try {
        await this.refresh(deviceId);
      } catch (error) {
        this.options.logger.info({ err: error, deviceId }, 'the capabilities of a device could not be read');
      }
    });
  }

  private async ask(deviceId: string): Promise<CapabilitySet> {
    const { bus, connections, records } = this.options;
    const capabilities = await connections.call(deviceId, getCapabilityList, {});
    const before = records.find(deviceId);
    const nameBefore = records.capabilitiesOf(deviceId)?.channels[0]?.name ?? before?.model;
    await records.setCapabilities(deviceId, capabilities);
    const ownName = capabilities.channels[0]?.name;
    // A name nobody changed here is the one the device goes by.
    if (before !== undefined && ownName && before.name === nameBefore) await records.rename(deviceId, ownName);
    const device = records.find(deviceId);
    if (device !== undefined && device.home_id !== null) bus.publish({ type: 'device', homeId: device.home_id, deviceId });
    return capabilities;
  }
}
