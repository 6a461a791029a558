import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Action, Campaign, Device, Segment } from '@cardea/api';
import { AppError, createRandom, type Random, SystemClock, silentLogger, VirtualClock } from '@cardea/core';
import { Registry } from 'prom-client';
import { AuditLog } from '../audit/audit-log.ts';
import { Authorizer } from '../authorization/authorizer.ts';
import { OpenAnswers } from '../authorization/open-answers.ts';
import type { DeviceProof, Principal } from '../authorization/proof.ts';
import { DeviceLogs, type LogUploads } from '../device-logs/device-logs.ts';
import { Accounts } from '../homes/accounts.ts';
import { ApiTokens } from '../homes/api-tokens.ts';
import { Bindings } from '../homes/binding.ts';
import { Homes } from '../homes/homes.ts';
import { Invitations } from '../homes/invitations.ts';
import { Members } from '../homes/members.ts';
import { ProviderLogins, type ProviderLoginsOptions } from '../homes/oidc/provider-logins.ts';
import { Operators } from '../homes/operators.ts';
import { Passcodes } from '../homes/passcodes.ts';
import { Passkeys } from '../homes/passkeys.ts';
import { RecipientKeys } from '../homes/recipient-keys.ts';
import { Setup } from '../homes/setup.ts';
import { Support } from '../homes/support.ts';
import { HttpServer } from '../http/http-server.ts';
import { registerSecurityHeaders } from '../http/security-headers.ts';
import { sendPage } from '../http/web-app.ts';
import { registerShareRoutes } from '../shares/share-routes.ts';
import { ShareVisits } from '../shares/share-visits.ts';
import { SharedMedia } from '../shares/shared-media.ts';
import { Shares } from '../shares/shares.ts';
import { InProcessBus } from '../store/bus/in-process-bus.ts';
import type { Db } from '../store/ports.ts';
import { openSqlite } from '../store/sql/sqlite.ts';
import { HomeEvents } from '../user-api/home-events.ts';
import type {
  CaseService,
  DeviceCommands,
  DeviceDirectory,
  FirmwareService,
  LiveService,
  PictureService,
  SegmentService,
  StorageService,
  TalkService,
  VodService,
} from '../user-api/ports.ts';
import { UserApi } from '../user-api/user-api.ts';
import { Timelines } from '../video-service/timeline/timelines.ts';

/** A user with a home of their own, logged in. */
export interface Household {
  readonly userId: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly homeId: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: an answer of the wire, looked into by tests
  readonly body: any;
}

export interface Send {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const kept = { mode: 'continuous', streams: 'all', days: 30 } as const;
const oneStorage: StorageService = {
  use: async () => ({
    usedBytes: 0,
    lockedBytes: 0,
    keptDays: 0,
    bytesPerDay: 0,
    retention: kept,
    freeBytes: 0,
    level: 'normal',
    devices: [],
  }),
  ofHome: async () => kept,
  changeHome: async () => kept,
  ofCamera: async () => kept,
  changeCamera: async () => kept,
};

const oneVod: VodService = {
  open: async () => ({
    urls: { hls: '/vod/index.m3u8?token=T', multivariant: '/vod/multivariant.m3u8?token=T', clip: '/vod/clip.mp4?token=T' },
    token: 'T',
    expiresAt: 1,
  }),
};

const PASSWORD = 'correct horse battery';

/** What stands in for a service a test does not look into. */
export interface Stubs {
  readonly command?: DeviceCommands['call'];
  readonly live?: Partial<LiveService>;
  readonly talks?: Partial<TalkService>;
  /** Changed after start where a test needs another origin. */
  readonly publicUrl?: string;
  readonly requestsPerSecond?: number;
  readonly oidc?: Pick<ProviderLoginsOptions, 'provider' | 'rules'>;
}

/** Homes and the user API on a real port and a real database, with devices and video made of rows and memory. */
export class UserSide implements AsyncDisposable {
  // Sessions are dated by the clock of the machine, so the virtual one starts there.
  readonly clock = new VirtualClock(new SystemClock().now());
  readonly random: Random = createRandom(this.clock);
  readonly bus = new InProcessBus(silentLogger);
  readonly http = new HttpServer({ logger: silentLogger });
  readonly registry = new Registry();
  readonly segments = new MemorySegments();
  /** Every route registered, as `METHOD /path`. */
  readonly served: string[] = [];
  readonly directory: string;
  readonly db: Db;
  readonly authorizer: Authorizer;
  private readonly answers: OpenAnswers;
  readonly accounts: Accounts;
  readonly homes: Homes;
  readonly operators: Operators;
  readonly setup: Setup;
  readonly bindings: Bindings;
  readonly api: UserApi;
  /** What visitors of shares reach; registered beside the API. */
  private readonly visiting: Parameters<typeof registerShareRoutes>[1];
  url = '';

