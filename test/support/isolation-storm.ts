import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, followEvents, type LiveSession } from '@cardea/api';
import { environmentName } from '@cardea/platform';
import { alarmNotification, type ParamsOf, type ResultOf, snapshot, type UploadTicket } from '@cardea/protocol';
import { WebSocket } from 'ws';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { eventually } from '../e2e/eventually.ts';
import { type Owner, ownerAt, setUpOwner } from '../e2e/owner.ts';
import { LightDevice } from './light-device.ts';
import { colorOf, type Mark, type MarkedPictures, makeMarkedPictures, marksIn } from './marked-pictures.ts';
import { unlimited } from './platform-process.ts';
import { recorded, SegmentDevice } from './segment-device.ts';
import { StampedCamera } from './stamped-camera.ts';

export interface StormReport {
  /** Answers that carry a picture or speak of a camera, by their kind, that were the asker's own. */
  readonly own: ReadonlyMap<string, number>;
  /** Answers to requests for what is somebody else's. */
  readonly refused: number;
  /** Requests that failed because the platform was restarting or the camera was away. */
  readonly failed: number;
  /** What should never be; empty. */
  readonly holes: readonly string[];
}

export interface StormOptions {
  /** Devices that lose their connections all the time. */
  readonly devices: number;
  /** Times everything is asked for, at least; the platform is killed and started again in between. */
  readonly rounds: number;
}

/** Enough of a stream for a key frame or two of one colour. */
const STREAM_BYTES = 2_500;
const PATIENCE_MS = 5_000;
const MAX_ROUNDS = 10_000;

/** A home of its own owner, with one camera whose pictures say whose they are. */
interface MarkedHome {
  readonly mark: Mark;
  readonly pictures: MarkedPictures;
  readonly owner: Owner;
  readonly camera: StampedCamera;
  readonly segmentId: string;
  readonly range: { readonly from: number; readonly to: number };
  readonly eventId: string;
  /** Path of a link to the live picture. */
  readonly share: string;
}

/** One way to ask for something of a home: resolves with every byte that came, rejects without any. */
type Way = (home: MarkedHome, token: string) => Promise<Uint8Array>;

class Refused extends Error {
  readonly status: number;

  constructor(status: number, body: string) {
    super(`${status} ${body.slice(0, 200)}`);
    this.status = status;
  }
}

/** Two homes on one platform that is under load, loses its devices and is killed while both owners ask for everything of both. */
export async function runIsolationStorm(options: StormOptions): Promise<StormReport> {
  await using storm = await IsolationStorm.open(options);
  return await storm.run();
}

class IsolationStorm implements AsyncDisposable {
  private readonly options: StormOptions;
  private readonly stack: AsyncDisposableStack;
  private readonly data: string;
  private readonly ended = new AbortController();
  private readonly own = new Map<string, number>();
  private readonly holes: string[] = [];
  private readonly crowd: LightDevice[] = [];
  private homes: readonly MarkedHome[] = [];
  private platform: CardeaProcess;
  private refused = 0;
  private failed = 0;

  private constructor(
    options: StormOptions,
    parts: { readonly stack: AsyncDisposableStack; readonly data: string; readonly platform: CardeaProcess },
  ) {
    this.options = options;
    this.stack = parts.stack;
    this.data = parts.data;
    this.platform = parts.platform;
  }

  static async open(options: StormOptions): Promise<IsolationStorm> {
    await using stack = new AsyncDisposableStack();
    const data = await mkdtemp(join(tmpdir(), 'cardea-storm-'));
    stack.defer(() => rm(data, { recursive: true, force: true }));
    const storm = new IsolationStorm(options, { data, platform: serve(data, '127.0.0.1:0'), stack: stack.move() });
    storm.stack.defer(() => storm.platform[Symbol.asyncDispose]());
    try {
      await storm.settle();
      return storm;
    } catch (error) {
      await storm[Symbol.asyncDispose]();
      throw error;
    }
  }

