import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Clock, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import { RunningDevice } from '../running-device.ts';
import { SceneClips } from '../sources/simulated.ts';
import { type FaultCounts, type FleetFault, faultyNetwork, skewedClock } from './fleet-faults.ts';
import { type FleetProfile, openProfileCamera, profileAlarms } from './fleet-profiles.ts';

export interface FleetOptions {
  readonly platformUrl: string;
  readonly count: number;
  /** Each device has a directory of its own below. */
  readonly stateDirectory: string;
  /** Taken in turn. */
  readonly profiles: readonly FleetProfile[];
  readonly faults: readonly FleetFault[];
  /** What binds the device with this index, from 0, at its first start; asked when it is about to start. */
  readonly bindingCode: (index: number) => Promise<string | undefined>;
  /** What the devices record to the platform. A fleet that records all the time needs a machine to match. */
  readonly recording: 'off' | 'event' | 'continuous';
  /** The devices start within this time, each at a moment of its own. */
  readonly spreadMs: number;
  /** Mean time between two alarms of a device that has a bell or a motion sensor. */
  readonly alarmEveryMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface FleetState extends FaultCounts {
  readonly wanted: number;
  readonly started: number;
  readonly failed: number;
  readonly bound: number;
  readonly online: number;
  readonly asleep: number;
  readonly alarms: number;
}

/** Many simulated devices in one process, which read the same clips. */
export class Fleet implements AsyncDisposable {
  private readonly options: FleetOptions;
  private readonly clips = new SceneClips();
  private readonly running: RunningDevice[] = [];
  private readonly counts: FaultCounts = { cuts: 0, lostAnswers: 0, delays: 0 };
  private readonly lifetime: Lifetime;
  private failed = 0;
  private alarms = 0;

  constructor(options: FleetOptions) {
    if (!Number.isInteger(options.count) || options.count < 1 || options.profiles.length === 0) throw new AppError('INVALID_PARAMS');
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  get state(): FleetState {
    const count = (holds: (device: RunningDevice) => boolean): number => this.running.filter(holds).length;
    return {
      wanted: this.options.count,
      started: this.running.length,
      failed: this.failed,
      bound: count((device) => device.bound),
      online: count((device) => device.online),
      asleep: count((device) => device.agent.asleep),
      alarms: this.alarms,
      ...this.counts,
    };
  }

  /** The devices that run, in the order of their start. */
  get devices(): readonly RunningDevice[] {
    return this.running;
  }

  /** Begins to start the devices; returns at once. A device that does not start is counted and logged, and the others go on. */
  start(): void {
    for (let index = 0; index < this.options.count; index += 1)
      this.lifetime.run('simulated device', (signal) => this.runOne(index, signal));
  }

  /** Ends every device cleanly. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
    await Promise.allSettled(this.running.map((device) => device[Symbol.asyncDispose]()));
    await this.clips[Symbol.asyncDispose]();
  }

  private async runOne(index: number, signal: AbortSignal): Promise<void> {
    const { clock, logger, profiles, random, spreadMs } = this.options;
    const profile = profiles[index % profiles.length] ?? 'camera';
    await sleep(clock, random.fraction() * spreadMs, { signal });
    try {
      const device = await this.startOne(index, profile);
      this.running.push(device);
      await this.sense(device, profile, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.failed += 1;
      logger.error({ err: error, index, profile }, 'a simulated device failed');
    }
  }

  private async startOne(index: number, profile: FleetProfile): Promise<RunningDevice> {
    const { bindingCode, clips, faults, platformUrl, random, recording } = { ...this.options, clips: this.clips };
    const stateDirectory = join(this.options.stateDirectory, `device-${String(index + 1).padStart(4, '0')}`);
    const isNew = !(await exists(join(stateDirectory, 'config.json')));
    const code = isNew ? await bindingCode(index) : undefined;
    const clock = faults.includes('clock-skew') ? skewedClock(this.options.clock, random) : this.options.clock;
    const logger = this.options.logger.child({ device: index + 1, profile });
    const device = await RunningDevice.start({
      platformUrl,
      stateDirectory,
      ...(code !== undefined && { bindingCode: code }),
      openCamera: () => openProfileCamera(profile, { clock, logger, clips, stateDirectory, index }),
      ...(faults.length > 0 && { network: faultyNetwork({ faults, random, counts: this.counts }) }),
      clock,
      random,
      logger,
    });
    if (isNew) {
      const channels = profile === 'nvr' ? device.agent.capabilities.channels.map(({ channel }) => channel) : [1];
      for (const channel of channels) await device.agent.configure({ 'record.cloud.mode': recording }, channel);
    }
    return device;
  }

  /** Somebody rings, somebody passes by. */
  private async sense(device: RunningDevice, profile: FleetProfile, signal: AbortSignal): Promise<void> {
    const { alarmEveryMs, clock, random } = this.options;
    const alarmType = profileAlarms[profile];
    while (alarmType !== undefined && !signal.aborted) {
      await sleep(clock, alarmEveryMs * (0.5 + random.fraction()), { signal });
      if ((await device.agent.raiseAlarm({ channel: 1, alarmType })) !== undefined) this.alarms += 1;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
