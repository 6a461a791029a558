import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentName } from '@cardea/platform';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { type Owner, ownerAt, setUpOwner } from '../e2e/owner.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { unlimited } from './platform-process.ts';

export type Settings = Readonly<Record<string, string | number>>;

export interface ClusterOptions {
  /** Roles of the process with the user API; the others are started by name. */
  readonly hub?: string;
  /** Settings of every process, as in `cardea.yaml`, by dotted name. */
  readonly settings?: Settings;
}

interface RunningNode {
  readonly process: CardeaProcess;
  readonly role: string;
  readonly url: string;
}

const HUB = 'hub';

/** A platform of several processes on this machine: one with everything but access, if not told otherwise, and others by name. */
export class ClusterHere implements AsyncDisposable {
  readonly owner: Owner;
  readonly bus: NatsServer;
  private readonly data: string;
  private readonly settings: Settings;
  private readonly stack: AsyncDisposableStack;
  /** What runs, by the name of its node. */
  private readonly nodes = new Map<string, RunningNode>();

  private constructor(parts: {
    readonly owner: Owner;
    readonly bus: NatsServer;
    readonly data: string;
    readonly settings: Settings;
    readonly stack: AsyncDisposableStack;
    readonly hub: RunningNode;
  }) {
    this.owner = parts.owner;
    this.bus = parts.bus;
    this.data = parts.data;
    this.settings = parts.settings;
    this.stack = parts.stack;
    this.nodes.set(HUB, parts.hub);
  }

  static async start({ hub: role = 'scheduling,media,video,api', settings = {} }: ClusterOptions = {}): Promise<ClusterHere> {
    await using stack = new AsyncDisposableStack();
    const data = await mkdtemp(join(tmpdir(), 'cardea-cluster-'));
    stack.defer(() => rm(data, { recursive: true, force: true }));
    const bus = stack.use(await startNatsServer());
    const process = stack.use(serve({ data, busUrl: bus.url, node: HUB, role, settings }));
    const owner = await setUpOwner(process);
    return new ClusterHere({ owner, bus, data, settings, stack: stack.move(), hub: { process, role, url: owner.url } });
  }

  /** A process with these roles. */
  async startNode(node: string, role: string): Promise<{ readonly process: CardeaProcess; readonly url: string }> {
    const { bus, data, settings } = this;
    const process = this.stack.use(serve({ data, busUrl: bus.url, node, role, settings }));
    const [, url = ''] = await process.printed(/^Cardea is ready at (.+)$/);
    this.nodes.set(node, { process, role, url });
    return { process, url };
  }

  /** Ends a process and starts it again at its address; `hub` is the one that was there first. */
  async restart(node: string, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const { bus, data, settings } = this;
    const killed = this.nodes.get(node);
    if (killed === undefined) throw new Error(`no process is named ${node}`);
    const { role, url } = killed;
    await killed.process.stop(signal);
    const process = this.stack.use(serve({ data, busUrl: bus.url, node, role, settings, listen: new URL(url).host }));
    this.nodes.set(node, { process, role, url });
    await process.printed(/^Cardea is ready at (.+)$/);
  }

  async startAccess(node: string): Promise<CardeaProcess> {
    return (await this.startNode(node, 'access')).process;
  }

  /** A server of live video with an API of its own; the owner as its client. */
  async startMedia(node: string): Promise<{ readonly process: CardeaProcess; readonly owner: Owner }> {
    const { process, url } = await this.startNode(node, 'media,api');
    return { process, owner: await ownerAt(url, this.owner.token) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

function serve({
  busUrl,
  data,
  listen = '127.0.0.1:0',
  node,
  role,
  settings,
}: {
  readonly busUrl: string;
  readonly data: string;
  readonly listen?: string;
  readonly node: string;
  readonly role: string;
  readonly settings: Settings;
}) {
  const all = { ...unlimited, 'drain.windowSec': 8, ...settings };
  const env = Object.fromEntries(Object.entries(all).map(([name, value]) => [environmentName(name), String(value)]));
  const flags = ['--data', data, '--listen', listen, '--log-level', 'warn', '--bus', busUrl, '--node', node, '--role', role];
  return new CardeaProcess(['serve', ...flags], { NODE_TEST_CONTEXT: undefined, ...env });
}
