import { mkdir } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AppError, type Clock, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import { Registry } from 'prom-client';
import { DeviceGateway } from './access/device-gateway.ts';
import { SessionRegistry } from './access/session-registry.ts';
import { AuditLog } from './audit/audit-log.ts';
import { Authorizer } from './authorization/authorizer.ts';
import { OpenAnswers } from './authorization/open-answers.ts';
import { Cluster } from './cluster/cluster.ts';
import { ClusterWake } from './cluster/cluster-wake.ts';
import type { Config } from './config.ts';
import { DeviceLogs } from './device-logs/device-logs.ts';
import { DeviceManagement } from './device-management/device-management.ts';
import { firmwareFiller } from './device-management/firmware-filler.ts';
import { livePushFiller } from './device-management/live-push-filler.ts';
import { playbackFiller } from './device-management/playback-filler.ts';
import { snapshotFiller } from './device-management/snapshot-filler.ts';
import { talkFiller } from './device-management/talk-filler.ts';
import { registerFirmwareRoutes } from './firmware/firmware-routes.ts';
import { FirmwareService } from './firmware/firmware-service.ts';
import { Accounts } from './homes/accounts.ts';
import { ApiTokens } from './homes/api-tokens.ts';
import { Bindings } from './homes/binding.ts';
import { Homes } from './homes/homes.ts';
import { Invitations } from './homes/invitations.ts';
import { Members } from './homes/members.ts';
import { Operators } from './homes/operators.ts';
import { Passcodes } from './homes/passcodes.ts';
import { RecipientKeys } from './homes/recipient-keys.ts';
import { Setup } from './homes/setup.ts';
import { HttpServer } from './http/http-server.ts';
import { registerSecurityHeaders } from './http/security-headers.ts';
import { registerWebApp, sendPage } from './http/web-app.ts';
import { listenBeside, parseListen } from './listen-address.ts';
import { type LiveMediaServices, openLiveMedia } from './live-media.ts';
import { openLogins } from './logins.ts';
import { Origins } from './media-broadcasting/edge/origins.ts';
import type { DeviceCommands } from './media-broadcasting/ports.ts';
import { registerMetrics } from './metrics.ts';
import { Pictures } from './pictures/pictures.ts';
import { PresentPictures } from './pictures/present-pictures.ts';
import { registerSnapshotRoute } from './pictures/snapshot-route.ts';
import { openCertificates } from './ports-and-certificates.ts';
import { rolesOf } from './roles.ts';
import { SchedulingService } from './scheduling/scheduling-service.ts';
import { LocalServers } from './scheduling/server-directory.ts';
import { registerVsRoutes } from './scheduling/vs-routes.ts';
import { openVault } from './secrets.ts';
import { registerShareRoutes } from './shares/share-routes.ts';
import { ShareVisits } from './shares/share-visits.ts';
import { SharedMedia } from './shares/shared-media.ts';
import { Shares } from './shares/shares.ts';
import { InProcessBus } from './store/bus/in-process-bus.ts';
import { NatsBus } from './store/bus/nats-bus.ts';
import { RecordedRevocations } from './store/bus/recorded-revocations.ts';
import { lockDataDirectory } from './store/data-lock.ts';
import { objectStoreSettings, openObjectStore } from './store/objects/open-object-store.ts';
import { RowReader } from './store/sql/row-reader.ts';
import { openSqlite } from './store/sql/sqlite.ts';
import { loadPlatformKeys } from './tokens/platform-keys.ts';
import { TokenIssuer } from './tokens/token-issuer.ts';
import { UrlSigner } from './tokens/url-signer.ts';
import { registerUploadRoutes } from './uploads/upload-routes.ts';
import { Uploads } from './uploads/uploads.ts';
import { registerHealth } from './user-api/health.ts';
import { HomeEvents } from './user-api/home-events.ts';
import { UserApi } from './user-api/user-api.ts';
import { registerVodRoutes } from './video-service/playback/vod-routes.ts';
import { boundlessVolume, directoryVolume } from './video-service/retention/volume.ts';
import { VideoService } from './video-service/video-service.ts';
import { registerVrRoutes } from './video-service/vr-routes.ts';
import { WakeChannel } from './wake/wake-channel.ts';
import { Waker } from './wake/waker.ts';

export interface PlatformOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
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

const VERSION = '0.1.0';
const PURGE_MS = 60 * 60_000;
const WAKE_PORT = 8_781;

/**
 * Starts the services of this process's roles: with SQLite, a directory of objects, and a bus in the process or over NATS.
 * This is the one place that knows all services; each gets what it needs as constructor arguments.
 * @throws AppError INVALID_STATE when the port, the data directory or the name is in use; INVALID_PARAMS for roles that do not fit
 */
