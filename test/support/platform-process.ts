import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentName } from '@cardea/platform';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { type Owner, setUpOwner } from '../e2e/owner.ts';

/** A platform in a process and a directory of its own, with its first owner. */
export interface PlatformProcess extends AsyncDisposable {
  readonly owner: Owner;
  readonly pid: number;
  /** Directory of its data. */
  readonly data: string;
}

/** No limit that a test of many devices behind one address would meet. */
export const unlimited = {
  'limits.requestsPerSecond': 1_000_000,
  'limits.schedulesPerMinute': 1_000_000,
  'limits.schedulesPerSecond': 1_000_000,
  'limits.replacements': 1_000_000,
} as const;

/**
 * @param settings as in `cardea.yaml`, by dotted name
 * @param environment variables that are none of the platform's
 */
export async function startPlatformProcess(
  settings: Readonly<Record<string, string | number>> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<PlatformProcess> {
  await using stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'cardea-e2e-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [environmentName(name), String(value)]));
  const platform = stack.use(
    new CardeaProcess(['serve', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'error'], {
      NODE_TEST_CONTEXT: undefined,
      ...environment,
      ...env,
    }),
  );
  const owner = await setUpOwner(platform);
  const running = stack.move();
  return { owner, pid: platform.pid, data, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
