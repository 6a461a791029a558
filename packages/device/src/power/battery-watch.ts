import type { Clock } from '@cardea/core';
import { type BatteryState, batteryChange, batteryChangeDelivery, batteryTimers, type ParamsOf } from '@cardea/protocol';
import type { EventQueue } from '../vd/event-queue.ts';

export interface BatteryWatchOptions {
  /** What the hardware says. */
  readonly read: () => BatteryState;
  /** Below this the level is a warning. */
  readonly lowPct: () => number;
  readonly events: Pick<EventQueue, 'publish'>;
  /** A report would arrive now. */
  readonly maySend: () => boolean;
  readonly clock: Clock;
}

export type BatteryLevel = NonNullable<BatteryState['level']>;
type Cause = ParamsOf<typeof batteryChange>['cause'];

/** Critical is a third of the warning, so that there is a warning before it. */
const CRITICAL_PART = 1 / 3;
/** A level that wavers around a threshold does not change class with every reading. */
const RECOVERY_PCT = 2;

/** Judges the battery by the thresholds of the configuration, and reports what changed (B5.27). */
export class BatteryWatch {
  private readonly options: BatteryWatchOptions;
  private level: BatteryLevel = 'ok';
  private reported: BatteryState | undefined;
  private reportedMs = Number.NEGATIVE_INFINITY;

  constructor(options: BatteryWatchOptions) {
    this.options = options;
  }

  /** The battery with its class; without a battery, what the hardware says. */
  state(): BatteryState {
    const raw = this.options.read();
    if (!raw.present || raw.levelPct === undefined) return raw;
    const lowThresholdPct = this.options.lowPct();
    this.level = classOf(raw.levelPct, lowThresholdPct, this.level);
    return { ...raw, level: this.level, lowThresholdPct };
  }

  /** On its last reserve, and nothing feeds it. */
  get critical(): boolean {
    const { level, charge } = this.state();
    return level === 'critical' && charge !== 'charging';
  }

  /** Reports what is worth it: at most once a minute, unless the level has become critical. */
  async check(): Promise<void> {
    const { clock, events, maySend } = this.options;
    const battery = this.state();
    if (!battery.present) return;
    const cause = this.causeOf(battery);
    if (cause === undefined) return;
    const urgent = battery.level === 'critical' && this.reported?.level !== 'critical';
    if (!urgent && (!maySend() || clock.monotonicMs() - this.reportedMs < batteryTimers.minIntervalMs)) return;
    this.reported = battery;
    this.reportedMs = clock.monotonicMs();
    const report = { battery, cause };
    const delivery = batteryChangeDelivery({ eventId: '', occurredAt: 0, ...report });
    await events.publish({ ...batteryChange, delivery }, report);
  }

  private causeOf(now: BatteryState): Cause | undefined {
    const before = this.reported;
    // The platform knows nothing of it yet.
    if (before === undefined || before.source !== now.source) return 'source';
    if (before.fault !== now.fault) return 'fault';
    if (before.charge !== now.charge) return 'charge';
    if (before.level !== now.level) return 'threshold';
    return Math.abs((before.levelPct ?? 0) - (now.levelPct ?? 0)) >= batteryTimers.minChangePct ? 'level' : undefined;
  }
}

function classOf(levelPct: number, lowPct: number, before: BatteryLevel): BatteryLevel {
  const below = (threshold: number, held: boolean): boolean => levelPct < threshold + (held ? RECOVERY_PCT : 0);
  if (below(lowPct * CRITICAL_PART, before === 'critical')) return 'critical';
  return below(lowPct, before !== 'ok') ? 'warning' : 'ok';
}
