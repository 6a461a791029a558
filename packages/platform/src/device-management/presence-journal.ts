import type { Clock, Lifetime } from '@cardea/core';
import { type DeviceRecords, statusOf } from './device-records.ts';
import type { EventJournal } from './event-journal.ts';
import type { DeviceConnections, Presence, RecordingFacts } from './ports.ts';

interface PresenceJournalOptions {
  readonly records: DeviceRecords;
  readonly journal: EventJournal;
  readonly connections: DeviceConnections;
  readonly recordings: RecordingFacts;
  readonly clock: Clock;
  readonly lifetime: Lifetime;
}

/** So many at a time, since what comes together shares commits. */
const BATCH = 32;

type KnownPresence = Exclude<Presence, 'suspect'>;

/** Notes in a home's events when its devices come and go. A short loss (`suspect`) is neither, and a device that sleeps is there. */
export class PresenceJournal {
  private readonly options: PresenceJournalOptions;
  /** The newest presence per device that is not written yet. */
  private readonly waiting = new Map<string, { readonly presence: KnownPresence; readonly occurredAt: number }>();
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
    this.waiting.set(deviceId, { presence, occurredAt: this.options.clock.now() });
    if (this.writing) return;
    this.writing = true;
    this.options.lifetime.run('record of comings and goings', () => this.write());
  }

  private async write(): Promise<void> {
    try {
      while (this.waiting.size > 0) {
        const batch = [...this.waiting].slice(0, BATCH);
        for (const [deviceId] of batch) this.waiting.delete(deviceId);
        await Promise.all(batch.map(([deviceId, { presence, occurredAt }]) => this.note(deviceId, presence, occurredAt)));
      }
    } finally {
      this.writing = false;
    }
  }

  private async note(deviceId: string, presence: KnownPresence, occurredAt: number): Promise<void> {
    const { connections, journal, recordings, records } = this.options;
    const device = records.find(deviceId);
    if (device === undefined || device.home_id === null) return;
    // A loss is noticed late: the device was away since it was heard last.
    const since = presence === 'offline' ? Math.min(occurredAt, connections.lastHeardAt(deviceId) ?? occurredAt) : occurredAt;
    await recordings.set({ homeId: device.home_id, deviceId, channel: 0 }, 'presence', presence, since);
    const connected = presence !== 'offline';
    if ((statusOf(device).connected ?? false) === connected) return;
    await records.changeStatus(deviceId, { connected });
    await journal.note(deviceId, device.home_id, { type: connected ? 'online' : 'offline', occurredAt });
  }
}
