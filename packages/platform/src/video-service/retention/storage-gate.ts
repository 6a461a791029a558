import { AppError, type Clock, type Logger } from '@cardea/core';
import type { SegmentKind } from '@cardea/protocol';
import type { StoragePlan, StoragePlans } from '../storage-plan.ts';
import type { BoundDevice } from '../vr-access.ts';
import type { RetentionPolicies } from './retention-policies.ts';
import { levelOf, type Volume, type VolumeLevel } from './volume.ts';

export interface StorageGateOptions {
  readonly volume: Volume;
  readonly policies: RetentionPolicies;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells the members of a home that nothing can be stored any more. */
  readonly notices?: { full(device: BoundDevice, occurredAt: number): Promise<void> };
}

const MEASURED_MS = 1_000;
/** Recording goes on within five seconds after room is made (reliability.md P6). */
const RETRY_MS = 3_000;
/** A volume that is full now and then is told once in this time. */
const TOLD_MS = 60 * 60_000;
const MAX_HOMES = 10_000;
/** Who announced something in this time records. */
const RECORDING_MS = 2 * 60_000;

const refused: Readonly<Record<VolumeLevel, readonly SegmentKind[]>> = {
  normal: [],
  freeing: [],
  noBackfill: ['backfill'],
  // What happens all the time waits for what matters.
  essential: ['backfill', 'continuous'],
  full: ['backfill', 'continuous', 'event', 'manual'],
};

/** Lets segments in as far as there is room for them and their home keeps them. */
export class StorageGate implements StoragePlans {
  private readonly options: StorageGateOptions;
  private measured: { readonly atMs: number; readonly level: VolumeLevel } | undefined;
  private readonly told = new Map<string, number>();
  /** By home, who announced something last, and when (monotonic). */
  private readonly recording = new Map<string, { readonly device: BoundDevice; readonly atMs: number }>();

  constructor(options: StorageGateOptions) {
    this.options = options;
  }

  async planOf(homeId: string, deviceId?: string): Promise<StoragePlan> {
    const { mode, days } = await this.options.policies.of({ homeId, ...(deviceId !== undefined && { deviceId }) });
    return { active: mode !== 'off', kind: mode === 'off' ? 'none' : mode, retainDays: days };
  }

  /** @throws AppError NO_CAPACITY with a time to try again when the volume has no room for segments of this kind */
  async admit(device: BoundDevice, kind: SegmentKind): Promise<void> {
    setLast(this.recording, device.homeId, { device, atMs: this.options.clock.monotonicMs() });
    const level = await this.level();
    if (!refused[level].includes(kind)) return;
    await this.tell(device);
    throw new AppError('NO_CAPACITY', { level }, { retryAfterMs: RETRY_MS });
  }

  /** Tells homes that record that there is no room any more, before their cameras announce what is refused; call every few seconds. */
  async watch(): Promise<void> {
    if (!refused[await this.level()].includes('continuous')) return;
    const now = this.options.clock.monotonicMs();
    for (const { device, atMs } of this.recording.values()) if (now - atMs < RECORDING_MS) await this.tell(device);
  }

  /** Forgets what was measured: something was stored or removed. */
  changed(): void {
    this.measured = undefined;
  }

  private async level(): Promise<VolumeLevel> {
    const { clock, volume } = this.options;
    if (this.measured !== undefined && clock.monotonicMs() - this.measured.atMs < MEASURED_MS) return this.measured.level;
    const level = levelOf(await volume.room());
    this.measured = { atMs: clock.monotonicMs(), level };
    return level;
  }

  private async tell(device: BoundDevice): Promise<void> {
    const { clock, logger, notices } = this.options;
    const lastMs = this.told.get(device.homeId);
    if (lastMs !== undefined && clock.monotonicMs() - lastMs < TOLD_MS) return;
    setLast(this.told, device.homeId, clock.monotonicMs());
    logger.error({ homeId: device.homeId }, 'there is no room for recordings');
    await notices?.full(device, clock.now());
  }
}

/** Sets the newest entry, of at most `MAX_HOMES`. */
function setLast<T>(entries: Map<string, T>, homeId: string, entry: T): void {
  entries.delete(homeId);
  entries.set(homeId, entry);
  const [oldest] = entries.keys();
  if (entries.size > MAX_HOMES && oldest !== undefined) entries.delete(oldest);
}
