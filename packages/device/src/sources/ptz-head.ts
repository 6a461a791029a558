import { AppError, type Clock, type Logger, type Timer } from '@cardea/core';
import type { PtzAxis, PtzPosition, PtzState } from '@cardea/protocol';
import type { CameraHead, HeadCommand, HeadOutcome, PresetList } from '../camera.ts';
import { PtzCruise } from './ptz-cruise.ts';

const axes = ['pan', 'tilt', 'zoom'] as const satisfies readonly PtzAxis[];

/** Ends of each axis and its speed at full deflection, in normalised units and units per second. */
const travel: Record<PtzAxis, { readonly min: number; readonly max: number; readonly perSecond: number }> = {
  pan: { min: -1, max: 1, perSecond: 0.4 },
  tilt: { min: -1, max: 1, perSecond: 0.5 },
  zoom: { min: 0, max: 1, perSecond: 0.35 },
};
const PAN_DEG: [number, number] = [-170, 170];
const TILT_DEG: [number, number] = [-30, 90];
const MAX_PRESETS = 16;
const DEFAULT_CONTINUOUS_MS = 1_000;
const MAX_CONTINUOUS_MS = 10_000;
const CALIBRATION_MS = 4_000;
const MIN_SPEED = 0.05;
const DEFAULT_DWELL_SEC = 10;
const DEFAULT_CRUISE: NonNullable<HeadCommand['cruise']> = { mode: 'presets' };
const PANORAMA_SPEED = 0.3;
/** A tour goes on while presets are worked with. */
const tourKeepers: ReadonlySet<HeadCommand['action']> = new Set(['setPreset', 'removePreset', 'setHome']);

type Vector = Record<PtzAxis, number>;
type Preset = PresetList['presets'][number];

interface Motion {
  readonly from: Vector;
  readonly to: Vector;
  readonly perSecond: Vector;
  readonly startMs: number;
  readonly durationMs: number;
  readonly continuous: boolean;
  readonly timer: Timer;
}

/** What a head remembers over a restart. */
export interface HeadMemory {
  readonly presets: readonly Preset[];
  readonly home: PtzPosition;
}

export interface PtzHeadOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly memory?: HeadMemory | undefined;
  /** Keeps presets and home; called after each change. */
  readonly remember?: (memory: HeadMemory) => Promise<void>;
}

/** The model of a motorised head: moves take time, end at the limits, and a continuous move always ends by itself. */
export class PtzHead implements CameraHead {
  readonly capability = {
    actions: [
      'continuous',
      'relative',
      'absolute',
      'stop',
      'gotoPreset',
      'setPreset',
      'removePreset',
      'gotoHome',
      'setHome',
      'calibrate',
      'cruiseStart',
      'cruiseStop',
    ] as HeadCommand['action'][],
    axes: [...axes],
    panDeg: PAN_DEG,
    tiltDeg: TILT_DEG,
    zoomMax: 4,
    maxPresets: MAX_PRESETS,
    maxTimeoutMs: MAX_CONTINUOUS_MS,
  };

  private readonly options: PtzHeadOptions;
  private readonly stored: Map<number, Preset>;
  private home: PtzPosition;
  private rest: Vector;
  private motion: Motion | undefined;
  private calibration: Timer | undefined;
  private cruise: PtzCruise<Vector> | undefined;

  constructor(options: PtzHeadOptions) {
    this.options = options;
    this.stored = new Map(options.memory?.presets.map((preset) => [preset.presetId, preset]));
    this.home = options.memory?.home ?? { pan: 0, tilt: 0, zoom: 0 };
    this.rest = { ...this.home };
  }

  async control(command: HeadCommand): Promise<HeadOutcome> {
    if (this.calibration !== undefined) throw new AppError('CALIBRATING');
    if (!this.capability.actions.includes(command.action)) throw new AppError('NOT_SUPPORTED', { action: command.action });
    if (command.action === 'cruiseStart') return this.startCruise(command);
    if (!tourKeepers.has(command.action)) this.endCruise();
    switch (command.action) {
      case 'continuous':
        return this.turn(command);
      case 'relative':
        return this.step(command);
      case 'absolute':
        return this.go(this.absolute(command), command.speed);
      case 'stop':
      case 'cruiseStop':
        return this.halt();
      case 'gotoPreset':
        return { ...this.go(toVector(this.preset(command).position), command.speed), presetId: this.preset(command).presetId };
      case 'setPreset':
        return await this.setPreset(command);
      case 'removePreset':
        return await this.removePreset(command);
      case 'gotoHome':
        return this.go(toVector(this.home), command.speed);
      case 'setHome':
        return await this.setHome();
      case 'calibrate':
        return this.calibrate();
      default:
        throw new AppError('NOT_SUPPORTED', { action: command.action });
    }
  }

  presets(): PresetList {
    return { presets: [...this.stored.values()].toSorted((a, b) => a.presetId - b.presetId), max: MAX_PRESETS };
  }

