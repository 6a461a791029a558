import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { roleActions } from '@cardea/api';
import { AppError, type Clock, createRandom, silentLogger } from '@cardea/core';
import type { ChannelCapability, PushTarget } from '@cardea/protocol';
import { Authorizer } from '../../authorization/authorizer.ts';
import type { DeviceProof, Principal } from '../../authorization/proof.ts';
import { bearerToken } from '../../http/bearer-token.ts';
import { HttpServer } from '../../http/http-server.ts';
import { InProcessBus } from '../../store/bus/in-process-bus.ts';
import type { BusMessageOf, Db, Exchange } from '../../store/ports.ts';
import { openSqlite } from '../../store/sql/sqlite.ts';
import { TokenIssuer } from '../../tokens/token-issuer.ts';
import { Origins } from '../edge/origins.ts';
import type { MediaPorts } from '../live-output.ts';
import { MediaBroadcasting } from '../media-broadcasting.ts';
import type { MediaSource, OfferSession, PlaceElsewhere } from '../ports.ts';
import { FakeDevice } from './fake-device.ts';

export const camera = { deviceId: '7h3kq0v9xw2m5n8d1c4t6r0yzb', channel: 1, stream: 'main' } as const;

/** Of the same home: `anna` owns it, `ben` is a member. `carl` has a home of his own. */
export type UserName = 'anna' | 'ben' | 'carl';

/** A platform that is nothing but media broadcasting, with one bound camera, on a free port. */
export interface Rig extends AsyncDisposable {
  readonly service: MediaBroadcasting;
  readonly device: FakeDevice;
  readonly db: Db;
  readonly bus: InProcessBus;
  readonly tokens: TokenIssuer;
  readonly authorizer: Authorizer;
  readonly liveStates: readonly BusMessageOf<'live'>['state'][];
  /** Without a scheme: `127.0.0.1:1234`. */
  readonly host: string;
  principal(user: UserName): Principal;
  proof(user: UserName): Promise<DeviceProof<'view.live'>>;
}

export interface RigOptions {
  /** Another process of the same platform. */
  readonly beside?: Rig;
  /** Joins it with others. */
  readonly exchange?: Exchange;
  /** Its name among them. */
  readonly nodeId?: string;
  /** By default there is room for everything. */
  readonly takesLive?: () => boolean;
  readonly offerSession?: OfferSession;
  readonly placeElsewhere?: PlaceElsewhere;
  /** 0: any free one; `undefined`: off. */
  readonly rtspPort?: number | undefined;
  /** On which the camera can push. */
  readonly carriers?: readonly PushTarget['protocol'][];
  readonly rtmpPort?: number;
  readonly rtmps?: MediaPorts['rtmp']['tls'];
  readonly rtsps?: MediaPorts['rtsps'];
}

