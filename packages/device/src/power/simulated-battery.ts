import type { Clock } from '@cardea/core';
import type { BatteryState } from '@cardea/protocol';
import type { PowerUse } from '../camera.ts';

export interface SimulatedBatteryOptions {
  readonly clock: Clock;
  /** Charge at the start. Default 86. */
  readonly levelPct?: number;
  /** How much faster than in life charge comes and goes. Default 1. */
  readonly speed?: number;
  /** Another seed, another temperature. */
  readonly seed?: number;
}

/** Currents of a small Wi-Fi camera, in milliamperes. */
const drawMa: Readonly<Record<PowerUse, number>> = { asleep: 1.4, idle: 120, recording: 260, live: 330 };
const CAPACITY_MAH = 5_200;
const CHARGE_MA = 900;
const HOUR_MS = 3_600_000;
/** Voltage of a lithium-ion cell at 0, 10, 20 ... 100 % without load. */
const restMv = [3_270, 3_610, 3_690, 3_730, 3_770, 3_800, 3_850, 3_920, 3_990, 4_080, 4_180];
/** What the cell loses inside under load, in millivolts for each milliampere. */
const SAG_MV_PER_MA = 0.15;
const ROOM_C = 21;
const TEMPERATURE_STEP_MS = 60_000;
const MAX_TEMPERATURE_STEPS = 240;

/** A battery that empties by what the camera does and fills on USB, for cameras without hardware. */
export class SimulatedBattery {
  private readonly clock: Clock;
  private readonly speed: number;
  private remainingMah: number;
  private use: PowerUse = 'idle';
  private plugged = false;
  private atMs: number;
  private seed: number;
  private temperatureC = ROOM_C;
  private temperatureAtMs: number;

  constructor({ clock, levelPct = 86, speed = 1, seed = 1 }: SimulatedBatteryOptions) {
    this.clock = clock;
    this.speed = speed;
    this.seed = seed;
    this.remainingMah = (CAPACITY_MAH * levelPct) / 100;
    this.atMs = clock.monotonicMs();
    this.temperatureAtMs = this.atMs;
  }

  /** What the camera does from now on. */
  setUse(use: PowerUse): void {
    this.settle();
    this.use = use;
  }

  /** Somebody puts the cable in, or takes it out. */
  plug(plugged: boolean): void {
    this.settle();
    this.plugged = plugged;
  }

  state(): BatteryState {
    this.settle();
    const drawnMa = drawMa[this.use];
    const levelPct = Math.round((this.remainingMah / CAPACITY_MAH) * 100);
    const full = this.remainingMah >= CAPACITY_MAH;
    return {
      present: true,
      levelPct,
      charge: this.plugged ? (full ? 'full' : 'charging') : 'notCharging',
      source: this.plugged ? 'usb' : 'battery',
      voltageMv: Math.round(voltageAt(levelPct) + (this.plugged ? CHARGE_MA : -drawnMa) * SAG_MV_PER_MA),
      temperatureC: Math.round(this.temperature() * 10) / 10,
      ...(!this.plugged && { timeRemainingSec: Math.round((this.remainingMah / drawnMa) * 3_600) }),
    };
  }

  private settle(): void {
    const nowMs = this.clock.monotonicMs();
    const hours = ((nowMs - this.atMs) / HOUR_MS) * this.speed;
    this.atMs = nowMs;
    const flowMa = (this.plugged ? CHARGE_MA : 0) - drawMa[this.use];
    this.remainingMah = Math.min(CAPACITY_MAH, Math.max(0, this.remainingMah + flowMa * hours));
  }

  /** Wanders by the minute and is drawn back to the room, a little warmer while there is work. */
  private temperature(): number {
    const aimC = ROOM_C + drawMa[this.use] / 60 + (this.plugged ? 4 : 0);
    const passed = Math.floor((this.clock.monotonicMs() - this.temperatureAtMs) / TEMPERATURE_STEP_MS);
    this.temperatureAtMs += passed * TEMPERATURE_STEP_MS;
    for (let step = 0; step < Math.min(passed, MAX_TEMPERATURE_STEPS); step += 1)
      this.temperatureC += (aimC - this.temperatureC) * 0.1 + (this.chance() - 0.5) * 0.4;
    return this.temperatureC;
  }

  /** A linear congruential generator: noise that is the same in every run. */
  private chance(): number {
    this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.seed / 2 ** 32;
  }
}

function voltageAt(levelPct: number): number {
  const below = Math.min(Math.floor(levelPct / 10), restMv.length - 2);
  const low = restMv[below] ?? 0;
  const high = restMv[below + 1] ?? low;
  return low + ((high - low) * (levelPct - below * 10)) / 10;
}
