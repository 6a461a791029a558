import type { Logger } from '@cardea/core';
import { SessionRegistry } from '../access/session-registry.ts';
import { Cluster } from '../cluster/cluster.ts';
import { ClusterWake } from '../cluster/cluster-wake.ts';
import type { MediaReport } from '../cluster/media/media-report.ts';
import type { Config } from '../config.ts';
import { listenBeside, parseListen } from '../listen-address.ts';
import { Origins } from '../media-broadcasting/edge/origins.ts';
import { LocalServers } from '../scheduling/server-directory.ts';
import { WakeChannel } from '../wake/wake-channel.ts';
import { Waker } from '../wake/waker.ts';
import type { Foundation } from './foundation.ts';

const WAKE_PORT = 8_781;

/** The processes of the platform, and at which of them each device is connected or waits to be woken. */
export interface Nodes {
  /** Devices connected to this process. */
  readonly local: SessionRegistry;
  /** The other processes; `undefined` where this is the only one. */
  readonly cluster: Cluster | undefined;
  readonly origins: Origins | undefined;
  /** Devices connected to any process. */
  readonly connections: SessionRegistry | Cluster['connections'];
  /** Servers a device may be given. */
  readonly servers: LocalServers | Cluster['servers'];
  readonly wake: WakeChannel;
  readonly waker: Waker;
  /** Whether this process is about to end, so that nobody should be sent to it. */
  readonly isLeaving: () => boolean;
  /** Origins of media servers that have one of their own. */
  readonly mediaUrls: () => readonly string[];
  /** Hears of devices that connect, from now on. */
  start(): void;
  /** Joins the other processes; call when this one listens. @throws AppError INVALID_STATE when another has its name */
  join(): Promise<void>;
}

export function openNodes(
  base: Foundation,
  stack: AsyncDisposableStack,
  { mediaReport }: { readonly mediaReport: () => MediaReport | undefined },
): Nodes {
  const { certificates, config, exchange, keys, logger, publicUrl } = base;
  const local = stack.use(new SessionRegistry(base));
  const origins = exchange && new Origins({ ...base, exchange, authority: certificates?.authorityCertificate });
  const cluster =
    exchange &&
    origins &&
    stack.use(new Cluster({ ...base, exchange, local, origins, mediaReport, drainWindowSec: config['drain.windowSec'] }));
  const wake = stack.use(new WakeChannel({ ...base, secret: keys.wakeSecret, presence: local, tls: certificates?.pair }));
  const clusterWake = exchange && stack.use(new ClusterWake({ exchange, radios: wake }));
  const everywhere = cluster && {
    presenceOf: (deviceId: string) => cluster.connections.presenceOf(deviceId),
    watch: (...[onChange]: Parameters<typeof local.watch>) => cluster.connections.watchAll(onChange),
  };
  const waker = stack.use(new Waker({ ...base, channel: clusterWake ?? wake, presence: everywhere ?? local }));
  return {
    local,
    cluster,
    origins,
    connections: cluster?.connections ?? local,
    servers: cluster?.servers ?? new LocalServers({ publicUrl, hasRoom: () => local.admitting, deviceCount: () => local.connectionCount }),
    wake,
    waker,
    isLeaving: () => !local.admitting,
    mediaUrls: () => cluster?.servers.mediaUrls ?? [],
    start: () => {
      local.start();
      cluster?.connections.start();
    },
    join: async () => {
      await openWakeChannel(wake, config, logger);
      clusterWake?.start();
      waker.start();
      await cluster?.start();
    },
  };
}

/** By default beside the HTTP port. A port that is taken is no reason not to start: sleeping devices then cannot be woken. */
async function openWakeChannel(wake: WakeChannel, config: Config, logger: Logger): Promise<void> {
  const address = listenBeside(parseListen(config.listen), config['wake.listen'], WAKE_PORT);
  if (address === undefined) return;
  const { host, port } = address;
  try {
    await wake.listen(host, port);
  } catch (error) {
    logger.warn({ err: error }, `the wake channel is off: ${host}:${port} cannot be used, and devices that sleep cannot be woken`);
  }
}
