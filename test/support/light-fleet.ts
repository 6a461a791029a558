import { setTimeout as delay } from 'node:timers/promises';
import { LightDevice, type LightDeviceOptions } from './light-device.ts';

export interface StormReport {
  readonly devices: number;
  /** Connections that were tried. */
  readonly attempts: number;
  /** From the cut until the last was back. */
  readonly lastBackMs: number;
}

const CONNECTING_AT_ONCE = 64;
const LOOK_MS = 100;
const PING_MS = 1_000;

/** Many light devices in this process. */
export class LightFleet implements AsyncDisposable {
  readonly devices: LightDevice[] = [];
  private readonly options: Omit<LightDeviceOptions, 'platformUrl'>;
  private pinging: AbortController | undefined;
  private pings: Promise<readonly number[]> = Promise.resolve([]);

  constructor(options: Omit<LightDeviceOptions, 'platformUrl'> = {}) {
    this.options = options;
  }

  /** Connects so many more. */
  async connect(platformUrl: string, count: number): Promise<void> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const device = new LightDevice({ ...this.options, platformUrl });
        this.devices.push(device);
        await device.start();
      }
    };
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, worker));
  }

  /** All lose their connection at once; resolves when all are back. */
  async storm(): Promise<StormReport> {
    const { devices } = this;
    const attempts = (): number => devices.reduce((sum, device) => sum + device.attempts, 0);
    const before = attempts();
    const startedMs = performance.now();
    for (const device of devices) device.cut();
    // A cut is noticed in a later turn; until then the devices look online.
    do await delay(LOOK_MS);
    while (!devices.every(({ online }) => online));
    return { devices: devices.length, attempts: attempts() - before, lastBackMs: performance.now() - startedMs };
  }

  /** Each sends a keep-alive a second from now on, at a moment of its own. */
  startPings(): void {
    this.pinging = new AbortController();
    const { signal } = this.pinging;
    this.pings = Promise.all(
      this.devices.map(async (device, index) => {
        const roundTripsMs: number[] = [];
        await delay((index / this.devices.length) * PING_MS);
        for (let seq = 2; !signal.aborted; seq += 1) {
          const sentMs = performance.now();
          await device.keepAlive(seq);
          roundTripsMs.push(performance.now() - sentMs);
          await delay(PING_MS);
        }
        return roundTripsMs;
      }),
    ).then((each) => each.flat());
  }

  /** Round trips since `startPings`, in ms. @throws AppError TIMEOUT | GOING_AWAY when one had no answer */
  async stopPings(): Promise<readonly number[]> {
    this.pinging?.abort();
    return await this.pings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.devices.map((device) => device.stop()));
  }
}
