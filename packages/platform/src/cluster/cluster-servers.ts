import { AppError } from '@cardea/core';
import { paths } from '@cardea/protocol';
import { loadOf } from './media/media-report.ts';
import type { PlatformNode } from './node-registry.ts';

interface ServerSet {
  readonly vdUrls: readonly string[];
  readonly vmUrls: readonly string[];
  readonly vrBaseUrl: string;
}

interface ServerChoice extends ServerSet {
  /** Devices of the first access server. */
  readonly deviceCount: number;
}

/** The living processes of the platform. */
interface KnownNodes {
  nodes(): readonly PlatformNode[];
  self(): PlatformNode;
}

const RETRY_AFTER_MS = 5_000;
/** A device tries the second when the first does not answer. */
const MAX_VD_URLS = 2;

/** Places devices on the access servers of the platform, each on the one with the fewest. */
export class ClusterServers {
  private readonly registry: KnownNodes;
  /** Devices sent to a server that its heartbeats do not count yet. */
  private readonly promised = new Map<string, { readonly counted: number; sent: number }>();

  constructor(registry: KnownNodes) {
    this.registry = registry;
  }

  /** @throws AppError NO_CAPACITY with `retryAfterMs` while no access server takes devices */
  async pick({ excludeServers }: { readonly excludeServers: readonly string[] }): Promise<ServerChoice> {
    const serving = this.serving('access');
    const wanted = serving.filter((node) => !excludeServers.includes(vdUrlOf(node)));
    const candidates = (wanted.length > 0 ? wanted : serving).toSorted((a, b) => this.loadOf(a) - this.loadOf(b));
    const [best] = candidates;
    if (best === undefined) throw new AppError('NO_CAPACITY', undefined, { retryAfterMs: RETRY_AFTER_MS });
    this.promise(best);
    return { ...this.addresses(), vdUrls: candidates.slice(0, MAX_VD_URLS).map(vdUrlOf), deviceCount: this.loadOf(best) };
  }

  addresses(): ServerSet {
    const [video = this.registry.self()] = this.serving('video');
    return {
      vdUrls: this.serving('access').map(vdUrlOf),
      vmUrls: this.serving('media')
        .toSorted((a, b) => mediaLoadOf(a) - mediaLoadOf(b))
        .map((node) => socketOrigin(node) + paths.vm),
      vrBaseUrl: video.url + paths.vr,
    };
  }

  /** Where a device asks which servers to use: origin, without a slash at the end. */
  get schedulingUrl(): string {
    const [scheduling = this.registry.self()] = this.serving('scheduling');
    return scheduling.url;
  }

  /** Origins of the processes with live media. */
  get mediaUrls(): readonly string[] {
    return this.registry.nodes().flatMap(({ roles, url }) => (roles.includes('media') ? [url] : []));
  }

  private serving(role: string): readonly PlatformNode[] {
    return this.registry.nodes().filter((node) => node.state === 'serving' && node.roles.includes(role));
  }

  private loadOf({ connections, id }: PlatformNode): number {
    const promised = this.promised.get(id);
    return connections + (promised?.counted === connections ? promised.sent : 0);
  }

  private promise({ connections, id }: PlatformNode): void {
    const known = this.promised.get(id);
    if (known?.counted === connections) known.sent += 1;
    else this.promised.set(id, { counted: connections, sent: 1 });
  }
}

function mediaLoadOf({ media }: PlatformNode): number {
  return media === undefined ? 0 : loadOf(media);
}

function socketOrigin({ url }: PlatformNode): string {
  return url.replace(/^http/, 'ws');
}

function vdUrlOf(node: PlatformNode): string {
  return socketOrigin(node) + paths.vd;
}
