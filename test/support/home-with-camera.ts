import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { eventually } from '../e2e/eventually.ts';
import { type Owner, setUpOwner } from '../e2e/owner.ts';

/** A platform with an owner and one simulated camera, each a process of its own. */
export interface HomeWithCamera extends AsyncDisposable {
  readonly owner: Owner;
  readonly deviceId: string;
  readonly platform: CardeaProcess;
  readonly camera: CardeaProcess;
}

/** Resolves when the camera is online. `agent` are further arguments of `cardea device run`. */
export async function startHomeWithCamera({ agent = [] }: { readonly agent?: readonly string[] } = {}): Promise<HomeWithCamera> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-home-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const quiet = ['--log-level', 'error'];
  const platform = stack.use(new CardeaProcess(['serve', '--data', join(directory, 'data'), '--listen', '127.0.0.1:0', ...quiet]));
  const owner = await setUpOwner(platform);
  const { code } = await owner.client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} });
  const state = join(directory, 'camera');
  const run = ['device', 'run', '--platform', owner.url, '--state', state, '--binding-code', code, ...quiet, ...agent];
  const camera = stack.use(new CardeaProcess(run));
  const { id } = await eventually('a camera that is online', async () => {
    const { items } = await owner.client.call('device.list');
    return items.find((item) => item.state === 'online' && item.capabilities !== undefined);
  });
  const resources = stack.move();
  return { owner, deviceId: id, platform, camera, [Symbol.asyncDispose]: async () => await resources.disposeAsync() };
}