  async run(): Promise<StormReport> {
    for (const home of this.homes) this.followEventsOf(home);
    const cutting = this.cutForever();
    let restarted = false;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      await this.askForEverything();
      if (!restarted && round + 1 >= this.options.rounds / 2) {
        restarted = true;
        await this.restart();
        this.own.clear();
      } else if (restarted && round + 1 >= this.options.rounds && this.sawEverything()) break;
    }
    this.ended.abort();
    await cutting;
    return { own: this.own, refused: this.refused, failed: this.failed, holes: this.holes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ended.abort();
    await Promise.all([...this.crowd, ...this.homes.map(({ camera }) => camera.device)].map((device) => device.stop()));
    await this.stack.disposeAsync();
  }

  private async settle(): Promise<void> {
    const first = await setUpOwner(this.platform);
    const second = await this.secondOwner(first);
    this.homes = await Promise.all([
      settleHome(first, { name: 'home-one', color: 'red' }),
      settleHome(second, { name: 'home-two', color: 'blue' }),
    ]);
    for (let index = 0; index < this.options.devices; index += 1) {
      this.crowd.push(new LightDevice({ platformUrl: first.url, retry: { baseMs: 50, maxMs: 1_000 } }));
    }
    await Promise.all(this.crowd.map((device) => device.start()));
  }

  /** Somebody who once belonged to the first home. */
  private async secondOwner({ client, homeId, url }: Owner): Promise<Owner> {
    const { inviteToken } = await client.call('member.invite', { params: { id: homeId }, body: { role: 'admin' } });
    const account = { inviteToken, email: 'second@example.org', name: 'Second', password: 'correct horse battery' };
    const { token, user } = await createClient({ baseUrl: url }).call('invitation.accept', { body: account });
    await createClient({ baseUrl: url, token }).call('home.create', { body: { name: 'Second', timezone: 'UTC' } });
    await client.call('member.delete', { params: { id: homeId, userId: user.id } });
    return await ownerAt(url, token);
  }

  /** Kills the platform and starts it again at the same address. */
  private async restart(): Promise<void> {
    const { host } = new URL(this.homes[0]?.owner.url ?? '');
    await this.platform.stop('SIGKILL');
    this.platform = serve(this.data, host);
    await this.platform.printed(/^Cardea is ready at (.+)$/);
  }