export async function createPlatform({ config, clock, random, logger, webDirectory }: PlatformOptions): Promise<Platform> {
  await using stack = new AsyncDisposableStack();
  const data = config.data;
  await mkdir(data, { recursive: true, mode: 0o700 });
  const roles = rolesOf(config);
  stack.use(lockDataDirectory(data, { shared: config['bus.url'] !== '' }));
  const vault = await openVault(config);
  const keys = await loadPlatformKeys(join(data, 'keys'), vault);
  const db = stack.adopt(await openSqlite(join(data, 'cardea.db')), (open) => open.destroy());
  const rows = stack.use(new RowReader(join(data, 'cardea.db')));
  const exchange =
    config['bus.url'] === '' ? undefined : stack.use(await NatsBus.open({ url: config['bus.url'], name: config.node, logger }));
  const revocations = exchange && stack.use(new RecordedRevocations({ bus: exchange, db, clock, random, logger }));
  const bus = revocations ?? new InProcessBus(logger);
  const shared = { db, bus, clock, random, logger };
  const objects = await openObjectStore(objectStoreSettings(config), shared);
  const tokens = new TokenIssuer(keys.tokenKeyPem, { clock, random });
  const authorizer = new Authorizer(shared);
  const answers = stack.use(new OpenAnswers({ ...shared, authorizer }));

  const { host, port } = parseListen(config.listen);
  let url = config.publicUrl;
  const publicUrl = (): string => url;
  const keepAlive = { intervalSec: config['keepAlive.intervalSec'], missed: config['keepAlive.missed'] };
  const certificates = await openCertificates(config, { vault, clock, random, logger });
  if (certificates !== undefined) stack.use(certificates);
  const http = stack.use(new HttpServer({ logger, tls: certificates?.pair, trustedProxies: config.trustedProxies }));

  const accounts = new Accounts({ ...shared, sessionSecret: keys.sessionSecret });
  const apiTokens = new ApiTokens({ ...shared, authorizer });
  const homes = new Homes({ ...shared, onTimezone: (homeId) => video.storage.hoursChanged(homeId) });
  const recipientKeys = new RecipientKeys({ ...shared, onChange: (homeId) => devices.recordInHome(homeId) });
  const members = new Members({ ...shared, authorizer, onLess: (homeId) => devices.recordInHome(homeId) });
  const invitations = new Invitations({ ...shared, accounts, members, publicUrl });
  const bindings = new Bindings({
    ...shared,
    publicUrl: () => cluster?.servers.schedulingUrl ?? url,
    authority: certificates?.fingerprint,
  });
  const operators = new Operators(shared);
  const setup = new Setup({ accounts, homes, operators, random });
  const proving = { secret: keys.sessionSecret, publicUrl, authorizer, accounts, invitations, operators };
  const logins = await openLogins(config, { ...shared, ...proving });

  const signer = new UrlSigner(keys.uploadSecret, clock);
  const uploads = stack.use(new Uploads({ ...shared, objects, signer, publicUrl }));
  const logs = new DeviceLogs({ db, clock, uploads });
  const audit = new AuditLog({ db, clock });
  const firmware: FirmwareService = stack.use(
    new FirmwareService({
      ...shared,
      objects,
      authorizer,
      signer,
      publicUrl,
      devices: {
        send: (deviceId, definition, params, options) => devices.send(deviceId, definition, params, options),
        isOnline: (deviceId) => devices.presenceOf(deviceId) === 'online',
      },
      notices: { note: (deviceId, homeId, notice) => devices.note(deviceId, homeId, notice) },
    }),
  );
  const pictures = new Pictures({ ...shared, uploads, publicUrl });
  const local = stack.use(new SessionRegistry(shared));
  const nodeId = (): string => config.node || `${hostname()}-${new URL(url).port}`;
  const authority = certificates?.authorityCertificate;
  const origins = exchange && new Origins({ exchange, tokens, publicUrl, nodeId, authority });
  const mediaReport = () => media.report();
  const asNode = { local, tokens, authorizer, nodeId, publicUrl, roles, drainWindowSec: config['drain.windowSec'], mediaReport };
  const cluster: Cluster | undefined = exchange && origins && stack.use(new Cluster({ ...shared, ...asNode, exchange, origins }));
  const connections = cluster?.connections ?? local;
  const servers =
    cluster?.servers ?? new LocalServers({ publicUrl, hasRoom: () => local.admitting, deviceCount: () => local.connectionCount });
  const mediaUrls = (): readonly string[] => cluster?.servers.mediaUrls ?? [];
  const ownOrigins = (): readonly string[] => [url, ...mediaUrls()].flatMap((origin) => [origin, origin.replace(/^http/, 'ws')]);
  const wake = stack.use(new WakeChannel({ ...shared, secret: keys.wakeSecret, presence: local, publicUrl, tls: certificates?.pair }));
  const clusterWake = exchange && stack.use(new ClusterWake({ exchange, radios: wake }));
  const everywhere = cluster && {
    presenceOf: (deviceId: string) => cluster.connections.presenceOf(deviceId),
    watch: (...[onChange]: Parameters<typeof local.watch>) => cluster.connections.watchAll(onChange),
  };
  const waker = stack.use(new Waker({ channel: clusterWake ?? wake, presence: everywhere ?? local, clock, logger }));
  const video: VideoService = stack.use(
    new VideoService({
      ...shared,
      objects,
      tokens,
      signer,
      publicUrl,
      serverId: 'cardea',
      limits: { maxSegmentBytes: config['limits.segmentBytes'] },
      volume: config['objects.url'] === '' ? directoryVolume(data) : boundlessVolume,
      retention: { days: config['storage.days'], totalBytes: config['storage.bytes'] === 0 ? undefined : config['storage.bytes'] },
      onWish: (deviceIds) => devices.recordAsWished(deviceIds),
      notices: {
        full: ({ deviceId, homeId }, occurredAt) =>
          devices.note(deviceId, homeId, { type: 'storage', text: 'there is no room for recordings', occurredAt }),
        stopped: ({ deviceId, homeId, channel }, occurredAt) =>
          devices.note(deviceId, homeId, { type: 'recordingStopped', text: 'no video arrives', channel, occurredAt }),
      },
    }),
  );
  const devices: DeviceManagement = stack.use(
    new DeviceManagement({
      ...shared,
      rows,
      tokens,
      authorizer,
      connections,
      waker,
      wakeService: (holder) => wake.serviceFor(holder),
      inUse: async (deviceId) => media.here?.talks.isUsed(deviceId) || (await media.live.isUsed(deviceId)),
      claims: bindings,
      servers,
      pictures,
      logs,
      recordings: video.ledger,
      wishes: video.wishes,
      recipients: recipientKeys,
      audit,
      fillers: {
        'snapshot.capture': snapshotFiller(pictures),
        'log.upload': (command) => logs.fill(command),
        'firmware.upgrade': firmwareFiller(firmware.catalogue),
        'live.push': livePushFiller((proof, wanted) => media.live.pushTarget(proof, wanted)),
        'playback.start': playbackFiller((proof, wanted) => media.live.playbackTarget(proof, wanted)),
        'talk.start': talkFiller((proof, wanted) => media.talks.sourceFor(proof, wanted)),
      },
      onRefused: { 'log.upload': (command) => logs.refused(command) },
      ownOrigins,
      keepAlive,
      server: { id: 'cardea', version: VERSION, maxSegmentBytes: config['limits.segmentBytes'] },
    }),
  );
  const commands: DeviceCommands = { call: (deviceId, definition, params, options) => devices.send(deviceId, definition, params, options) };
  const media: LiveMediaServices = stack.use(
    openLiveMedia({
      ...shared,
      config,
      certificates,
      isHere: roles.includes('media'),
      cluster,
      origins,
      authorizer,
      tokens,
      commands,
      channels: devices,
      audit,
      principalFromRequest: (request) => userApi.principalFromRequest(request),
      publicUrl,
    }),
  );
  const events = new HomeEvents({ db, publicUrl });
  const sharing = { ...shared, authorizer, accounts, events, audit, passcodes: new Passcodes({ clock }), publicUrl };
  const shares = new Shares(sharing);
  const registry = new Registry();
  const isLeaving = (): boolean => !local.admitting;
  const userApi = stack.use(
    new UserApi({
      ...shared,
      registry,
      isLeaving,
      requestsPerSecond: config['limits.requestsPerSecond'],
      authorizer,
      answers,
      publicUrl,
      secret: keys.sessionSecret,
      accounts,
      passkeys: logins.passkeys,
      providerLogins: logins.providerLogins,
      operators,
      platform: {
        state: () => ({ version: VERSION, node: nodeId(), url, ...(certificates && { certificate: certificates.state() }) }),
        loginMethods: () => ({ ...logins.methods(), authority: certificates?.fingerprint !== undefined }),
      },
      apiTokens,
      setup,
      homes,
      members,
      recipientKeys,
      invitations,
      bindingCodes: bindings,
      devices: {
        describe: (proof) => devices.describe(proof),
        rename: async (proof, name) => void (await devices.rename(proof, name)),
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
      pictures,
      firmware,
      logs,
      audit,
    }),
  );
  const scheduling = stack.use(
    new SchedulingService({
      ...shared,
      tokens,
      servers,
      admits: (deviceId) => config['enrolment.open'] || config['enrolment.devices'].includes(deviceId),
      keepAlive,
      wakeService: (holder) => wake.serviceFor(holder),
      limits: { perDeviceAndMinute: config['limits.schedulesPerMinute'], perSourceAndSecond: config['limits.schedulesPerSecond'] },
      returnsPerSec: config['limits.returnsPerSecond'],
    }),
  );
  const gateway = new DeviceGateway({
    ...shared,
    rows,
    registry: local,
    handler: devices,
    tokens,
    keepAlive,
    maxReplacements: config['limits.replacements'],
    returnsPerSec: config['limits.returnsPerSecond'],
  });

  registerSecurityHeaders(http.app, { publicUrl, mediaUrls });
  certificates?.register(http.app, { publicUrl });
  certificates?.watch((pair) => {
    http.useCertificate(pair);
    wake.useCertificate(pair);
    media.here?.live.useCertificate(pair);
    if (config['rtmps.certificate'] === '') media.here?.live.useRtmpsCertificate(pair);
  });
  registerMetrics(registry, { certificates, connections: local, here: media.here });
  if (roles.includes('scheduling')) registerVsRoutes(http.app, scheduling, { logger });
  if (roles.includes('video')) registerVrRoutes(http.app, video, { logger, clock });
  registerUploadRoutes(http.app, uploads, { logger, clock });
  registerFirmwareRoutes(http.app, firmware.catalogue, { logger });
  registerSnapshotRoute(http.app, {
    ...shared,
    present: new PresentPictures({ ...shared, pictures, commands: devices }),
    authorizer,
    principalFromRequest: userApi.principalFromRequest,
    rightOfToken: async (token, source) => {
      if (media.here === undefined) throw new AppError('UNAUTHORIZED');
      return await media.here.live.rightOfToken(token, source);
    },
  });
  if (roles.includes('access')) gateway.attach(http);
  media.start(http);
  if (roles.includes('api')) {
    registerVodRoutes(http.app, {
      ...shared,
      vod: video.vod,
      authorizer,
      answers,
      principalFromRequest: userApi.principalFromRequest,
      audit,
    });
    userApi.start(http);
    registerWebApp(http.app, { directory: webDirectory });
    registerShareRoutes(http, {
      visits: new ShareVisits({ ...sharing, secret: keys.sessionSecret }),
      media: new SharedMedia({ live: media.live, vod: video.vod, events, segments: video.library }),
      pictures,
      page: (reply) => sendPage(reply, { directory: webDirectory }),
      isSecure: () => url.startsWith('https:'),
      authority,
      clock,
      logger,
    });
  } else registerHealth(http.app, { db, clock, registry, isLeaving });

  revocations?.start();
  answers.start();
  pictures.start();
  logs.start();
  local.start();
  cluster?.connections.start();
  if (roles.includes('scheduling')) scheduling.start();
  await devices.start();
  if (roles.includes('video')) await video.start();
  const isUserSide = roles.includes('api');
  if (isUserSide) {
    uploads.start();
    firmware.start();
    stack.use(new Lifetime(logger)).run('purge', async (signal) => {
      while (!signal.aborted) {
        await Promise.all([
          accounts.purgeExpired(),
          logins.passkeys.purgeExpired(),
          bindings.purgeExpired(),
          invitations.purgeExpired(),
          recipientKeys.noticeExpired(),
          shares.purgeExpired(),
          userApi.purgeExpired(),
        ]);
        await sleep(clock, PURGE_MS, { signal });
      }
    });
  }
  const setupToken = isUserSide ? await setup.start() : undefined;
  const boundPort = await http.listen(host, port);
  if (url === '') url = `${certificates === undefined ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${boundPort}`;
  await media.here?.live.openPorts();
  await openWakeChannel(wake, config, { host, port, logger });
  clusterWake?.start();
  waker.start();
  await cluster?.start();

  const running = stack.move();
  return {
    url,
    setupLink: setupToken === undefined ? undefined : `${url}/setup?token=${setupToken}`,
    accounts,
    setup,
    homes,
    bindings,
    authorizer,
    nodeId: nodeId(),
    drain: async () => cluster?.drain(),
    drained: cluster?.drained ?? new Promise(() => {}),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** By default beside the HTTP port. A port that is taken is no reason not to start: sleeping devices then cannot be woken. */
async function openWakeChannel(
  wake: WakeChannel,
  config: Config,
  http: { readonly host: string; readonly port: number; readonly logger: Logger },
): Promise<void> {
  const address = listenBeside(http, config['wake.listen'], WAKE_PORT);
  if (address === undefined) return;
  const { host, port } = address;
  try {
    await wake.listen(host, port);
  } catch (error) {
    http.logger.warn({ err: error }, `the wake channel is off: ${host}:${port} cannot be used, and devices that sleep cannot be woken`);
  }
}
