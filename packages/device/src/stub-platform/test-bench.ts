import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, VirtualClock } from '@cardea/core';
import { type Agent, createAgent } from '../agent.ts';
import type { AgentOptions } from '../agent-state.ts';
import type { Camera, MediaReceiver, ReadOptions } from '../camera.ts';
import { RunningDevice, type RunningDeviceOptions } from '../running-device.ts';
import { createSimulatedCamera } from '../sources/simulated.ts';
import { StubPlatform } from './stub-platform.ts';

interface BenchSetting {
  readonly clock: VirtualClock;
  readonly stateDirectory: string;
  readonly withPictures: boolean;
}

const PATIENCE_MS = 10_000;
const MEDIA_STEP_MS = 40;
const MESSAGE_STEP_MS = 250;

/** A device, a platform by hand, and a clock that both share and that only the test moves. */
export class TestBench implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly platform: StubPlatform;
  readonly stateDirectory: string;
  private readonly started: AsyncDisposable[] = [];
  private readonly withPictures: boolean;

  private constructor(platform: StubPlatform, { clock, ...setting }: BenchSetting) {
    this.clock = clock;
    this.platform = platform;
    this.stateDirectory = setting.stateDirectory;
    this.withPictures = setting.withPictures;
  }

  /** @param options without pictures the lens is covered, which makes long times short for whatever is about messages alone */
  static async open({ withPictures = true }: { readonly withPictures?: boolean } = {}): Promise<TestBench> {
    const clock = new VirtualClock();
    const stateDirectory = await mkdtemp(join(tmpdir(), 'cardea-device-'));
    return new TestBench(await StubPlatform.start(clock), { clock, stateDirectory, withPictures });
  }

  async camera(): Promise<Camera> {
    const camera = await createSimulatedCamera({ clock: this.clock, logger: silentLogger });
    this.started.push(camera);
    return this.withPictures ? camera : covered(camera);
  }

  /** An agent that has been started; ended with the bench unless the test does. */
  async agent(options: Partial<AgentOptions> = {}): Promise<Agent> {
    const camera = options.camera ?? (await this.camera());
    const agent = await createAgent({
      platformUrl: this.platform.url,
      stateDirectory: this.stateDirectory,
      camera,
      clock: this.clock,
      ...options,
    });
    this.started.push(agent);
    agent.start();
    return agent;
  }

  /** An agent that is online. */
  async onlineAgent(options: Partial<AgentOptions> = {}): Promise<Agent> {
    const agent = await this.agent(options);
    await this.until(() => agent.online, 'the device comes online');
    return agent;
  }

  /** A device that restarts when it is asked to, with a simulated camera. */
  async device(options: Partial<RunningDeviceOptions> = {}): Promise<RunningDevice> {
    const { clock, platform, stateDirectory } = this;
    const openCamera = (): Promise<Camera> => createSimulatedCamera({ clock, logger: silentLogger });
    const device = await RunningDevice.start({ platformUrl: platform.url, stateDirectory, openCamera, clock, ...options });
    this.started.push(device);
    await this.until(() => device.online, 'the device comes online');
    return device;
  }

  /** Waits for what only the network and the disk decide; time stands still. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition()) {
      assert.ok(performance.now() < deadline, `expected: ${what}`);
      await turn();
    }
  }

  /**
   * Lets time pass until `condition` holds or `ms` are over, slowly enough for network and disk to keep up: 40 ms at a time
   * where media flows, more where only messages do.
   */
  async pass(ms: number, condition: () => boolean = () => false, stepMs = MEDIA_STEP_MS): Promise<void> {
    for (let passed = 0; passed < ms && !condition(); passed += stepMs) {
      await this.clock.advance(Math.min(stepMs, ms - passed));
      await turn();
    }
  }

  /** As `pass`, for times in which only messages flow. */
  async idle(ms: number): Promise<void> {
    await this.pass(ms, undefined, MESSAGE_STEP_MS);
  }

  /** Lets at most `ms` pass until `condition` holds. */
  async within(ms: number, condition: () => boolean, what: string, stepMs?: number): Promise<void> {
    await this.pass(ms, condition, stepMs);
    await this.until(condition, what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ending = this.started.reverse().reduce(async (before, part) => {
      await before;
      await part[Symbol.asyncDispose]();
    }, Promise.resolve());
    // Parting words have deadlines of their own; the clock has to go on for them.
    let ended = false;
    void ending.finally(() => {
      ended = true;
    });
    await this.pass(60_000, () => ended);
    await ending;
    await this.platform[Symbol.asyncDispose]();
    await rm(this.stateDirectory, { recursive: true, force: true });
  }
}

/** The same camera, whose streams send nothing. */
function covered(camera: Camera): Camera {
  const read = (_receiver: MediaReceiver, { signal }: ReadOptions): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  const channels = camera.channels.map((channel) => ({
    ...channel,
    streams: channel.streams.map((stream) => ({ ...stream, read })),
    detections: [],
  }));
  return { ...camera, channels };
}

/** Lets network and disk do what they have ready; a disk that is slow holds up the time of the test. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  await stat(tmpdir());
}
