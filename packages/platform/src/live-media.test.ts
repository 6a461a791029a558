import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, hasStatus, silentLogger, VirtualClock } from '@cardea/core';
import { pushLiveVideo } from '@cardea/protocol';
import { ClusterMedia } from './cluster/media/cluster-media.ts';
import type { LiveMedia, LocalTalks } from './cluster/media/ports.ts';
import { NodeRegistry } from './cluster/node-registry.ts';
import { Origins } from './media-broadcasting/edge/origins.ts';
import { camera, createRig, type Rig } from './media-broadcasting/testing/rig.ts';
import { until, WsViewer } from './media-broadcasting/testing/ws-viewer.ts';
import { LoopbackExchange } from './store/bus/testing/loopback-exchange.ts';
import type { Exchange } from './store/ports.ts';

interface MediaProcess extends AsyncDisposable {
  readonly live: LiveMedia;
  readonly rig: Rig;
  readonly nodes: NodeRegistry;
  readonly media: ClusterMedia;
  /** Sessions it says it has. */
  load: number;
}

const MAX_SESSIONS = 10;

/** Processes of one platform; the first has the user API and no live media, the others nothing else. */
class Processes implements AsyncDisposable {
  readonly clock = new VirtualClock();
  private readonly exchanges = new LoopbackExchange();
  private readonly stack = new AsyncDisposableStack();
  private base: Rig | undefined;

  /** What the cameras answer and the store holds. */
  get rig(): Rig {
    assert.ok(this.base);
    return this.base;
  }

  async startApi(): Promise<LiveMedia> {
    this.base = this.stack.use(await createRig(this.clock, { rtspPort: undefined }));
    const exchange = this.exchanges.end();
    const { media, nodes } = this.join('api', { exchange, rig: this.base, report: () => undefined });
    const { live } = media.join(undefined);
    await nodes.start();
    return live;
  }

