import type { Clock, Logger, Random } from '@cardea/core';
import type { Authorizer } from './authorization/authorizer.ts';
import type { Cluster } from './cluster/cluster.ts';
import { MediaMeter, type MediaReport } from './cluster/media/media-report.ts';
import type { LiveMedia, TalkMedia } from './cluster/media/ports.ts';
import type { Config } from './config.ts';
import type { DeviceManagement } from './device-management/device-management.ts';
import type { HttpServer } from './http/http-server.ts';
import type { Certificates } from './http/tls/certificates.ts';
import type { Origins } from './media-broadcasting/edge/origins.ts';
import { MediaBroadcasting } from './media-broadcasting/media-broadcasting.ts';
import type { DeviceCommands, MediaHeadroom, MovableStream, PrincipalFromRequest, ViewAudit } from './media-broadcasting/ports.ts';
import { mediaPorts } from './ports-and-certificates.ts';
import type { Bus, Db } from './store/ports.ts';
import { type TalkName, Talks } from './talk/talks.ts';
import type { TokenIssuer } from './tokens/token-issuer.ts';

export interface LiveMediaOptions {
  readonly config: Config;
  readonly certificates: Certificates | undefined;
  /** Whether this process has the role `media`. */
  readonly isHere: boolean;
  readonly cluster: Cluster | undefined;
  readonly origins: Origins | undefined;
  readonly db: Db;
  readonly bus: Bus;
  readonly authorizer: Authorizer;
  readonly tokens: TokenIssuer;
  readonly commands: DeviceCommands;
  readonly channels: Pick<DeviceManagement, 'assertSource' | 'lensOf'>;
  readonly audit: ViewAudit;
  readonly principalFromRequest: PrincipalFromRequest;
  readonly publicUrl: () => string;
  readonly headroom: MediaHeadroom;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Live media as the rest of the platform uses them: of this process when it is the only one, else of all. */
export interface LiveMediaServices extends AsyncDisposable {
  readonly live: LiveMedia;
  readonly talks: TalkMedia;
  /** Those of this process; `undefined` where another has the role. */
  readonly here: { readonly live: MediaBroadcasting; readonly talks: Talks } | undefined;
  /** What this process does of it. */
  report(): MediaReport | undefined;
  /** Takes publishers, viewers and talkers on `http`, or leads viewers and talkers to the process that has the role. */
  start(http: HttpServer): void;
}

const BITS = 8;

/** Live video and talking: made where this process has the role, and joined with those of the others. */
export function openLiveMedia(options: LiveMediaOptions): LiveMediaServices {
  const { certificates, cluster, clock, config, isHere, origins } = options;
  const stack = new AsyncDisposableStack();
  const shared = {
    ...options,
    offerSession: (sessionId: string) => cluster?.media.offerSession(sessionId) ?? new DisposableStack(),
    placeElsewhere: cluster && ((stream: MovableStream) => cluster.media.placeElsewhere(stream)),
    offerTalk: (talk: TalkName) => cluster?.media.offerTalk(talk) ?? new DisposableStack(),
  };
  const here = isHere
    ? {
        live: stack.use(new MediaBroadcasting({ ...shared, ports: mediaPorts(config, certificates) })),
        talks: stack.use(new Talks(shared)),
      }
    : undefined;
  const meter =
    here &&
    new MediaMeter({
      snapshot: () => here.live.snapshot(),
      maxSessions: config['media.maxSessions'],
      maxBytesPerSec: (config['media.maxMbps'] * 1_000_000) / BITS,
      clock,
    });
  const joined = cluster?.media.join(here) ?? here;
  if (joined === undefined) throw new TypeError('a process alone has every role');
  return {
    ...joined,
    here,
    report: () => meter?.report(),
    start: (http) => {
      here?.live.start(http);
      here?.talks.start(http);
      if (here === undefined) cluster?.media.openDoor({ ...options, live: joined.live, authority: origins?.authority }).start(http);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
