import { AppError, type Clock, type Lifetime, type Logger } from '@cardea/core';
import { clockLimits, queryDeviceTime, setDeviceTime } from '@cardea/protocol';
import type { Bus } from '../store/ports.ts';
import type { DeviceCommander } from './device-commander.ts';
import { type ClockStatus, type DeviceRecords, statusOf } from './device-records.ts';
import type { EventJournal } from './event-journal.ts';
import type { DeviceConnection, RecordingFacts } from './ports.ts';

export interface ClockKeeperOptions {
  readonly commander: DeviceCommander;
  readonly records: DeviceRecords;
  readonly journal: EventJournal;
  readonly recordings: RecordingFacts;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly lifetime: Lifetime;
  readonly logger: Logger;
}

const CHECK_EVERY_MS = 60 * 60_000;
/** Smaller changes are not shown at once. */
const NOTABLE_MS = 250;

/**
 * Compares the clock of each device with ours when it connects and every hour, and sets those that are off by more than a
 * second and follow no time server (B5.9, B5.10).
 */
export class ClockKeeper {
  private readonly options: ClockKeeperOptions;
  private readonly checkedMs = new WeakMap<DeviceConnection, number>();

  constructor(options: ClockKeeperOptions) {
    this.options = options;
  }

  /** The device was heard on `connection`. Checks its clock in the background if it is time to. */
  onHeard(connection: DeviceConnection): void {
    const nowMs = this.options.clock.monotonicMs();
    const lastMs = this.checkedMs.get(connection);
    if (lastMs !== undefined && nowMs - lastMs < CHECK_EVERY_MS) return;
    this.checkedMs.set(connection, nowMs);
    this.options.lifetime.run('comparison of clocks', (signal) => this.check(connection, signal));
  }

  /** Never rejects: a device that cannot be asked is asked when it is heard the next time. */
  private async check(connection: DeviceConnection, signal: AbortSignal): Promise<void> {
    const { deviceId } = connection;
    try {
      const found = await this.measure(deviceId, signal);
      const off = Math.abs(found.offsetMs) > clockLimits.maxOffsetMs;
      if (!off || found.source === 'ntp') return await this.remember(deviceId, found);
      await this.set(deviceId, found, signal);
      await this.remember(deviceId, await this.measure(deviceId, signal));
      if (Math.abs(found.offsetMs) > clockLimits.stepMs) await this.tell(deviceId, found);
    } catch (error) {
      this.checkedMs.delete(connection);
      this.options.logger.debug({ deviceId, status: AppError.from(error).status }, 'the clock of a device could not be compared');
    }
  }

  /** The four instants of the question give the offset, as if the way there and back took equally long (RFC 5905, section 8). */
  private async measure(deviceId: string, signal: AbortSignal): Promise<ClockStatus> {
    const { clock, commander } = this.options;
    const sentAt = clock.now();
    const sentMs = clock.monotonicMs();
    const { deviceRecvAt, deviceSentAt, source } = await commander.call(deviceId, queryDeviceTime, { serverSentAt: sentAt }, { signal });
    const roundTripMs = clock.monotonicMs() - sentMs;
    const receivedAt = sentAt + roundTripMs;
    const offsetMs = Math.round((deviceRecvAt - sentAt + (deviceSentAt - receivedAt)) / 2);
    const delayMs = Math.max(0, Math.round(roundTripMs - (deviceSentAt - deviceRecvAt)));
    return { offsetMs, delayMs, source, measuredAt: Math.round(receivedAt) };
  }

  private async set(deviceId: string, { offsetMs, delayMs }: ClockStatus, signal: AbortSignal): Promise<void> {
    const { clock, commander, logger } = this.options;
    const utcAt = Math.round(clock.now() + delayMs / 2);
    const { stepMs } = await commander.call(deviceId, setDeviceTime, { utcAt, source: 'platform' }, { signal });
    logger.info({ deviceId, offsetMs, stepMs }, 'the clock of a device was off and is set');
  }

  private async remember(deviceId: string, clock: ClockStatus): Promise<void> {
    const { bus, records } = this.options;
    const device = records.find(deviceId);
    if (device === undefined) return;
    const before = statusOf(device).clock;
    await records.changeStatus(deviceId, { clock });
    const notable = before === undefined || Math.abs(before.offsetMs - clock.offsetMs) >= NOTABLE_MS || before.source !== clock.source;
    if (notable && device.home_id !== null) bus.publish({ type: 'device', homeId: device.home_id, deviceId });
  }

  private async tell(deviceId: string, { offsetMs, measuredAt }: ClockStatus): Promise<void> {
    const device = this.options.records.find(deviceId);
    if (device === undefined || device.home_id === null) return;
    await this.options.recordings.clockWasOff({ homeId: device.home_id, deviceId }, offsetMs);
    const text = `off by ${(offsetMs / 1_000).toFixed(1)} s`;
    await this.options.journal.note(deviceId, device.home_id, { type: 'clock', text, occurredAt: measuredAt });
  }
}