  async startMedia(id: string): Promise<MediaProcess> {
    const exchange = this.exchanges.end();
    const stack = this.stack.use(new AsyncDisposableStack());
    const beside = this.rig;
    const state = { load: 0 };
    const options = { beside, exchange, nodeId: id, rtspPort: undefined };
    const rig = stack.use(await createRig(this.clock, { ...options, offerSession: (session) => media.offerSession(session) }));
    const { media, nodes } = this.join(id, { exchange, rig, report: () => state.load });
    const { live } = media.join({ live: rig.service, talks: noTalks });
    await nodes.start();
    media.start();
    await this.clock.advance(0);
    return Object.assign(state, { live, rig, nodes, media, [Symbol.asyncDispose]: () => stack.disposeAsync() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }

  private join(id: string, { exchange, rig, report }: { exchange: Exchange; rig: Rig; report: () => number | undefined }) {
    const publicUrl = (): string => `http://${rig.host}`;
    const shared = { exchange, clock: this.clock, logger: silentLogger, authorizer: rig.authorizer, nodeId: () => id, publicUrl };
    const self = () => {
      const sessions = report();
      const media = sessions === undefined ? {} : { media: { sessions, bytesPerSec: 0, maxSessions: MAX_SESSIONS, maxBytesPerSec: 1e9 } };
      return { id, url: publicUrl(), roles: [], connections: 0, state: 'serving' as const, ...media };
    };
    const nodes = this.stack.use(new NodeRegistry({ ...shared, self }));
    const origins = new Origins({ ...shared, tokens: rig.tokens });
    return { nodes, media: this.stack.use(new ClusterMedia({ ...shared, nodes, origins })) };
  }
}

const noTalks: LocalTalks = {
  open: () => Promise.reject(new AppError('NOT_SUPPORTED')),
  end: () => {},
  sourceFor: () => Promise.reject(new AppError('NOT_SUPPORTED')),
  isUsed: () => false,
  holds: () => false,
  holdsChannel: () => false,
  dismiss: async () => {},
};

test('who asks a server without live media watches at one that has them', async () => {
  await using processes = new Processes();
  const live = await processes.startApi();
  const media = await processes.startMedia('media-1');
  const { rig } = processes;
  const session = await live.startLive(await rig.proof('anna'), camera, {});
  assert.equal(session.elsewhere, true);
  assert.equal(new URL(session.urls.ws).host, media.rig.host);
  const viewer = await WsViewer.open(session.urls.ws);
  assert.equal(await live.isUsed(camera.deviceId), true);
  assert.deepEqual(
    (await live.viewers(await rig.proof('anna'))).map(({ userId, connections }) => [userId, connections.length]),
    [['anna', 1]],
  );
  const again = await live.renew(rig.principal('anna'), session.sessionId);
  assert.deepEqual([again.sessionId, again.urls.ws.split('?')[0]], [session.sessionId, session.urls.ws.split('?')[0]]);
  await assert.rejects(async () => live.end(rig.principal('ben'), session.sessionId), { status: 'SESSION_NOT_FOUND' });
  await live.end(rig.principal('anna'), session.sessionId);
  await until(() => viewer.closed !== undefined);
  await assert.rejects(live.renew(rig.principal('anna'), session.sessionId), { status: 'SESSION_NOT_FOUND' });
});

test('the stream stays at one server while that has room, then the one with the least to do serves the next', async () => {
  await using processes = new Processes();
  const live = await processes.startApi();
  const first = await processes.startMedia('media-1');
  const second = await processes.startMedia('media-2');
  const third = await processes.startMedia('media-3');
  const start = async () => new URL((await live.startLive(await processes.rig.proof('anna'), camera, {})).urls.ws).host;
  Object.assign(first, { load: 3 });
  Object.assign(second, { load: 1 });
  Object.assign(third, { load: 2 });
  await processes.clock.advance(2_000);
  assert.equal(await start(), second.rig.host, 'the one with the least to do');
  Object.assign(second, { load: 7 });
  await processes.clock.advance(2_000);
  assert.equal(await start(), second.rig.host, 'it has the stream');
  assert.equal(await start(), third.rig.host, 'what was sent there since counts: eight of ten are too many');
  assert.deepEqual(processes.rig.device.methods, ['live.push'], 'the camera pushes once');
});

test('a server that leaves or was not heard for five seconds is sent nobody', async () => {
  await using processes = new Processes();
  const live = await processes.startApi();
  const leaving = await processes.startMedia('media-1');
  const silent = await processes.startMedia('media-2');
  const start = async () => await live.startLive(await processes.rig.proof('anna'), camera, {});
  leaving.nodes.leave();
  await processes.clock.advance(0);
  const { sessionId, urls } = await start();
  assert.equal(new URL(urls.ws).host, silent.rig.host);
  await live.end(processes.rig.principal('anna'), sessionId);
  await silent.nodes[Symbol.asyncDispose]();
  await assert.rejects(start(), { status: 'NO_CAPACITY' });
});

test('a right that ended on the way is no right at the other server', async () => {
  await using processes = new Processes();
  const live = await processes.startApi();
  await processes.startMedia('media-1');
  const proof = await processes.rig.proof('ben');
  await processes.rig.db.deleteFrom('home_member').where('user_id', '=', 'ben').execute();
  await assert.rejects(live.startLive(proof, camera, {}), { status: 'UNAUTHORIZED' });
  assert.deepEqual(processes.rig.device.methods, []);
});

test('who went away before the camera agreed leaves no session behind', async () => {
  await using processes = new Processes();
  const live = await processes.startApi();
  const media = await processes.startMedia('media-1');
  const agreed = Promise.withResolvers<void>();
  processes.rig.device.answer(pushLiveVideo, () => {
    agreed.resolve();
    return pushLiveVideo.examples[0]?.result;
  });
  const gone = new AbortController();
  const asked = live.startLive(await processes.rig.proof('anna'), camera, { signal: gone.signal });
  gone.abort();
  await assert.rejects(asked, (error) => hasStatus(error, 'CANCELLED'));
  await agreed.promise;
  await until(() => media.rig.service.snapshot().sessions === 0);
});

test('without a server of live media whoever asks is told to ask again', async () => {
  await using processes = new Processes();
  const live = await processes.startApi();
  await assert.rejects(live.startLive(await processes.rig.proof('anna'), camera, {}), (error) => {
    assert.ok(hasStatus(error, 'NO_CAPACITY'));
    assert.equal(error.retryAfterMs, 5_000);
    return true;
  });
});
