import type { IncomingMessage } from 'node:http';
import type { Clock, Logger, Random } from '@cardea/core';
import type { Registry } from 'prom-client';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { OpenAnswers } from '../authorization/open-answers.ts';
import type { Principal } from '../authorization/proof.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { Bus, Db } from '../store/ports.ts';
import { BrowserLogins } from './browser-logins.ts';
import { registerDocumentation } from './documentation.ts';
import { EventStreams } from './event-streams.ts';
import { Gatekeeper } from './gatekeeper.ts';
import { createAccountHandlers } from './handlers/account-handlers.ts';
import { createDeviceHandlers } from './handlers/device-handlers.ts';
import { createEventHandlers } from './handlers/event-handlers.ts';
import { createFirmwareHandlers } from './handlers/firmware-handlers.ts';
import { createHomeHandlers } from './handlers/home-handlers.ts';
import { createLiveHandlers } from './handlers/live-handlers.ts';
import { createMemberHandlers } from './handlers/member-handlers.ts';
import { createPasskeyHandlers } from './handlers/passkey-handlers.ts';
import { createPictureHandlers } from './handlers/picture-handlers.ts';
import { createProviderHandlers } from './handlers/provider-handlers.ts';
import { createRecipientKeyHandlers } from './handlers/recipient-key-handlers.ts';
import { createRecordHandlers } from './handlers/record-handlers.ts';
import { createRetentionHandlers } from './handlers/retention-handlers.ts';
import { createSegmentHandlers } from './handlers/segment-handlers.ts';
import { createShareHandlers } from './handlers/share-handlers.ts';
import { createTalkHandlers } from './handlers/talk-handlers.ts';
import { createTokenHandlers } from './handlers/token-handlers.ts';
import { registerHealth } from './health.ts';
import { HomeEvents } from './home-events.ts';
import { Idempotency } from './idempotency.ts';
import type {
  Accounts,
  ApiTokens,
  AuditJournal,
  BindingCodes,
  CaseService,
  DeviceCommands,
  DeviceDirectory,
  DeviceLogService,
  FirmwareService,
  Homes,
  Invitations,
  LiveService,
  Members,
  Operators,
  Passkeys,
  PictureService,
  PlatformStatus,
  ProviderLogins,
  RecipientKeyService,
  SegmentService,
  Setup,
  ShareService,
  StorageService,
  SupportService,
  TalkService,
  TimelineService,
  UploadStatisticsService,
  VodService,
} from './ports.ts';
import { RequestMetrics } from './request-metrics.ts';
import { bindRoutes } from './route-binding.ts';
import type { RouteHandlers } from './route-call.ts';
import { SessionCookie } from './session-cookie.ts';

export interface UserApiOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Of one user, or of one source without a login; ten times as many at once. */
  readonly requestsPerSecond: number;
  /** Whether the process is about to end. */
  readonly isLeaving?: () => boolean;
  readonly headroom?: { readonly isEnough: boolean };
  readonly authorizer: Authorizer;
  readonly answers: OpenAnswers;
  /** Origin under which users reach the platform. */
  readonly publicUrl: () => string;
  /** Seals what is kept of answers. */
  readonly secret: Uint8Array;
  readonly accounts: Accounts;
  readonly setup: Setup;
  readonly passkeys: Passkeys;
  readonly providerLogins: ProviderLogins | undefined;
  readonly operators: Operators;
  readonly platform: PlatformStatus;
  readonly apiTokens: ApiTokens;
  readonly homes: Homes;
  readonly members: Members;
  readonly recipientKeys: RecipientKeyService;
  readonly invitations: Invitations;
  readonly support: SupportService;
  readonly bindingCodes: BindingCodes;
  readonly devices: DeviceDirectory;
  readonly commands: DeviceCommands;
  readonly live: LiveService;
  readonly talks: TalkService;
  readonly segments: SegmentService;
  readonly cases: CaseService;
  readonly shares: ShareService;
  readonly timelines: TimelineService;
  readonly uploadStatistics: UploadStatisticsService;
  readonly storage: StorageService;
  readonly vod: VodService;
  readonly pictures: PictureService;
  readonly firmware: FirmwareService;
  readonly logs: DeviceLogService;
  readonly audit: AuditJournal;
}

/** The user API: every route of the table, the event stream, the documentation and the health of the process. */
export class UserApi implements Disposable {
  private readonly options: UserApiOptions;
  private readonly cookie: SessionCookie;
  private readonly events: HomeEvents;
  private readonly gatekeeper: Gatekeeper;
  private readonly idempotency: Idempotency;
  private readonly streams: EventStreams;

  constructor(options: UserApiOptions) {
    this.options = options;
    this.cookie = new SessionCookie(options.publicUrl);
    this.events = new HomeEvents(options);
    this.gatekeeper = new Gatekeeper({ ...options, cookie: this.cookie, events: this.events });
    this.idempotency = new Idempotency(options);
    this.streams = new EventStreams({ ...options, events: this.events });
  }

  /** Registers the routes; call before the server listens. */
  start({ app }: HttpServer): void {
    const { answers, audit, clock, logger, registry, requestsPerSecond } = this.options;
    this.streams.start();
    registerHealth(app, this.options);
    registerDocumentation(app);
    bindRoutes(app, {
      handlers: this.handlers(),
      gatekeeper: this.gatekeeper,
      idempotency: this.idempotency,
      metrics: new RequestMetrics(registry),
      audit,
      answers,
      requestsPerSecond,
      clock,
      logger,
    });
  }

  /**
   * Who sent a request, by cookie or bearer token; `undefined` when that cannot be told, or when another site made a
   * browser send an upgrade with its cookie.
   */
  readonly principalFromRequest = (request: IncomingMessage): Promise<Principal | undefined> => this.gatekeeper.principalOf(request);

  /** Forgets what has expired; call now and then. */
  async purgeExpired(): Promise<void> {
    await this.idempotency.purgeExpired();
  }

  [Symbol.dispose](): void {
    this.streams[Symbol.dispose]();
  }

  private handlers(): RouteHandlers {
    const logins = new BrowserLogins({ ...this.options, cookie: this.cookie });
    const services = { ...this.options, cookie: this.cookie, events: this.events, logins, streams: this.streams };
    return {
      ...createAccountHandlers(services),
      ...createPasskeyHandlers(services),
      ...createProviderHandlers(services),
      ...createTokenHandlers(services),
      ...createHomeHandlers(services),
      ...createMemberHandlers(services),
      ...createRecipientKeyHandlers(services),
      ...createDeviceHandlers(services),
      ...createLiveHandlers(services),
      ...createTalkHandlers(services),
      ...createSegmentHandlers(services),
      ...createRetentionHandlers(services),
      ...createEventHandlers(services),
      ...createPictureHandlers(services),
      ...createFirmwareHandlers(services),
      ...createRecordHandlers(services),
      ...createShareHandlers(services),
    };
  }
}
