import { AppError, Lifetime, sleep } from '@cardea/core';
import type { Registry } from 'prom-client';
import { Passcodes } from '../homes/passcodes.ts';
import { registerWebApp, sendPage } from '../http/web-app.ts';
import { PresentPictures } from '../pictures/present-pictures.ts';
import { registerSnapshotRoute } from '../pictures/snapshot-route.ts';
import { registerShareRoutes } from '../shares/share-routes.ts';
import { ShareVisits } from '../shares/share-visits.ts';
import { SharedMedia } from '../shares/shared-media.ts';
import { Shares } from '../shares/shares.ts';
import { registerHealth } from '../user-api/health.ts';
import { HomeEvents } from '../user-api/home-events.ts';
import { UserApi } from '../user-api/user-api.ts';
import { registerVodRoutes } from '../video-service/playback/vod-routes.ts';
import type { Cameras } from './cameras.ts';
import { type Foundation, VERSION } from './foundation.ts';
import type { Nodes } from './nodes.ts';
import type { People } from './people.ts';

const PURGE_MS = 60 * 60_000;

/** What users and visitors may ask of this process. */
export interface UserDoors {
  readonly userApi: UserApi;
  /** Registers the routes; call before the process listens. */
  register(): void;
  /** Removes what can no longer be used, every hour. */
  start(): void;
}

export interface UserDoorsOptions {
  readonly base: Foundation;
  readonly people: People;
  readonly nodes: Nodes;
  readonly cameras: Cameras;
  readonly registry: Registry;
  /** Directory of the built web app; without it `/` says that it is missing. */
  readonly webDirectory: string | undefined;
}

export function openUserDoors(options: UserDoorsOptions, stack: AsyncDisposableStack): UserDoors {
  const { base, cameras, nodes, people, registry, webDirectory } = options;
  const { clock, http, logger, publicUrl } = base;
  const { media, pictures, video } = cameras;
  const secret = base.keys.sessionSecret;
  const events = new HomeEvents(base);
  const sharing = { ...base, accounts: people.accounts, events, recordings: video.vod, passcodes: new Passcodes(base) };
  const shares = new Shares(sharing);
  const userApi = stack.use(makeUserApi(options, shares));
  const { principalFromRequest } = userApi;
  const registerApi = (): void => {
    registerVodRoutes(http.app, { ...base, vod: video.vod, principalFromRequest });
    userApi.start(http);
    registerWebApp(http.app, { directory: webDirectory });
    registerShareRoutes(http, {
      visits: new ShareVisits({ ...sharing, secret }),
      media: new SharedMedia({ live: media.live, vod: video.vod, events, segments: video.library }),
      pictures,
      page: (reply) => sendPage(reply, { directory: webDirectory }),
      isSecure: () => publicUrl().startsWith('https:'),
      authority: base.certificates?.authorityCertificate,
      clock,
      logger,
    });
  };
  return {
    userApi,
    register: () => {
      registerSnapshotRoute(http.app, {
        ...base,
        present: new PresentPictures({ ...base, pictures, commands: cameras.devices }),
        principalFromRequest,
        rightOfToken: async (token, source) => {
          if (media.here === undefined) throw new AppError('UNAUTHORIZED');
          return await media.here.live.rightOfToken(token, source);
        },
      });
      if (base.roles.includes('api')) registerApi();
      else registerHealth(http.app, { ...base, registry, headroom: http.headroom, isLeaving: nodes.isLeaving });
    },
    start: () => {
      if (!base.roles.includes('api')) return;
      stack.use(new Lifetime(logger)).run('purge', async (signal) => {
        while (!signal.aborted) {
          await Promise.all([people.purgeExpired(), shares.purgeExpired(), userApi.purgeExpired()]);
          await sleep(clock, PURGE_MS, { signal });
        }
      });
    },
  };
}

function makeUserApi({ base, cameras, nodes, people, registry }: UserDoorsOptions, shares: Shares): UserApi {
  const { certificates, config, keys, nodeId, publicUrl } = base;
  const { devices, media, video } = cameras;
  const { logins } = people;
  return new UserApi({
    ...base,
    ...people,
    ...cameras,
    registry,
    headroom: base.http.headroom,
    isLeaving: nodes.isLeaving,
    requestsPerSecond: config['limits.requestsPerSecond'],
    secret: keys.sessionSecret,
    passkeys: logins.passkeys,
    providerLogins: logins.providerLogins,
    platform: {
      state: () => ({ version: VERSION, node: nodeId(), url: publicUrl(), ...(certificates && { certificate: certificates.state() }) }),
      loginMethods: () => ({ ...logins.methods(), authority: certificates?.fingerprint !== undefined }),
    },
    bindingCodes: people.bindings,
    devices: {
      describe: (proof) => devices.describe(proof),
      rename: async (proof, name) => void (await devices.rename(proof, name)),
      setDisabled: (proof, isDisabled) => devices.setDisabled(proof, isDisabled),
      unbind: (proof) => devices.unbind(proof),
    },
    commands: devices,
    live: media.live,
    talks: media.talks,
    segments: video.library,
    cases: video.cases,
    shares,
    timelines: video.timelines,
    uploadStatistics: video.statistics,
    storage: video.storage,
    vod: video.vod,
  });
}
