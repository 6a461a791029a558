import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@cardea/api';
import { type Clock, createRandom, SystemClock, silentLogger } from '@cardea/core';
import { createPlatform, loadConfig } from '@cardea/platform';
import { type Owner, ownerAt } from '../owner.ts';

export const PASSWORD = 'correct horse battery';
export const EMAIL = 'owner@example.org';

/** A platform in this process, in a directory of its own, with its first owner. */
export interface PlatformHere extends AsyncDisposable {
  readonly url: string;
  readonly owner: Owner;
  /** Its data directory. */
  readonly data: string;
}

/** @param settings as in `cardea.yaml`, by dotted name */
export async function startPlatformHere(
  settings: Readonly<Record<string, unknown>> = {},
  clock: Clock = new SystemClock(),
): Promise<PlatformHere> {
  await using stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'cardea-e2e-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const config = loadConfig({ flags: { data, listen: '127.0.0.1:0', ...settings } });
  const platform = stack.use(await createPlatform({ config, clock, random: createRandom(clock), logger: silentLogger }));
  const { url, setupLink = '' } = platform;
  const setupToken = new URL(setupLink).searchParams.get('token') ?? '';
  const body = { setupToken, email: EMAIL, password: PASSWORD, name: 'Owner' };
  const { token } = await createClient({ baseUrl: url }).call('setup.create', { body });
  const owner = await ownerAt(url, token);
  const running = stack.move();
  return { url, owner, data, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
