import type { Clock, Lifetime } from '@cardea/core';
import { type DeviceRecords, statusOf } from './device-records.ts';
import type { EventJournal } from './event-journal.ts';
import type { DeviceConnections, Presence } from './ports.ts';

interface PresenceJournalOptions {
  readonly records: DeviceRecords;
  readonly journal: EventJournal;
  readonly connections: DeviceConnections;
  readonly clock: Clock;
  readonly lifetime: Lifetime;
}

/** Notes in a home's events when its devices come and go. A short loss (`suspect`) is neither, and a device that sleeps is there. */
export class PresenceJournal {
  private readonly options: PresenceJournalOptions;
  /** The newest presence per device that is not written yet. */
  private readonly waiting = new Map<string, { readonly connected: boolean; readonly occurredAt: number }>();
  private writing = false;

  constructor(options: PresenceJournalOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    const { connections, lifetime, records } = this.options;
    lifetime.own(connections.watch(({ deviceId, presence }) => this.onChange(deviceId, presence)));
    connections.expect(await records.connectedBefore());
  }

  private onChange(deviceId: string, presence: Presence): void {
    if (presence === 'suspect') return;
    this.waiting.set(deviceId, { connected: presence !== 'offline', occurredAt: this.options.clock.now() });
    if (this.writing) return;
    this.writing = true;
    this.options.lifetime.run('record of comings and goings', () => this.write());
  }

  private async write(): Promise<void> {
    try {
      for (let [next] = this.waiting; next !== undefined; [next] = this.waiting) {
        const [deviceId, { connected, occurredAt }] = next;
        this.waiting.delete(deviceId);
        await this.note(deviceId, connected, occurredAt);
      }
    } finally {
      this.writing = false;
    }
  }

  private async note(deviceId: string, connected: boolean, occurredAt: number): Promise<void> {
    const { journal, records } = this.options;
    const device = await records.find(deviceId);
    if (device === undefined || device.home_id === null || (statusOf(device).connected ?? false) === connected) return;
    await records.changeStatus(deviceId, { connected });
    await journal.note(deviceId, device.home_id, { type: connected ? 'online' : 'offline', occurredAt });
  }
}
