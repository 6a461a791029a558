import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@cardea/api';
import { type RunningDevice, runDevice } from '@cardea/device';
import { type Config, loadConfig, type Platform, startPlatform } from '@cardea/platform';
import { Command } from 'commander';
import { terminal } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';
import { findWebDirectory } from '../web-directory.ts';

const PORTS_TO_TRY = 20;
const BINDING_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

interface OwnerOfDemo {
  readonly token: string;
  readonly homeId: string;
}

const cameras = [
  { name: 'Front door', source: 'simulated:front-door' },
  { name: 'Garden', source: 'simulated:garden' },
] as const;

export const demo = new Command('demo')
  .description('the whole system on a throw-away data directory: an owner, a home and two simulated cameras that record')
  .option('--listen <host:port>', 'address of the HTTP port; the next free port is taken when it is in use', '127.0.0.1:8780')
  .action(async ({ listen }: { listen: string }) => {
    await using stack = new AsyncDisposableStack();
    const directory = stack.adopt(await mkdtemp(join(tmpdir(), 'cardea-demo-')), (path) => rm(path, { recursive: true, force: true }));
    terminal.note('Starting the platform and two simulated cameras');
    const platform = stack.use(await startOnFreePort(listen, join(directory, 'data')));
    const { token, homeId } = await makeOwner(platform);
    for (const camera of cameras) stack.use(await addCamera(platform, { ...camera, token, homeId, directory }));
    terminal.print(`Open ${platform.url}/#login=${await platform.accounts.createOneTimeToken(token)}`);
    terminal.note('Everything is removed at the end; Ctrl-C stops it.');
    await untilStopped(terminal);
  });

async function startOnFreePort(listen: string, data: string): Promise<Platform> {
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(listen) ?? [];
  for (let tries = 0; ; tries += 1) {
    const config: Config = loadConfig({ flags: { data, listen: `${host}:${Number(port) + tries}`, logLevel: 'warn' }, env: process.env });
    try {
      return await startPlatform(config, { webDirectory: findWebDirectory() });
    } catch (error) {
      if (!isPortTaken(error) || tries === PORTS_TO_TRY) throw error;
    }
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'EADDRINUSE';
}

/** The first user of the throw-away data, whose password nobody knows: the printed link is the only way in. */
async function makeOwner(platform: Platform): Promise<OwnerOfDemo> {
  const setupToken = new URL(platform.setupLink ?? platform.url).searchParams.get('token') ?? '';
  const client = createClient({ baseUrl: platform.url });
  const body = { setupToken, email: 'owner@demo.example', password: crypto.randomUUID(), name: 'Owner' };
  const { token } = await client.call('setup.create', { body });
  const { items } = await createClient({ baseUrl: platform.url, token }).call('home.list', {});
  const [home] = items;
  if (home === undefined) throw new Error('the set-up made no home');
  return { token, homeId: home.id };
}

async function addCamera(
  platform: Platform,
  { name, source, token, homeId, directory }: { readonly name: string; readonly source: string; readonly directory: string } & OwnerOfDemo,
): Promise<RunningDevice> {
  const client = createClient({ baseUrl: platform.url, token });
  const { code } = await client.call('bindingCode.create', { params: { id: homeId }, body: {} });
  const stateDirectory = join(directory, source.replace(':', '-'));
  const device = await runDevice({ platformUrl: platform.url, stateDirectory, source, bindingCode: code, logLevel: 'warn' });
  await waitUntilBound(device);
  await client.call('device.update', { params: { id: device.deviceId }, body: { name } });
  await client.command(device.deviceId, 'config.set', { patch: { 'detect.motion.enabled': true } });
  return device;
}

async function waitUntilBound(device: RunningDevice): Promise<void> {
  const deadline = AbortSignal.timeout(BINDING_TIMEOUT_MS);
  while (!device.bound) await delay(POLL_MS, undefined, { signal: deadline });
}
