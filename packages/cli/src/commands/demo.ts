import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@cardea/api';
import { type Agent, startAgent } from '@cardea/device';
import { type Config, loadConfig, type Platform, startPlatform } from '@cardea/platform';
import { Command } from 'commander';
import { terminal } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';
import { findWebDirectory } from '../web-directory.ts';

const PORTS_TO_TRY = 20;

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
async function makeOwner(platform: Platform): Promise<{ readonly token: string; readonly homeId: string }> {
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
  camera: { readonly name: string; readonly source: string; readonly token: string; readonly homeId: string; readonly directory: string },
): Promise<Agent> {
  const { name, source, token, homeId, directory } = camera;
  const client = createClient({ baseUrl: platform.url, token });
  const { code } = await client.call('bindingCode.create', { params: { id: homeId } });
  const agent = await startAgent({
    platformUrl: platform.url,
    stateDirectory: join(directory, source.replace(':', '-')),
    source,
    name,
    bindingCode: code,
    logLevel: 'warn',
  });
  await agent.bound();
  return agent;
}
