import { type Clock, Lifetime, type Logger, sleep } from '@cardea/core';
import type { Bus, Db } from '../store/ports.ts';

interface Sighting {
  readonly heardAt: number;
  /** Tell the bus, because what is shown about the device changed. */
  readonly announce: boolean;
}

const BATCH = 500;
/** Writes stop the process while they wait for the disk, so what comes soon after one waits for the next. */
const PAUSE_MS = 250;

/** Writes when devices were seen last, many in one transaction, and tells the bus whose presence changed. */
export class PresenceRecorder implements AsyncDisposable {
  private readonly db: Db;
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly lifetime: Lifetime;
  /** One entry per device at most. */
  private readonly waiting = new Map<string, Sighting>();
  private draining = false;

  constructor({ db, bus, clock, logger }: { readonly db: Db; readonly bus: Bus; readonly clock: Clock; readonly logger: Logger }) {
    this.db = db;
    this.bus = bus;
    this.clock = clock;
    this.lifetime = new Lifetime(logger);
  }

  /** Notes when a device was heard; returns at once. */
  note(deviceId: string, { heardAt, announce }: Sighting): void {
    this.waiting.set(deviceId, { heardAt, announce: announce || this.waiting.get(deviceId)?.announce === true });
    if (this.draining) return;
    this.draining = true;
    this.lifetime.run('record of presence', (signal) => this.drain(signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  /** At the end what waits is written without a pause. */
  private async drain(signal: AbortSignal): Promise<void> {
    try {
      while (this.waiting.size > 0) {
        await this.write([...this.waiting].slice(0, BATCH));
        if (!signal.aborted) await sleep(this.clock, PAUSE_MS, { signal }).catch(() => {});
      }
    } finally {
      this.draining = false;
    }
  }

  private async write(batch: readonly (readonly [string, Sighting])[]): Promise<void> {
    for (const [deviceId] of batch) this.waiting.delete(deviceId);
    const homes = await this.db.transaction().execute(async (tx) => {
      const found: { readonly deviceId: string; readonly homeId: string }[] = [];
      for (const [deviceId, { heardAt, announce }] of batch) {
        const row = await tx
          .updateTable('device')
          .set({ last_seen_at: heardAt })
          .where('id', '=', deviceId)
          .returning('home_id')
          .executeTakeFirst();
        if (announce && row !== undefined && row.home_id !== null) found.push({ deviceId, homeId: row.home_id });
      }
      return found;
    });
    for (const { deviceId, homeId } of homes) this.bus.publish({ type: 'device', homeId, deviceId });
  }
}