  private async cutForever(): Promise<void> {
    let next = 0;
    while (!this.ended.signal.aborted) {
      for (let count = 0; count < 10; count += 1) this.crowd[next++ % this.crowd.length]?.cut();
      for (const { camera } of next % 200 === 0 ? this.homes : []) camera.device.cut();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private followEventsOf({ camera, mark, owner }: MarkedHome): void {
    const others = this.homes.filter((home) => home.mark !== mark).map((home) => home.camera.device.id);
    void followEvents({
      baseUrl: owner.url,
      token: owner.token,
      signal: this.ended.signal,
      onEvent: ({ data }) => {
        const text = JSON.stringify(data);
        if (others.some((id) => text.includes(id))) this.holes.push(`the events of ${mark.name} tell of a foreign camera: ${text}`);
        if (text.includes(camera.device.id)) this.count(mark, 'events');
      },
    }).catch(() => {});
  }

  private async askForEverything(): Promise<void> {
    // Those of one home and those of the other, and foreign ones, all at once, as caches would like to mix them up.
    await Promise.all(
      this.homes.flatMap((home) =>
        this.homes.flatMap((asker) => Object.entries(ways).map(([name, way]) => this.ask(name, way, { home, asker }))),
      ),
    );
  }

  private async ask(name: string, way: Way, { home, asker }: { readonly home: MarkedHome; readonly asker: MarkedHome }): Promise<void> {
    const isOwn = home === asker;
    const label = `${name} of ${home.mark.name}, asked by ${asker.mark.name}`;
    try {
      const bytes = await way(home, asker.owner.token);
      // Whoever has a link sees what it shows.
      if (!isOwn && !name.startsWith('share')) this.holes.push(`${label}: answered`);
      await this.look(label, bytes, home);
      if (isOwn) this.count(home.mark, name);
    } catch (error) {
      const isRefusal = error instanceof Refused && [401, 403, 404].includes(error.status);
      if (!isOwn && isRefusal && error.status !== 403) this.refused += 1;
      else this.failed += 1;
      if (!isOwn && error instanceof Refused && marksIn(Buffer.from(error.message)).size > 0) this.holes.push(`${label}: ${error.message}`);
    }
  }

  /** Every picture in an answer has to be of the home. */
  private async look(label: string, bytes: Uint8Array, { camera, mark }: MarkedHome): Promise<void> {
    if (label.startsWith('sprite')) {
      const color = await colorOf(bytes);
      if (color !== mark.color) this.holes.push(`${label}: ${color}`);
      return;
    }
    const marks = [...marksIn(bytes)];
    if (label.startsWith('list')) {
      const ids = [
        ...Buffer.from(bytes)
          .toString()
          .matchAll(/"deviceId":"(\w+)"/g),
      ].map(([, id]) => id);
      if (ids.length === 0 || ids.some((id) => id !== camera.device.id)) this.holes.push(`${label}: ${ids}`);
    } else if (marks.length !== 1 || marks[0] !== mark.name) this.holes.push(`${label}: ${marks}`);
  }

  private count({ name }: Mark, kind: string): void {
    const key = `${name} ${kind}`;
    this.own.set(key, (this.own.get(key) ?? 0) + 1);
  }

  private sawEverything(): boolean {
    return this.homes.every(({ mark }) => Object.keys(ways).every((kind) => (this.own.get(`${mark.name} ${kind}`) ?? 0) > 0));
  }
}

function serve(data: string, listen: string): CardeaProcess {
  const env = Object.fromEntries(Object.entries(unlimited).map(([name, value]) => [environmentName(name), String(value)]));
  const ports = ['--rtmp', 'off', '--rtsp', 'off', '--webrtc', 'off'];
  return new CardeaProcess(['serve', '--data', data, '--listen', listen, '--log-level', 'error', ...ports], {
    NODE_TEST_CONTEXT: undefined,
    ...env,
  });
}

async function settleHome(owner: Owner, mark: Mark): Promise<MarkedHome> {
  const { client, homeId, url } = owner;
  const pictures = await makeMarkedPictures(mark);
  const camera = await StampedCamera.open(url, pictures.film, {
    retry: { baseMs: 50, maxMs: 500 },
    methods: [snapshot.method],
    answer: async (_definition, params) => await takePicture(pictures.jpeg, params as ParamsOf<typeof snapshot>),
  });
  const { device } = camera;
  await device.start();
  await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  const params = { id: device.id };
  await eventually('the camera is known', async () =>
    (await client.call('device.get', { params })).capabilities === null ? undefined : true,
  );
  using recorder = new SegmentDevice(device.id, await device.videoService());
  const { segmentId } = await recorder.store(recorded(pictures.film, 2_000));
  const { startAt: from, endAt: to } = await client.call('segment.get', { params: { id: segmentId } });
  const alarm = { ...device.eventFields(), channel: 1, alarmType: 'motion', state: 'pulse', media: { wantSnapshotTickets: 1 } } as const;
  const { snapshotTickets = [] } = await device.call(alarmNotification, alarm);
  for (const ticket of snapshotTickets) await put(ticket, pictures.jpeg);
  const eventId = await eventually('the alarm has a picture', async () => {
    const { items } = await client.call('event.list', { query: { deviceId: device.id, kind: 'alarm' } });
    return items.find((item) => item.pictures.length > 0)?.id;
  });
  const { url: link } = await client.call('share.create', { body: { kind: 'live', deviceId: device.id } });
  return { mark, pictures, owner, camera, segmentId, range: { from, to }, eventId, share: new URL(link).pathname };
}

async function takePicture(jpeg: Uint8Array, { uploads = [] }: ParamsOf<typeof snapshot>): Promise<ResultOf<typeof snapshot>> {
  const [ticket] = uploads;
  if (ticket !== undefined) await put(ticket, jpeg);
  return {
    images: [{ index: 0, capturedAt: Date.now(), width: 320, height: 240, sizeBytes: jpeg.length, sha256: '', status: 'uploaded' }],
  };
}

async function put({ headers = {}, url }: UploadTicket, bytes: Uint8Array): Promise<void> {
  const response = await fetch(url, { method: 'PUT', headers, body: bytes as Uint8Array<ArrayBuffer> });
  if (!response.ok) throw new Refused(response.status, await response.text());
}

/** The whole answer, or as much as `maxBytes` of one without an end. */
async function get(url: string, token?: string, maxBytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const response = await fetch(url, { signal, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Refused(response.status, await response.text());
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes >= maxBytes) break;
  }
  stopping.abort();
  return Buffer.concat(chunks);
}

async function watch(url: string, token?: string): Promise<Buffer> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, { headers, perMessageDeflate: false, handshakeTimeout: PATIENCE_MS });
  const patience = AbortSignal.timeout(PATIENCE_MS);
  patience.addEventListener('abort', () => socket.terminate(), { once: true });
  const chunks: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('unexpected-response', (_request, response) => reject(new Refused(response.statusCode ?? 0, '')));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('closed')));
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) chunks.push(data);
    if (chunks.reduce((sum, { length }) => sum + length, 0) >= STREAM_BYTES) resolve();
  });
  try {
    await promise;
  } finally {
    socket.terminate();
  }
  return Buffer.concat(chunks);
}

