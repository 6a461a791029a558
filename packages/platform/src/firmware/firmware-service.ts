import { type Clock, Lifetime, type Logger, sleep } from '@cardea/core';
import type { Bus, BusMessageOf, Db } from '../store/ports.ts';
import { Campaigns, type CampaignsOptions } from './campaigns.ts';
import { FirmwareCatalogue, type FirmwareCatalogueOptions } from './firmware-catalogue.ts';
import type { DeviceMessages, DeviceNotices } from './ports.ts';
import { statusIn, UpgradeTasks } from './upgrade-tasks.ts';

export interface FirmwareServiceOptions extends FirmwareCatalogueOptions, Pick<CampaignsOptions, 'logger'> {
  readonly db: Db;
  readonly bus: Bus;
  readonly devices: DeviceMessages;
  readonly notices: DeviceNotices;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Upgrades whose devices say nothing are asked about this often. */
const ROUND_MS = 15_000;
const PARALLEL = 16;
/** What is dropped above this is asked about in the next round. */
const MAX_REPORTS = 1_000;

/**
 * Firmware of devices: the catalogue, the upgrades of single devices and their roll-out in waves. Everything is in the
 * store, so a restart goes on where it was.
 */
export class FirmwareService implements AsyncDisposable {
  readonly catalogue: FirmwareCatalogue;
  readonly campaigns: Campaigns;
  private readonly options: FirmwareServiceOptions;
  private readonly tasks: UpgradeTasks;
  private readonly lifetime: Lifetime;
  private reports: BusMessageOf<'alarm'>[] = [];
  private wake: () => void = () => {};

  constructor(options: FirmwareServiceOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
    this.catalogue = new FirmwareCatalogue(options);
    this.tasks = new UpgradeTasks(options);
    this.campaigns = new Campaigns({ ...options, catalogue: this.catalogue, tasks: this.tasks });
  }

  /** Begins to follow upgrades and to roll out. */
  start(): void {
    const { bus } = this.options;
    this.lifetime.own(
      bus.subscribe('alarm', (message) => {
        if (this.reports.length < MAX_REPORTS) this.reports.push(message);
        this.wake();
      }),
    );
    this.lifetime.own(bus.subscribe('device', () => this.wake()));
    this.lifetime.run('firmware', (signal) => this.goOn(signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async goOn(signal: AbortSignal): Promise<void> {
    const { logger } = this.options;
    await this.catalogue.sweep().catch((error: unknown) => logger.warn({ err: error }, 'remains of uploads could not be removed'));
    while (!signal.aborted) {
      const { promise: woken, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      await this.round(signal).catch((error: unknown) => logger.warn({ err: error }, 'upgrades could not be followed'));
      await this.pause(woken, signal);
    }
  }

  private async round(signal: AbortSignal): Promise<void> {
    for (const message of this.reports.splice(0)) await this.takeReport(message);
    const open = await this.tasks.open();
    for (let next = 0; next < open.length && !signal.aborted; next += PARALLEL) {
      await Promise.all(open.slice(next, next + PARALLEL).map(({ id }) => this.tasks.follow(id, signal)));
    }
    await this.campaigns.advance(signal);
  }

  /** News comes in bursts; a second between two rounds gathers them. */
  private async pause(woken: Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    await sleep(clock, 1_000, { signal });
    const rest = new AbortController();
    await Promise.race([woken, sleep(clock, ROUND_MS, { signal: AbortSignal.any([signal, rest.signal]) }).catch(() => {})]);
    rest.abort();
  }

  private async takeReport({ id, deviceId, homeId }: BusMessageOf<'alarm'>): Promise<void> {
    const row = await this.options.db
      .selectFrom('device_event')
      .select('params')
      .where('id', '=', id)
      .where('device_id', '=', deviceId)
      .where('home_id', '=', homeId)
      .where('type', '=', 'firmware')
      .executeTakeFirst();
    const status = row === undefined ? undefined : statusIn(JSON.parse(row.params));
    if (status !== undefined) await this.tasks.report({ deviceId, homeId }, status);
  }
}
