import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@cardea/api';
import { type Clock, createLogger, SystemClock, silentLogger } from '@cardea/core';
import { type Camera, createSimulatedCamera, DeviceLog, RunningDevice, type RunningDeviceOptions } from '@cardea/device';
import { eventually } from '../eventually.ts';
import type { Owner } from '../owner.ts';
import { startPlatformHere } from './platform-here.ts';

export interface SystemOptions {
  /** Settings of the platform, by dotted name. */
  readonly platform?: Readonly<Record<string, unknown>>;
  /** The clock of the device's machine. */
  readonly deviceClock?: Clock;
  readonly device?: Partial<RunningDeviceOptions>;
  /** Called at every start of the device. */
  readonly openCamera?: typeof openSimulatedCamera;
}

/** A platform and one bound device that is online, in this process, joined by real sockets. */
export interface System extends AsyncDisposable {
  readonly url: string;
  readonly owner: Owner;
  readonly client: Client;
  readonly device: RunningDevice;
  readonly deviceId: string;
  readonly stateDirectory: string;
}

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { deviceClock: clock = new SystemClock(), openCamera = openSimulatedCamera } = options;
  await using stack = new AsyncDisposableStack();
  const { url, owner } = stack.use(await startPlatformHere(options.platform));
  const { client, homeId } = owner;
  const stateDirectory = await mkdtemp(join(tmpdir(), 'cardea-device-'));
  stack.defer(() => rm(stateDirectory, { recursive: true, force: true }));
  const log = await DeviceLog.open({ stateDirectory, clock });
  const { code } = await client.call('bindingCode.create', { params: { id: homeId }, body: {} });
  const device = stack.use(
    await RunningDevice.start({
      platformUrl: url,
      stateDirectory,
      bindingCode: code,
      openCamera: () => openCamera({ clock, stateDirectory }),
      clock,
      log,
      logger: createLogger('silent', log),
      ...options.device,
    }),
  );
  const { deviceId } = device;
  await eventually('the device is bound, online and known', async () => {
    const { state, capabilities } = await client.call('device.get', { params: { id: deviceId } });
    return device.bound && state === 'online' && capabilities !== null ? true : undefined;
  });
  const running = stack.move();
  return { url, owner, client, device, deviceId, stateDirectory, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function openSimulatedCamera(at: { readonly clock: Clock; readonly stateDirectory: string }): Promise<Camera> {
  return createSimulatedCamera({ ...at, logger: silentLogger });
}
