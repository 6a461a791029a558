import type { Clock, Logger } from '@cardea/core';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Exchange } from '../store/ports.ts';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import { ClusterConnections } from './cluster-connections.ts';
import { ClusterServers } from './cluster-servers.ts';
import { Drain } from './drain.ts';
import { ClusterMedia } from './media/cluster-media.ts';
import type { MediaReport } from './media/media-report.ts';
import type { StreamOrigins } from './media/ports.ts';
import { NodeRegistry } from './node-registry.ts';
import type { LocalConnections } from './ports.ts';

export interface ClusterOptions {
  readonly exchange: Exchange;
  readonly local: LocalConnections;
  readonly tokens: TokenIssuer;
  readonly authorizer: Authorizer;
  readonly origins: StreamOrigins;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of this process; asked for once it listens. */
  readonly nodeId: () => string;
  readonly publicUrl: () => string;
  readonly roles: readonly string[];
  readonly drainWindowSec: number;
  /** What the live media of this process do; `undefined` where it has none. */
  readonly mediaReport: () => MediaReport | undefined;
}

/** A platform of several processes, as one of them sees it. */
export class Cluster implements AsyncDisposable {
  readonly connections: ClusterConnections;
  readonly servers: ClusterServers;
  readonly media: ClusterMedia;
  /** Resolves when an operator had this process drained and it may end. */
  readonly drained: Promise<void>;
  private readonly options: ClusterOptions;
  private readonly nodes: NodeRegistry;
  private readonly drainage: Drain;
  private readonly stack = new AsyncDisposableStack();
  private readonly resolveDrained: () => void;

  constructor(options: ClusterOptions) {
    const { drainWindowSec, local, mediaReport, nodeId, publicUrl, roles } = options;
    this.options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.drained = promise;
    this.resolveDrained = resolve;
    this.nodes = this.stack.use(
      new NodeRegistry({
        ...options,
        self: () => {
          const media = mediaReport();
          return {
            id: nodeId(),
            url: publicUrl(),
            roles: [...roles],
            connections: local.connectionCount,
            state: 'serving',
            ...(media && { media }),
          };
        },
      }),
    );
    this.servers = new ClusterServers(this.nodes);
    this.media = this.stack.use(new ClusterMedia({ ...options, nodes: this.nodes }));
    this.connections = this.stack.use(new ClusterConnections({ ...options, nodes: this.nodes }));
    this.drainage = this.stack.use(new Drain({ ...options, nodes: this.nodes, servers: this.servers, windowSec: drainWindowSec }));
  }

  /** Joins the others; call when this process listens. @throws AppError INVALID_STATE when another has its name */
  async start(): Promise<void> {
    await this.nodes.start();
    this.media.start();
    this.stack.use(
      this.options.exchange.serve(drainSubject(this.options.nodeId()), async () => {
        const devices = this.options.local.connectionCount;
        await this.drain();
        this.resolveDrained();
        return { devices };
      }),
    );
  }

  /** Has nobody sent here any more, and moves devices and live streams of this process to others, as far as there are any. */
  async drain(): Promise<void> {
    this.nodes.leave();
    await Promise.all([this.drainage.run(), this.media.drain()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

function drainSubject(nodeId: string): string {
  return `node.${nodeId}.drain`;
}

/** Has the process named `nodeId` move its devices to others and end. @throws AppError NOT_FOUND when there is none | TIMEOUT */
export async function requestDrain(exchange: Exchange, nodeId: string, timeoutMs: number): Promise<void> {
  await exchange.request(drainSubject(nodeId), {}, { timeoutMs });
}
