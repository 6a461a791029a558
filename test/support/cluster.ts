import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentName } from '@cardea/platform';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { type Owner, ownerAt, setUpOwner } from '../e2e/owner.ts';
import { startNatsServer } from './nats-server.ts';
import { unlimited } from './platform-process.ts';

/** A platform of several processes on this machine: one with everything but access, access servers and media servers by name. */
export class ClusterHere implements AsyncDisposable {
  readonly owner: Owner;
  readonly busUrl: string;
  private readonly data: string;
  private readonly stack: AsyncDisposableStack;

  private constructor(parts: {
    readonly owner: Owner;
    readonly busUrl: string;
    readonly data: string;
    readonly stack: AsyncDisposableStack;
  }) {
    this.owner = parts.owner;
    this.busUrl = parts.busUrl;
    this.data = parts.data;
    this.stack = parts.stack;
  }

  static async start(): Promise<ClusterHere> {
    await using stack = new AsyncDisposableStack();
    const data = await mkdtemp(join(tmpdir(), 'cardea-cluster-'));
    stack.defer(() => rm(data, { recursive: true, force: true }));
    const { url: busUrl } = stack.use(await startNatsServer());
    const hub = stack.use(serve({ data, busUrl, node: 'hub', role: 'scheduling,media,video,api' }));
    const owner = await setUpOwner(hub);
    return new ClusterHere({ owner, busUrl, data, stack: stack.move() });
  }

  async startAccess(node: string): Promise<CardeaProcess> {
    const process = this.stack.use(serve({ data: this.data, busUrl: this.busUrl, node, role: 'access' }));
    await process.printed(/^Cardea is ready at (.+)$/);
    return process;
  }

  /** A server of live video with an API of its own; the owner as its client. */
  async startMedia(node: string): Promise<{ readonly process: CardeaProcess; readonly owner: Owner }> {
    const process = this.stack.use(serve({ data: this.data, busUrl: this.busUrl, node, role: 'media,api' }));
    const [, url = ''] = await process.printed(/^Cardea is ready at (.+)$/);
    return { process, owner: await ownerAt(url, this.owner.token) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

function serve({
  busUrl,
  data,
  node,
  role,
}: {
  readonly busUrl: string;
  readonly data: string;
  readonly node: string;
  readonly role: string;
}) {
  const settings = { ...unlimited, 'drain.windowSec': 8 };
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [environmentName(name), String(value)]));
  const flags = ['--data', data, '--listen', '127.0.0.1:0', '--log-level', 'warn', '--bus', busUrl, '--node', node, '--role', role];
  return new CardeaProcess(['serve', ...flags], { NODE_TEST_CONTEXT: undefined, ...env });
}