export async function createRig(clock: Clock, options: RigOptions = {}): Promise<Rig> {
  const { carriers = ['wss-fmp4'], rtmpPort = 0, rtmps: tls, rtspPort, rtsps } = { rtspPort: 0, ...options };
  await using stack = new AsyncDisposableStack();
  const { beside, exchange } = options;
  const db = beside?.db ?? (await openFilledDb(stack, clock));
  const bus = beside?.bus ?? new InProcessBus(silentLogger);
  const liveStates: BusMessageOf<'live'>['state'][] = [];
  bus.subscribe('live', ({ state }) => liveStates.push(state));
  const authorizer = new Authorizer({ db, clock });
  const random = createRandom(clock);
  const tokens = beside?.tokens ?? new TokenIssuer(newKey(), { clock, random });
  const device = beside?.device ?? new FakeDevice(clock);
  const http = stack.use(new HttpServer({ logger: silentLogger }));
  let port = 0;
  const publicUrl = (): string => `http://127.0.0.1:${port}`;
  const service = new MediaBroadcasting({
    db,
    bus,
    authorizer,
    tokens,
    commands: device,
    channels: {
      assertSource,
      lensOf: async () => ({
        live: { protocols: [...carriers], maxSessions: 2 },
        video: [encoding('main', 1280, 2_000), encoding('sub', 640, 300)],
      }),
    },
    headroom: { takesLive: () => options.takesLive?.() ?? true },
    audit: { record: async () => {} },
    // The bearer of these tests is the name of the user.
    principalFromRequest: async (request) => userNamed(bearerToken(request)),
    publicUrl,
    ports: {
      rtmp: { plain: { host: '127.0.0.1', port: rtmpPort }, tls },
      rtsp: rtspPort === undefined ? undefined : { host: '127.0.0.1', port: rtspPort },
      rtsps,
      rtspUdp: [52_000, 52_999],
      webrtc: { listen: { host: '127.0.0.1', port: 0 }, publicAddress: '' },
    },
    origins: exchange && new Origins({ exchange, tokens, publicUrl, nodeId: () => options.nodeId ?? String(port) }),
    offerSession: options.offerSession,
    placeElsewhere: options.placeElsewhere,
    clock,
    random,
    logger: silentLogger,
  });
  service.start(http);
  stack.use(service);
  port = await http.listen('127.0.0.1', 0);
  await service.openPorts();
  const resources = stack.move();
  return {
    service,
    device,
    db,
    bus,
    tokens,
    authorizer,
    liveStates,
    host: `127.0.0.1:${port}`,
    principal: principalOf,
    proof: (user) => authorizer.device(principalOf(user), 'view.live', camera.deviceId),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function openFilledDb(stack: AsyncDisposableStack, clock: Clock): Promise<Db> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-live-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const db = await openSqlite(join(directory, 't.db'));
  stack.defer(() => db.destroy());
  await fill(db, clock);
  return db;
}

async function assertSource({ channel, stream }: MediaSource): Promise<void> {
  if (channel !== camera.channel) throw new AppError('CHANNEL_NOT_FOUND');
  if (stream === 'third') throw new AppError('STREAM_NOT_FOUND');
}

function encoding(stream: 'main' | 'sub', width: number, kbps: number): ChannelCapability['video'][number] {
  return { stream, codecs: ['h264'], resolutions: [[width, (width * 9) / 16]], fps: [1, 25], bitrateKbps: [100, kbps], gopSec: [1, 4] };
}

function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function principalOf(user: UserName): Principal {
  return { userId: user, userSessionId: `session-of-${user}`, authenticatedAt: 0 };
}

function userNamed(name: string | undefined): Principal | undefined {
  return name === 'anna' || name === 'ben' || name === 'carl' ? principalOf(name) : undefined;
}

async function fill(db: Db, clock: Clock): Promise<void> {
  const now = clock.now();
  const day = new Date(now).toISOString();
  const users = ['anna', 'ben', 'carl'] as const;
  const inDb = db.withTables<{ user: Record<string, unknown>; session: Record<string, unknown> }>();
  for (const id of users) {
    await inDb
      .insertInto('user')
      .values({ id, name: id, email: `${id}@example.org`, emailVerified: 1, createdAt: day, updatedAt: day })
      .execute();
    const expiresAt = new Date(now + 86_400_000).toISOString();
    await inDb
      .insertInto('session')
      .values({ id: `session-of-${id}`, userId: id, token: `token-of-${id}`, expiresAt, createdAt: day, updatedAt: day })
      .execute();
  }
  for (const id of ['home', 'elsewhere']) await db.insertInto('home').values({ id, name: id, timezone: 'UTC', created_at: now }).execute();
  const member = (user: UserName, home: string, role: 'owner' | 'member') => ({
    home_id: home,
    user_id: user,
    role,
    actions: JSON.stringify(roleActions[role]),
    devices: '["*"]',
    created_at: now,
  });
  await db
    .insertInto('home_member')
    .values([member('anna', 'home', 'owner'), member('ben', 'home', 'member'), member('carl', 'elsewhere', 'owner')])
    .execute();
  await db
    .insertInto('device')
    .values({
      id: camera.deviceId,
      home_id: 'home',
      name: 'Porch',
      vendor: 'v',
      model: 'm',
      serial: 's',
      firmware: '1',
      channels: 1,
      low_power: 0,
      disabled: 0,
      binding_epoch: 3,
      created_at: now,
    })
    .execute();
}