/** What the first piece of video is that a playlist names. */
async function play(url: string, token?: string): Promise<Buffer> {
  const text = (await get(url, token)).toString();
  const [piece] = text.match(/(?:part-|segment-|^\d+-)[^"\s]*\.m4s[^"\s]*/m) ?? [];
  if (piece === undefined) throw new Error('nothing is listed');
  return await get(new URL(piece, url).href, token);
}

async function liveUrls({ camera, owner: { url } }: MarkedHome, token: string) {
  const response = await fetch(`${url}/api/v1/devices/${camera.device.id}/live`, {
    method: 'POST',
    signal: AbortSignal.timeout(PATIENCE_MS),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ channel: 1, stream: 'main' }),
  });
  const body = await response.text();
  if (!response.ok) throw new Refused(response.status, body);
  return (JSON.parse(body) as LiveSession).urls;
}

const vodBase = ({ camera, owner, range }: MarkedHome): string =>
  `${owner.url}/vod/${camera.device.id}/1/start/${range.from}/end/${range.to}`;

/** Every way in which a picture, or word of one, gets to somebody. */
const ways: Readonly<Record<string, Way>> = {
  snapshot: async ({ camera, owner }, token) => await get(`${owner.url}/live/${camera.device.id}/1/main/snapshot.jpg`, token),
  segment: async ({ owner, segmentId }, token) => await get(`${owner.url}/api/v1/segments/${segmentId}/media`, token),
  clip: async (home, token) => await get(`${vodBase(home)}/clip.mp4`, token),
  playlist: async (home, token) => await play(`${vodBase(home)}/index.m3u8`, token),
  sprite: async (home, token) => await get(`${vodBase(home)}/${home.segmentId}.jpg`, token),
  event: async ({ eventId, owner }, token) => await get(`${owner.url}/api/v1/events/${eventId}/pictures/1`, token),
  'list of events': async ({ camera, owner }, token) => await get(`${owner.url}/api/v1/events?deviceId=${camera.device.id}`, token),
  'list of segments': async ({ camera, owner }, token) => await get(`${owner.url}/api/v1/devices/${camera.device.id}/segments`, token),
  ws: async (home, token) => await watch((await liveUrls(home, token)).ws ?? ''),
  'ws by itself': async ({ camera, owner }, token) =>
    await watch(`${owner.url.replace('http', 'ws')}/live/${camera.device.id}/1/main/ws`, token),
  flv: async ({ camera, owner }, token) => await get(`${owner.url}/live/${camera.device.id}/1/main/stream.flv`, token, STREAM_BYTES),
  hls: async (home, token) => await play((await liveUrls(home, token)).hls ?? ''),
  'share flv': async ({ owner, share }) => await get(`${owner.url}${share}/live/stream.flv`, undefined, STREAM_BYTES),
  'share ws': async ({ owner, share }) => await watch(`${owner.url.replace('http', 'ws')}${share}/live/ws`),
};
