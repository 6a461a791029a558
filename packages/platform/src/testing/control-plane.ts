import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Action, actions } from '@cardea/api';
import { AppError, createRandom, type Random, silentLogger, VirtualClock } from '@cardea/core';
import { DeviceGateway } from '../access/device-gateway.ts';
import { SessionRegistry } from '../access/session-registry.ts';
import { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof, Principal } from '../authorization/proof.ts';
import { DeviceManagement, type DeviceManagementOptions } from '../device-management/device-management.ts';
import { RecipientKeys } from '../homes/recipient-keys.ts';
import { HttpServer, type TlsPair } from '../http/http-server.ts';
import { type SchedulingOptions, SchedulingService } from '../scheduling/scheduling-service.ts';
import { LocalServers } from '../scheduling/server-directory.ts';
import { registerVsRoutes } from '../scheduling/vs-routes.ts';
import { InProcessBus } from '../store/bus/in-process-bus.ts';
import type { BusMessage, Db } from '../store/ports.ts';
import { RowReader } from '../store/sql/row-reader.ts';
import { openSqlite } from '../store/sql/sqlite.ts';
import { TokenIssuer } from '../tokens/token-issuer.ts';
import { RecordingWishes } from '../video-service/retention/recording-wishes.ts';
import { RetentionPolicies } from '../video-service/retention/retention-policies.ts';
import { RecordingLedger } from '../video-service/timeline/recording-ledger.ts';
import { WakeChannel } from '../wake/wake-channel.ts';
import { Waker } from '../wake/waker.ts';
import { type RawConnection, RawDevice } from './raw-device.ts';

/** Only a broken test waits so long. */
const STUCK_AFTER_MS = 10_000;
const DATABASE = 't.db';

export interface ControlPlaneOptions {
  readonly scheduling?: Partial<SchedulingOptions>;
  readonly management?: Partial<DeviceManagementOptions>;
  readonly maxReplacements?: number;
  readonly hasRoom?: (deviceId: string) => boolean;
  readonly deviceCount?: () => number;
  /** Certificate of the wake channel. */
  readonly wakeTls?: TlsPair;
  /** Database of an earlier run. */
  readonly directory?: string;
}