  status(): { state: PtzState; position: PtzPosition } {
    return { state: this.state, position: rounded(this.position()) };
  }

  private get state(): PtzState {
    if (this.calibration !== undefined) return 'calibrating';
    return this.isMoving ? 'moving' : 'idle';
  }

  private get isMoving(): boolean {
    return this.motion !== undefined || this.cruise !== undefined;
  }

  /** Tours the presets, or turns from end to end, until anything else is asked for. */
  private startCruise({ cruise, speed }: HeadCommand): HeadOutcome {
    const { mode, presetIds, dwellSec = DEFAULT_DWELL_SEC } = cruise ?? DEFAULT_CRUISE;
    const ids = presetIds ?? this.presets().presets.map(({ presetId }) => presetId);
    if (mode === 'presets' && ids.length === 0) throw new AppError('PRESET_NOT_FOUND');
    if (mode === 'presets') for (const presetId of ids) this.preset({ presetId });
    this.endCruise();
    const { tilt, zoom } = this.position();
    const ends = [travel.pan.min, travel.pan.max].map((pan) => ({ pan, tilt, zoom }));
    this.cruise = new PtzCruise({
      places: () => (mode === 'panorama' ? ends : ids.flatMap((id) => this.stored.get(id) ?? []).map(({ position }) => toVector(position))),
      goTo: (place) => {
        this.go(place, speed ?? (mode === 'panorama' ? PANORAMA_SPEED : 1));
        return this.motion?.durationMs ?? 0;
      },
      dwellMs: dwellSec * 1_000,
      onEnded: () => this.endCruise(),
      clock: this.options.clock,
    });
    this.cruise.start();
    return this.outcome([]);
  }

  private endCruise(): void {
    this.cruise?.[Symbol.dispose]();
    this.cruise = undefined;
  }

  private turn({ velocity, timeoutMs = DEFAULT_CONTINUOUS_MS }: HeadCommand): HeadOutcome {
    const running = this.runningVelocity();
    const speed = toVector({ ...running, ...velocity });
    const from = this.position();
    const durationMs = Math.min(timeoutMs, MAX_CONTINUOUS_MS);
    const to = mapAxes((axis) => clamp(axis, from[axis] + (speed[axis] * travel[axis].perSecond * durationMs) / 1_000));
    return this.move(
      to,
      mapAxes((axis) => Math.abs(speed[axis]) * travel[axis].perSecond),
      {
        wanted: axes.filter((axis) => speed[axis] !== 0),
        durationMs,
      },
    );
  }

  private step({ delta = {}, unit, speed }: HeadCommand): HeadOutcome {
    const from = this.position();
    const by = unit === 'deg' ? { ...delta, pan: scale(delta.pan, PAN_DEG), tilt: scale(delta.tilt, TILT_DEG) } : delta;
    return this.go(
      mapAxes((axis) => clamp(axis, from[axis] + (by[axis] ?? 0))),
      speed,
      axes.filter((axis) => (by[axis] ?? 0) !== 0),
    );
  }

  private absolute({ position = {}, unit }: HeadCommand): Vector {
    const to = unit === 'deg' ? { ...position, pan: place(position.pan, PAN_DEG), tilt: place(position.tilt, TILT_DEG) } : position;
    const now = this.position();
    for (const axis of axes) {
      const value = to[axis];
      if (value !== undefined && clamp(axis, value) !== value) throw new AppError('POSITION_OUT_OF_RANGE', { axis });
    }
    return mapAxes((axis) => to[axis] ?? now[axis]);
  }

  /** A move to a place. `wanted` are the axes a caller asked to move; a place already reached is not an error. */
  private go(to: Vector, speed = 1, wanted: readonly PtzAxis[] = []): HeadOutcome {
    const factor = Math.max(speed, MIN_SPEED);
    return this.move(
      to,
      mapAxes((axis) => factor * travel[axis].perSecond),
      { wanted },
    );
  }

  private move(to: Vector, perSecond: Vector, { wanted, durationMs }: { wanted: readonly PtzAxis[]; durationMs?: number }): HeadOutcome {
    const from = this.position();
    const stuck = wanted.filter((axis) => to[axis] === from[axis]);
    const timeMs = Math.max(
      ...axes.map((axis) => (to[axis] === from[axis] ? 0 : (Math.abs(to[axis] - from[axis]) / perSecond[axis]) * 1_000)),
    );
    this.settle();
    if (timeMs === 0) {
      if (wanted.length > 0 && stuck.length === wanted.length) throw new AppError('LIMIT_REACHED', { axes: stuck });
      return this.outcome([]);
    }
    // Time to the limits may be shorter than what a continuous move asked for.
    const lastsMs = durationMs === undefined ? timeMs : Math.min(timeMs, durationMs);
    const { clock, logger } = this.options;
    const timer = clock.setTimer(lastsMs, () => this.settle(lastsMs));
    this.motion = { from, to, perSecond, startMs: clock.monotonicMs(), durationMs: lastsMs, continuous: durationMs !== undefined, timer };
    logger.info({ from: rounded(from), to: rounded(to), durationMs: Math.round(lastsMs) }, 'the head moves');
    return this.outcome(stuck);
  }

