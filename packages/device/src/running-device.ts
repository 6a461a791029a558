import { Backoff, createRandom, Lifetime, SystemClock, silentLogger, sleep } from '@cardea/core';
import { type Agent, createAgent } from './agent.ts';
import type { AgentOptions } from './agent-state.ts';
import type { Camera } from './camera.ts';
import type { Restart } from './restarts.ts';

/** `log` is closed with the device. */
export interface RunningDeviceOptions extends Omit<AgentOptions, 'camera'> {
  /** Called at every start of the device: a restart opens the camera anew. */
  readonly openCamera: () => Promise<Camera>;
}

interface Running {
  readonly agent: Agent;
  readonly camera: Camera;
}

const START_AGAIN = { baseMs: 1_000, maxMs: 30_000 };

/**
 * A device that runs until it is disposed or switched off: an agent together with its camera, built anew from the state
 * directory whenever the device restarts.
 */
export class RunningDevice implements AsyncDisposable {
  /** Resolves when the platform has switched the device off. */
  readonly poweredDown: Promise<void>;
  private readonly options: RunningDeviceOptions;
  private readonly lifetime: Lifetime;
  private running: Running;
  /** Between two runs there is nothing to end. */
  private down = false;
  private readonly powerDown: () => void;

  private constructor(options: RunningDeviceOptions, running: Running) {
    this.options = options;
    this.running = running;
    this.lifetime = new Lifetime(options.logger ?? silentLogger);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.poweredDown = promise;
    this.powerDown = resolve;
  }

  /** Resolves once the device acts. @throws AppError as `openCamera` and `createAgent` */
  static async start(options: RunningDeviceOptions): Promise<RunningDevice> {
    const device = new RunningDevice(options, await run(options));
    device.lifetime.run('supervision', (signal) => device.supervise(signal));
    return device;
  }

  get deviceId(): string {
    return this.running.agent.deviceId;
  }

  /** The agent of the present run; while the device is down, that of the last. */
  get agent(): Agent {
    return this.running.agent;
  }

  get bound(): boolean {
    return this.running.agent.bound;
  }

  get online(): boolean {
    return !this.down && this.running.agent.online;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
    if (!this.down) await end(this.running);
    await this.options.log?.[Symbol.asyncDispose]();
  }

  private async supervise(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
    while (!signal.aborted) {
      const { agent } = this.running;
      void agent.poweredDown.then(this.powerDown);
      const restart = await Promise.race([agent.restart, stopped]);
      if (restart === undefined) return;
      await this.restart(restart, signal);
    }
  }

  private async restart({ downTimeMs }: Restart, signal: AbortSignal): Promise<void> {
    const { clock = new SystemClock() } = this.options;
    await end(this.running);
    this.down = true;
    await sleep(clock, downTimeMs, { signal });
    this.running = await this.comeUp(signal);
    this.down = false;
  }

  /** A device that does not come up tries again: nobody is there to press a button. @throws AppError CANCELLED */
  private async comeUp(signal: AbortSignal): Promise<Running> {
    const { clock = new SystemClock(), logger = silentLogger } = this.options;
    const random = this.options.random ?? createRandom(clock);
    const backoff = new Backoff({ ...START_AGAIN, random: () => random.fraction() });
    while (true) {
      try {
        return await run(this.options);
      } catch (error) {
        logger.error({ err: error }, 'the device did not come up and tries again');
        await sleep(clock, backoff.next(), { signal });
      }
    }
  }
}

async function run({ openCamera, ...options }: RunningDeviceOptions): Promise<Running> {
  const camera = await openCamera();
  try {
    const agent = await createAgent({ ...options, camera });
    agent.start();
    return { agent, camera };
  } catch (error) {
    await camera[Symbol.asyncDispose]();
    throw error;
  }
}

async function end({ agent, camera }: Running): Promise<void> {
  await agent[Symbol.asyncDispose]();
  await camera[Symbol.asyncDispose]();
}
