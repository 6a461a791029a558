import type { Device } from '@cardea/api';
import { closeCodes } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Bus } from '../store/ports.ts';
import { announcedIn, type DeviceRecords, statusOf, type WholeDeviceRow } from './device-records.ts';
import type { DeviceConnections } from './ports.ts';

interface DeviceDirectoryOptions {
  readonly records: DeviceRecords;
  readonly connections: DeviceConnections;
  readonly bus: Bus;
}

/** Devices as users see them. */
export class DeviceDirectory {
  private readonly options: DeviceDirectoryOptions;

  constructor(options: DeviceDirectoryOptions) {
    this.options = options;
  }

  /** @throws AppError NOT_FOUND when the device left the home meanwhile */
  async describe(proof: DeviceProof): Promise<Device> {
    return this.present(await this.options.records.ofHome(proof.deviceId, proof.homeId), proof.homeId);
  }

  /** Gives the device another name. @throws AppError NOT_FOUND */
  async rename(proof: DeviceProof<'configure'>, name: string): Promise<void> {
    const { bus, records } = this.options;
    await records.ofHome(proof.deviceId, proof.homeId);
    await records.rename(proof.deviceId, name);
    bus.publish({ type: 'device', homeId: proof.homeId, deviceId: proof.deviceId });
  }

  /**
   * Keeps a device from connecting, or lets it connect again. It is cut off before this resolves, with all that it sends; a
   * device that is told so comes back half an hour later to see whether it may.
   * @throws AppError NOT_FOUND
   */
  async setDisabled(proof: DeviceProof<'manage'>, isDisabled: boolean): Promise<void> {
    const { bus, connections, records } = this.options;
    const { deviceId, homeId } = proof;
    const row = await records.ofHome(deviceId, homeId);
    if ((row.disabled === 1) === isDisabled) return;
    await records.setDisabled(deviceId, isDisabled);
    if (isDisabled) {
      // Before the revocation, which would send it to the scheduling service at once.
      connections.dismiss(deviceId, closeCodes.DEVICE_DISABLED.code, 'the device was disabled');
      bus.publish({ type: 'revoked', scope: 'device', id: deviceId });
    }
    bus.publish({ type: 'device', homeId, deviceId });
  }

  private present(row: WholeDeviceRow, homeId: string): Device {
    const { connections } = this.options;
    const capabilities = announcedIn(row) ?? null;
    const { battery, clock } = statusOf(row);
    return {
      id: row.id,
      homeId,
      name: row.name,
      vendor: row.vendor,
      model: row.model,
      serial: row.serial,
      firmware: row.firmware,
      ...(row.hardware !== null && { hardware: row.hardware }),
      state: connections.presenceOf(row.id),
      ...(row.disabled === 1 && { disabled: true }),
      lastSeenAt: connections.lastHeardAt(row.id) ?? row.last_seen_at,
      boundAt: row.bound_at ?? row.created_at,
      channels: (capabilities?.channels ?? []).map(({ channel, name, video }) => ({
        channel,
        name: name ?? `${row.name} ${channel}`,
        streams: video.map(({ stream }) => stream),
      })),
      capabilities,
      ...(battery !== undefined && { battery }),
      ...(clock !== undefined && { clock: { offsetMs: clock.offsetMs, source: clock.source, measuredAt: clock.measuredAt } }),
    };
  }
}