  private halt(): HeadOutcome {
    this.settle();
    return this.outcome([]);
  }

  /** Ends the running motion where the head is, by default now: a timer is never on the dot. */
  private settle(elapsedMs?: number): void {
    if (this.motion === undefined) return;
    this.rest = this.position(elapsedMs);
    this.motion.timer[Symbol.dispose]();
    this.motion = undefined;
    this.options.logger.info({ position: rounded(this.rest) }, 'the head stands');
  }

  private position(sinceStartMs?: number): Vector {
    const { motion } = this;
    if (motion === undefined) return this.rest;
    const elapsedMs = Math.min(sinceStartMs ?? this.options.clock.monotonicMs() - motion.startMs, motion.durationMs);
    return mapAxes((axis) => {
      const distance = motion.to[axis] - motion.from[axis];
      const covered = Math.min(Math.abs(distance), (motion.perSecond[axis] * elapsedMs) / 1_000);
      return motion.from[axis] + Math.sign(distance) * covered;
    });
  }

  /** Axes an earlier continuous move still turns, so that a command for one axis leaves the others turning. */
  private runningVelocity(): Vector {
    const { motion } = this;
    if (motion === undefined || !motion.continuous) return toVector(undefined);
    return mapAxes((axis) => (Math.sign(motion.to[axis] - motion.from[axis]) * motion.perSecond[axis]) / travel[axis].perSecond);
  }

  private preset({ presetId }: Pick<HeadCommand, 'presetId'>): Preset {
    const preset = presetId === undefined ? undefined : this.stored.get(presetId);
    if (preset === undefined) throw new AppError('PRESET_NOT_FOUND', { presetId });
    return preset;
  }

  private async setPreset({ presetId, name }: HeadCommand): Promise<HeadOutcome> {
    if (this.isMoving) throw new AppError('PTZ_MOVING');
    const id = presetId ?? this.freePresetId();
    const used = this.stored.get(id);
    if (used === undefined && this.stored.size >= MAX_PRESETS) throw new AppError('PRESET_FULL', { max: MAX_PRESETS });
    for (const other of this.stored.values()) {
      if (name !== undefined && other.name === name && other.presetId !== id)
        throw new AppError('PRESET_EXISTS', { presetId: other.presetId });
    }
    const position = rounded(this.rest);
    this.stored.set(id, { presetId: id, name: name ?? used?.name ?? `Preset ${id}`, position, updatedAt: this.options.clock.now() });
    await this.save();
    return { ...this.outcome([]), presetId: id };
  }

  private async removePreset(command: HeadCommand): Promise<HeadOutcome> {
    const { presetId } = this.preset(command);
    this.stored.delete(presetId);
    await this.save();
    return { ...this.outcome([]), presetId };
  }

  private async setHome(): Promise<HeadOutcome> {
    if (this.isMoving) throw new AppError('PTZ_MOVING');
    this.home = rounded(this.rest);
    await this.save();
    return this.outcome([]);
  }

  private calibrate(): HeadOutcome {
    this.settle();
    this.calibration = this.options.clock.setTimer(CALIBRATION_MS, () => {
      this.calibration = undefined;
      this.rest = toVector(this.home);
    });
    return this.outcome([]);
  }

  private freePresetId(): number {
    for (let id = 1; id <= MAX_PRESETS; id += 1) if (!this.stored.has(id)) return id;
    throw new AppError('PRESET_FULL', { max: MAX_PRESETS });
  }

  private async save(): Promise<void> {
    await this.options.remember?.({ presets: this.presets().presets, home: this.home });
  }

  private outcome(limit: readonly PtzAxis[]): HeadOutcome {
    return { state: this.state, position: rounded(this.position()), ...(limit.length > 0 && { limit: [...limit] }) };
  }
}

function mapAxes(value: (axis: PtzAxis) => number): Vector {
  return { pan: value('pan'), tilt: value('tilt'), zoom: value('zoom') };
}

function toVector(partial: { readonly [axis in PtzAxis]?: number } | undefined): Vector {
  return mapAxes((axis) => partial?.[axis] ?? 0);
}

function clamp(axis: PtzAxis, value: number): number {
  return Math.min(travel[axis].max, Math.max(travel[axis].min, value));
}

/** A difference in degrees as a difference in -1..1. */
function scale(deg: number | undefined, [min, max]: readonly [number, number]): number | undefined {
  return deg === undefined ? undefined : (deg / (max - min)) * 2;
}

/** A place in degrees as a place in -1..1. */
function place(deg: number | undefined, [min, max]: readonly [number, number]): number | undefined {
  return deg === undefined ? undefined : ((deg - min) / (max - min)) * 2 - 1;
}

function rounded(vector: Vector): PtzPosition {
  return mapAxes((axis) => Math.round(vector[axis] * 10_000) / 10_000);
}