/** Scheduling, access and device management on a real port, a real database and a virtual clock, with one home. */
export class ControlPlane implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly random: Random = createRandom(this.clock);
  readonly published: BusMessage[] = [];
  readonly bus = new InProcessBus(silentLogger);
  readonly db: Db;
  readonly directory: string;
  readonly rows: RowReader;
  readonly tokens: TokenIssuer;
  readonly registry: SessionRegistry;
  readonly management: DeviceManagement;
  /** What was said of recording; whoever says something asks `wishes` afterwards. */
  readonly policies: RetentionPolicies;
  readonly wishes: RecordingWishes;
  readonly recipients: RecipientKeys;
  readonly authorizer: Authorizer;
  readonly scheduling: SchedulingService;
  readonly wake: WakeChannel;
  readonly waker: Waker;
  /** Devices that count as watched. */
  readonly used = new Set<string>();
  readonly http = new HttpServer({ logger: silentLogger });
  url = '';

  private constructor(db: Db, directory: string, options: ControlPlaneOptions) {
    const { bus, clock, random } = this;
    const logger = silentLogger;
    const keepAlive = { intervalSec: 30, missed: 3 };
    const ledger = new RecordingLedger({ db, clock });
    this.policies = new RetentionPolicies(db, { mode: 'continuous', streams: 'all', days: 30 });
    this.recipients = new RecipientKeys({ db, clock, onChange: (homeId) => this.management.recordInHome(homeId) });
    this.wishes = new RecordingWishes({ db, ledger, policies: this.policies });
    this.db = db;
    this.directory = directory;
    this.rows = new RowReader(join(directory, DATABASE));
    const { privateKey } = generateKeyPairSync('ed25519');
    this.tokens = new TokenIssuer(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), { clock, random });
    this.registry = new SessionRegistry({ db, bus, clock, logger });
    this.authorizer = new Authorizer({ db, clock });
    const secret = new Uint8Array(32);
    const { wakeTls: tls } = options;
    this.wake = new WakeChannel({ db, bus, clock, random, logger, secret, presence: this.registry, publicUrl: () => this.url, tls });
    this.waker = new Waker({ channel: this.wake, presence: this.registry, clock, logger });
    const servers = new LocalServers({
      publicUrl: () => this.url,
      hasRoom: options.hasRoom ?? (() => true),
      deviceCount: options.deviceCount ?? (() => 0),
    });
    this.management = new DeviceManagement({
      db,
      rows: this.rows,
      bus,
      clock,
      random,
      logger,
      tokens: this.tokens,
      authorizer: this.authorizer,
      connections: this.registry,
      waker: this.waker,
      wakeService: (holder) => this.wake.serviceFor(holder),
      inUse: (deviceId) => this.used.has(deviceId),
      claims: { claim: (code, device) => this.claim(code, device.deviceId) },
      servers,
      pictures: { tickets: async () => [] },
      logs: { ended: async () => {} },
      recordings: ledger,
      wishes: this.wishes,
      recipients: this.recipients,
      audit: { record: async () => {} },
      fillers: {},
      ownOrigins: () => [this.url, this.url.replace('http', 'ws')],
      keepAlive,
      server: { id: 'test', version: '0.1.0', maxSegmentBytes: 52_428_800 },
      ...options.management,
    });
    const gateway = new DeviceGateway({
      registry: this.registry,
      handler: this.management,
      tokens: this.tokens,
      db,
      rows: this.rows,
      clock,
      logger,
      keepAlive,
      maxReplacements: options.maxReplacements ?? 5,
      returnsPerSec: 250,
    });
    gateway.attach(this.http);
    this.scheduling = new SchedulingService({
      db,
      clock,
      random,
      logger,
      tokens: this.tokens,
      servers,
      admits: () => true,
      keepAlive,
      wakeService: (holder) => this.wake.serviceFor(holder),
      limits: { perDeviceAndMinute: 10, perSourceAndSecond: 100 },
      returnsPerSec: 250,
      ...options.scheduling,
    });
    registerVsRoutes(this.http.app, this.scheduling, { logger });
  }

  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'cardea-control-')));
    const plane = new ControlPlane(await openSqlite(join(directory, DATABASE)), directory, options);
    for (const topic of ['device', 'alarm', 'revoked'] as const) plane.bus.subscribe(topic, (message) => plane.published.push(message));
    if (options.directory === undefined) await plane.furnish();
    plane.registry.start();
    plane.scheduling.start();
    await plane.management.start();
    await plane.wake.listen('127.0.0.1', 0);
    plane.waker.start();
    plane.url = `http://127.0.0.1:${await plane.http.listen('127.0.0.1', 0)}`;
    return plane;
  }

  device(): RawDevice {
    return new RawDevice(this.url, () => this.clock.now());
  }

  /** A connected device that belongs to home `home-1`, its capabilities read. */
  async boundDevice(): Promise<{ readonly device: RawDevice; readonly connection: RawConnection }> {
    const device = this.device();
    const connection = await device.connect();
    await this.until(async () => (await this.row(device.id)).capabilities !== null);
    await connection.event('binding.report', { state: 'requested', bindToken: 'GOOD-CODE' });
    await connection.keepAlive();
    return { device, connection };
  }

  row(deviceId: string) {
    return this.db.selectFrom('device').selectAll().where('id', '=', deviceId).executeTakeFirstOrThrow();
  }

  events(deviceId: string) {
    return this.db.selectFrom('device_event').selectAll().where('device_id', '=', deviceId).orderBy('id').execute();
  }

  proof<A extends Action>(deviceId: string, action: A): Promise<DeviceProof<A>> {
    return this.authorizer.device(this.principal(), action, deviceId);
  }

  principal(authenticatedAt = this.clock.now()): Principal {
    return { userId: 'user-1', userSessionId: 'session-1', authenticatedAt };
  }

  /** Lets the network do its work until `condition` holds. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const startedAt = performance.now();
    while (!(await condition())) {
      if (performance.now() - startedAt > STUCK_AFTER_MS) throw new Error(`the awaited state did not come: ${condition}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Stops the platform but keeps its files. */
  async stop(): Promise<void> {
    await this.registry[Symbol.asyncDispose]();
    await this.waker[Symbol.asyncDispose]();
    await this.wake[Symbol.asyncDispose]();
    await this.management[Symbol.asyncDispose]();
    await this.scheduling[Symbol.asyncDispose]();
    await this.http[Symbol.asyncDispose]();
    this.rows[Symbol.dispose]();
    await this.db.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async furnish(): Promise<void> {
    const created_at = this.clock.now();
    await this.db.insertInto('home').values({ id: 'home-1', name: 'Home', timezone: 'UTC', created_at }).execute();
    await this.db
      .insertInto('home_member')
      .values({ home_id: 'home-1', user_id: 'user-1', role: 'owner', actions: JSON.stringify(actions), devices: '["*"]', created_at })
      .execute();
  }

  /** Stands for the service of homes: one code that is good for every device. */
  private async claim(code: string, deviceId: string) {
    if (code !== 'GOOD-CODE') throw new AppError('UNAUTHORIZED');
    const boundAt = this.clock.now();
    const bindingId = `01KDVAFBDY${createHash('sha256').update(deviceId).digest('hex').slice(0, 16).toUpperCase()}`;
    await this.db
      .updateTable('device')
      .set(({ eb }) => ({
        home_id: 'home-1',
        binding_id: bindingId,
        bound_at: boundAt,
        bound_by: 'user-1',
        binding_epoch: eb('binding_epoch', '+', 1),
      }))
      .where('id', '=', deviceId)
      .execute();
    return { homeId: 'home-1', bindingId, boundAt };
  }
}