  private constructor(db: Db, directory: string, { command, live, oidc, requestsPerSecond = 10_000, talks, publicUrl }: Stubs) {
    const { bus, clock, random, registry } = this;
    const logger = silentLogger;
    this.db = db;
    this.directory = directory;
    this.authorizer = new Authorizer({ db, clock });
    this.answers = new OpenAnswers({ authorizer: this.authorizer, bus, clock, logger: silentLogger });
    this.answers.start();
    const sessionSecret = randomBytes(32);
    this.accounts = new Accounts({ db, bus, clock, random, logger, sessionSecret });
    this.homes = new Homes({ db, clock, random });
    this.operators = new Operators({ db, clock });
    this.setup = new Setup({ accounts: this.accounts, homes: this.homes, operators: this.operators, random });
    this.bindings = new Bindings({ db, clock, random, publicUrl: () => this.url });
    const members = new Members({ db, bus, clock, authorizer: this.authorizer });
    const invitations = new Invitations({ db, clock, random, accounts: this.accounts, members, publicUrl: () => publicUrl ?? this.url });
    const audit = new AuditLog({ db, clock });
    const events = new HomeEvents({ db, publicUrl: () => this.url });
    const shared = { db, bus, clock, random, logger, authorizer: this.authorizer, accounts: this.accounts, events, audit };
    const sharing = {
      ...{ ...shared, recordings: this.segments, passcodes: new Passcodes({ clock, db }) },
      publicUrl: () => publicUrl ?? this.url,
    };
    const allLive = { ...idleLive, ...live };
    this.visiting = {
      visits: new ShareVisits({ ...sharing, secret: sessionSecret }),
      media: new SharedMedia({ live: allLive, vod: oneVod, events, segments: this.segments }),
      pictures: onePicture,
      page: (reply) => sendPage(reply, {}),
      isSecure: () => false,
      authority: undefined,
      clock,
      logger,
    };
    this.api = new UserApi({
      db,
      bus,
      clock,
      random,
      logger,
      registry,
      authorizer: this.authorizer,
      answers: this.answers,
      requestsPerSecond,
      publicUrl: () => publicUrl ?? this.url,
      secret: sessionSecret,
      accounts: this.accounts,
      providerLogins: oidc && new ProviderLogins({ ...shared, ...oidc, secret: sessionSecret, invitations, operators: this.operators }),
      operators: this.operators,
      platform: {
        state: () => ({ version: '1', node: 'test', url: this.url }),
        loginMethods: () => ({ passkeys: true, authority: false, ...(oidc && { provider: { label: 'Test' } }) }),
      },
      passkeys: new Passkeys({ ...shared, secret: sessionSecret, publicUrl: () => publicUrl ?? this.url }),
      apiTokens: new ApiTokens({ db, bus, clock, random, authorizer: this.authorizer }),
      members,
      recipientKeys: new RecipientKeys({ db, clock, onChange: () => {} }),
      invitations,
      support: new Support({ db, clock, members }),
      setup: this.setup,
      homes: this.homes,
      bindingCodes: this.bindings,
      devices: new RowDevices(db),
      commands: { call: command ?? (async (_proof, method, params) => ({ method, params })) },
      live: allLive,
      talks: { ...idleTalks, ...talks },
      segments: this.segments,
      cases: oneCase,
      shares: new Shares(sharing),
      uploadStatistics: { of: async () => [] },
      timelines: new Timelines({ db, clock, targetSegmentSec: 10 }),
      vod: oneVod,
      storage: oneStorage,
      pictures: onePicture,
      firmware: oneFirmware,
      logs: new DeviceLogs({ db, clock, uploads: oneLog }),
      audit,
    });
  }

