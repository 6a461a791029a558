import { Registry } from 'prom-client';
import type { Authorizer } from './authorization/authorizer.ts';
import { openCameras } from './composition/cameras.ts';
import { openDeviceDoors } from './composition/device-doors.ts';
import { openFoundation, type ProcessOptions } from './composition/foundation.ts';
import { openNodes } from './composition/nodes.ts';
import { openPeople } from './composition/people.ts';
import { openUserDoors, type UserDoors } from './composition/user-doors.ts';
import type { Accounts } from './homes/accounts.ts';
import type { Bindings } from './homes/binding.ts';
import type { Homes } from './homes/homes.ts';
import type { Setup } from './homes/setup.ts';
import { registerSecurityHeaders } from './http/security-headers.ts';
import { registerMetrics } from './metrics.ts';

export interface PlatformOptions extends ProcessOptions {
  /** Directory of the built web app; without it `/` says that it is missing. */
  readonly webDirectory?: string | undefined;
}

/** A running platform. Disposing it closes connections, finishes what is being written and leaves nothing running. */
export interface Platform extends AsyncDisposable {
  /** Origin under which it is reached. */
  readonly url: string;
  /** Where the first owner is made; `undefined` once there is one. */
  readonly setupLink: string | undefined;
  readonly accounts: Accounts;
  readonly setup: Setup;
  readonly homes: Homes;
  readonly bindings: Bindings;
  readonly authorizer: Authorizer;
  /** Name of this process among those of the platform. */
  readonly nodeId: string;
  /** Moves the devices of this process to other access servers, as far as there are any; call before disposal. */
  drain(): Promise<void>;
  /** Resolves when an operator had this process drained, so that it may end. */
  readonly drained: Promise<void>;
}

/**
 * Starts the services of this process's roles: with SQLite, objects in a directory or bucket, and a bus in the process or over NATS.
 * Each part of `composition/` makes the services of one room from those before it; what knows of a later one asks for it when it runs.
 * @throws AppError INVALID_STATE when the port, the data directory or the name is in use; INVALID_PARAMS for roles that do not fit
 */
export async function createPlatform({ webDirectory, ...options }: PlatformOptions): Promise<Platform> {
  await using stack = new AsyncDisposableStack();
  const base = await openFoundation(options, stack);
  const people = await openPeople(base, {
    hoursChanged: (homeId) => cameras.video.storage.hoursChanged(homeId),
    recordInHome: (homeId) => cameras.devices.recordInHome(homeId),
    schedulingUrl: () => nodes.cluster?.servers.schedulingUrl,
  });
  const nodes = openNodes(base, stack, { mediaReport: () => cameras.media.report() });
  const cameras = openCameras(
    { base, people, nodes, principalFromRequest: (request) => users.userApi.principalFromRequest(request) },
    stack,
  );
  const registry = new Registry();
  const users: UserDoors = openUserDoors({ base, people, nodes, cameras, registry, webDirectory }, stack);
  const devices = openDeviceDoors({ base, nodes, cameras }, stack);
  const { certificates, config, http, publicUrl, roles } = base;
  const { media } = cameras;

  registerSecurityHeaders(http.app, { publicUrl, mediaUrls: nodes.mediaUrls });
  certificates?.register(http.app, { publicUrl });
  certificates?.watch((pair) => {
    http.useCertificate(pair);
    nodes.wake.useCertificate(pair);
    media.here?.live.useCertificate(pair);
    if (config['rtmps.certificate'] === '') media.here?.live.useRtmpsCertificate(pair);
  });
  registerMetrics(registry, { http, certificates, connections: nodes.local, here: media.here });
  devices.register();
  media.start(http);
  users.register();

  base.start();
  nodes.start();
  devices.start();
  await cameras.start();
  users.start();
  const setupToken = roles.includes('api') ? await people.setup.start() : undefined;
  await base.listen();
  await media.here?.live.openPorts();
  await nodes.join();

  const running = stack.move();
  const url = publicUrl();
  const { accounts, bindings, homes, setup } = people;
  return {
    url,
    setupLink: setupToken === undefined ? undefined : `${url}/setup?token=${setupToken}`,
    accounts,
    setup,
    homes,
    bindings,
    authorizer: base.authorizer,
    nodeId: base.nodeId(),
    drain: async () => nodes.cluster?.drain(),
    drained: nodes.cluster?.drained ?? new Promise(() => {}),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