  static async open(stubs: Stubs = {}): Promise<UserSide> {
    const directory = await mkdtemp(join(tmpdir(), 'cardea-user-'));
    const side = new UserSide(await openSqlite(join(directory, 't.db')), directory, stubs);
    side.http.app.addHook('onRoute', ({ method, url }) => void side.served.push(...[method].flat().map((name) => `${name} ${url}`)));
    registerSecurityHeaders(side.http.app, { publicUrl: () => stubs.publicUrl ?? side.url, mediaUrls: () => [] });
    side.api.start(side.http);
    registerShareRoutes(side.http, side.visiting);
    side.url = `http://127.0.0.1:${await side.http.listen('127.0.0.1', 0)}`;
    return side;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.api[Symbol.dispose]();
    await this.http[Symbol.asyncDispose]();
    await this.answers[Symbol.asyncDispose]();
    await this.db.destroy();
    await rm(this.directory, { recursive: true });
  }

  /** Sends a request; `path` stands below `/api/v1` unless it starts with `http`. */
  async send(method: string, path: string, { token, body, headers = {} }: Send = {}): Promise<Answer> {
    const response = await fetch(path.startsWith('http') ? path : `${this.url}/api/v1${path}`, {
      method,
      redirect: 'error',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
  }

  /** A user with a home. */
  async settle(name: string): Promise<Household> {
    const { userId, email, token } = await this.register(name);
    const home = await this.homes.create(userId, { name: `Home of ${name}`, timezone: 'Europe/Paris' });
    return { userId, email, password: PASSWORD, token, homeId: home.id };
  }

  /** A user who may do some things at somebody's home. */
  async admit(name: string, homeId: string, allowed: readonly Action[], devices: readonly string[] = ['*']): Promise<Household> {
    const { userId, email, token } = await this.register(name);
    await this.db
      .insertInto('home_member')
      .values({
        home_id: homeId,
        user_id: userId,
        role: 'member',
        actions: JSON.stringify(allowed),
        devices: JSON.stringify(devices),
        created_at: this.clock.now(),
      })
      .execute();
    return { userId, email, password: PASSWORD, token, homeId };
  }

  async register(name: string): Promise<{ userId: string; email: string; token: string }> {
    const email = `${name.toLowerCase()}@example.org`;
    const { user, token } = await this.accounts.register({ email, name, password: PASSWORD }, { address: '192.0.2.1' });
    return { userId: user.id, email, token };
  }

  /** A device, of `homeId` or of nobody. */
  async addDevice(homeId: string | null, name = 'Door'): Promise<string> {
    const id = [...this.random.bytes(26)].map((byte) => '0123456789abcdefghjkmnpqrstvwxyz'[byte & 31]).join('');
    await this.db
      .insertInto('device')
      .values({
        id,
        home_id: homeId,
        name,
        vendor: 'Acme',
        model: 'Cam',
        serial: '1',
        firmware: '1.0.0',
        hardware: null,
        channels: 1,
        low_power: 0,
        disabled: 0,
        binding_epoch: 0,
        binding_id: homeId === null ? null : this.random.ulid(),
        bound_at: homeId === null ? null : this.clock.now(),
        bound_by: null,
        capabilities: null,
        cap_hash: null,
        config_version: null,
        boot_id: null,
        last_status: null,
        last_seen_at: null,
        created_at: this.clock.now(),
      })
      .execute();
    return id;
  }

  /** An alarm of a device, told to the bus. */
  async raiseAlarm(
    deviceId: string,
    homeId: string,
    occurredAt = this.clock.now(),
    { eventId = this.random.ulid(), params = '{}' }: { readonly eventId?: string; readonly params?: string } = {},
  ): Promise<string> {
    const id = this.random.ulid();
    await this.db
      .insertInto('device_event')
      .values({
        id,
        device_id: deviceId,
        event_id: eventId,
        home_id: homeId,
        kind: 'alarm',
        type: 'motion',
        channel: 1,
        state: 'start',
        level: null,
        correlation_id: null,
        text: null,
        occurred_at: occurredAt,
        received_at: this.clock.now(),
        params,
        answer: '{}',
        reviewed: 0,
        followed: 1,
      })
      .execute();
    this.bus.publish({ type: 'alarm', homeId, deviceId, id });
    return id;
  }

  /** A log a device uploaded. */
  async addLog(deviceId: string, homeId: string): Promise<string> {
    const id = this.random.ulid();
    const now = this.clock.now();
    await this.db
      .insertInto('device_log')
      .values({
        ...{ task_id: id, home_id: homeId, device_id: deviceId, types: '["system"]', requested_at: now, give_up_at: now + 300_000 },
        ...{ state: 'stored', error: null, upload_id: id, size_bytes: 7 },
      })
      .execute();
    return id;
  }

  /** A stored segment of a device. */
  addSegment(deviceId: string, homeId: string, bytes: Buffer = Buffer.from('0123456789')): string {
    const id = this.random.ulid();
    this.segments.add(
      {
        id,
        deviceId,
        homeId,
        channel: 1,
        stream: 'main',
        kind: 'continuous',
        startAt: this.clock.now(),
        endAt: this.clock.now() + 4_000,
        sizeBytes: bytes.length,
        sha256: 'ab'.repeat(32),
        locked: false,
        clientSegmentId: id,
      },
      bytes,
    );
    return id;
  }
}

/** Devices as their rows say. */
class RowDevices implements DeviceDirectory {
  private readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  async describe({ deviceId, homeId }: DeviceProof): Promise<Device> {
    const row = await this.db.selectFrom('device').selectAll().where('id', '=', deviceId).where('home_id', '=', homeId).executeTakeFirst();
    if (row === undefined) throw new AppError('NOT_FOUND');
    const { id, name, vendor, model, serial, firmware } = row;
    return {
      id,
      homeId,
      name,
      vendor,
      model,
      serial,
      firmware,
      state: 'offline',
      ...(row.disabled === 1 && { disabled: true }),
      lastSeenAt: null,
      boundAt: row.bound_at ?? 0,
      channels: [],
      capabilities: null,
    };
  }

  async rename({ deviceId }: DeviceProof, name: string): Promise<void> {
    await this.db.updateTable('device').set({ name }).where('id', '=', deviceId).execute();
  }

  async setDisabled({ deviceId }: DeviceProof, isDisabled: boolean): Promise<void> {
    await this.db
      .updateTable('device')
      .set({ disabled: isDisabled ? 1 : 0 })
      .where('id', '=', deviceId)
      .execute();
  }

  async unbind({ deviceId }: DeviceProof): Promise<void> {
    await this.db.updateTable('device').set({ home_id: null }).where('id', '=', deviceId).execute();
  }
}

/** Live sessions that nobody pushes for. */
const idleLive: LiveService = {
  async startLive() {
    return { sessionId: 'S1', expiresAt: 60_000, urls: { ws: 'ws://127.0.0.1/live' }, token: 'T' };
  },
  async startPlayback() {
    return { sessionId: 'S2', expiresAt: 60_000, urls: { ws: 'ws://127.0.0.1/playback' }, token: 'T', actualStartAt: 1 };
  },
  async renew(): Promise<never> {
    throw new AppError('SESSION_NOT_FOUND');
  },
  end(): never {
    throw new AppError('SESSION_NOT_FOUND');
  },
  viewers: () => [],
};

/** A loudspeaker that says yes to everybody. */
const idleTalks: TalkService = {
  async open() {
    const url = 'ws://127.0.0.1/talk';
    return { sessionId: 'S3', expiresAt: 20_000, url, token: 'T', codec: 'g711u', sampleRate: 8_000, duplex: 'full' };
  },
  end(): never {
    throw new AppError('SESSION_NOT_FOUND');
  },
};

/** Every picture there is, the same for all. */
const onePicture: PictureService = {
  ofEvent: async () => jpeg,
  list: async () => ({ items: [] }),
  find: async () => jpeg,
};
const jpeg = { sizeBytes: 4, sha256: 'cd'.repeat(32), read: async () => Readable.from([Buffer.from('jpeg')]) };

/** One image and one campaign, the same for all. */
const oneFirmware: FirmwareService = {
  catalogue: {
    add: async (_principal, { model, version }, bytes) => {
      for await (const _ of bytes);
      return { id: 'F', homeId: 'H', model, version, sizeBytes: 1, sha256: 'ef'.repeat(32), createdAt: 1 };
    },
    list: async () => [],
    remove: async () => {},
  },
  campaigns: { create: async () => campaign, list: async () => [campaign], get: async () => campaign, stop: async () => campaign },
};
const campaign: Campaign = {
  ...{ id: 'C', firmwareId: 'F', model: 'M', version: '1', state: 'running', wave: 0, haltAtFailurePct: 3, createdAt: 1 },
  ...{ waves: [], devices: [] },
};

/** Every case has nothing in it. */
const oneCase: CaseService = {
  export: async () => ({ name: 'case', segments: 0, manifestSha256: '00'.repeat(32), archive: Readable.from([Buffer.alloc(1_024)]) }),
};

/** Takes nothing in; every log that is read has the same line. */
const oneLog: LogUploads = {
  mint: async () => {
    throw new AppError('NOT_BOUND');
  },
  onStored: () => {},
  read: async () => Readable.from([Buffer.from('a line\n')]),
};

/** Segments in memory, held to the proofs as the video service does it. */
class MemorySegments implements SegmentService {
  private readonly kept = new Map<string, { segment: Segment; readonly bytes: Buffer }>();

  add(segment: Segment, bytes: Buffer): void {
    this.kept.set(segment.id, { segment, bytes });
  }

  /** Only the keys of members open it from now on. */
  encrypt(id: string): void {
    const entry = this.kept.get(id);
    if (entry !== undefined) entry.segment = { ...entry.segment, encryption: 'aes-256-gcm' };
  }

  async deviceOf(id: string): Promise<string | undefined> {
    return this.kept.get(id)?.segment.deviceId;
  }

  async segments(proof: DeviceProof): Promise<{ items: readonly Segment[] }> {
    return { items: [...this.kept.values()].map(({ segment }) => segment).filter((segment) => segment.deviceId === proof.deviceId) };
  }

  async encryptionIn(
    proof: DeviceProof,
    { channel, from, to }: { readonly channel: number; readonly from: number; readonly to: number },
  ): Promise<string | undefined> {
    const { items } = await this.segments(proof);
    const inRange = items.filter((segment) => segment.channel === channel && segment.startAt < to && segment.endAt > from);
    return inRange.find(({ encryption }) => encryption !== undefined)?.encryption;
  }

  async segment(proof: DeviceProof, id: string): Promise<Segment> {
    return this.require(proof, id).segment;
  }

  async readSegment(
    proof: DeviceProof,
    id: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ stream: Readable }> {
    const { bytes } = this.require(proof, id);
    return { stream: Readable.from([range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)]) };
  }

  async setLocked(proof: DeviceProof, id: string, locked: boolean): Promise<Segment> {
    const entry = this.require(proof, id);
    entry.segment = { ...entry.segment, locked };
    return entry.segment;
  }

  async remove(proof: DeviceProof, id: string): Promise<void> {
    this.require(proof, id);
    this.kept.delete(id);
  }

  private require({ deviceId, homeId }: DeviceProof, id: string): { segment: Segment; readonly bytes: Buffer } {
    const entry = this.kept.get(id);
    if (entry === undefined || entry.segment.deviceId !== deviceId || entry.segment.homeId !== homeId) throw new AppError('NOT_FOUND');
    return entry;
  }
}

/** The principal behind a token. */
export async function principalOf({ accounts }: UserSide, token: string): Promise<Principal> {
  const visitor = await accounts.authenticate(token);
  if (visitor === undefined) throw new AppError('UNAUTHORIZED');
  return visitor.principal;
}
