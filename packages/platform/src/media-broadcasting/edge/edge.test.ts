import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { liveTimers } from '@cardea/protocol';
import { LoopbackExchange } from '../../store/bus/testing/loopback-exchange.ts';
import { type Clip, makeClip } from '../testing/media.ts';
import { camera, createRig, type Rig } from '../testing/rig.ts';
import { VmPublisher } from '../testing/vm-publisher.ts';
import { until, WsViewer } from '../testing/ws-viewer.ts';

const VIEWERS = 20;

let directory: string;
let clip: Clip;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-edge-'));
  clip = await makeClip(directory);
});
after(() => rm(directory, { recursive: true }));

async function publish({ device }: Rig): Promise<VmPublisher> {
  return await VmPublisher.connect(device.pushTarget, clip);
}

async function watch(rig: Rig, user: 'anna' | 'ben' = 'anna'): Promise<WsViewer> {
  const { urls } = await rig.service.startLive(await rig.proof(user), camera);
  return await WsViewer.open(urls.ws);
}

test('twenty viewers at another process cost the camera and the first process one stream', async () => {
  const exchange = new LoopbackExchange();
  const clock = new VirtualClock();
  await using origin = await createRig(clock, { exchange: exchange.end(), rtspPort: undefined });
  await using edge = await createRig(clock, { exchange: exchange.end(), beside: origin, rtspPort: undefined });
  const first = await watch(origin);
  const publisher = await publish(origin);
  publisher.publishUntil(0.5);
  await until(() => first.binaries.length > 1);

  const viewers = await Promise.all(Array.from({ length: VIEWERS }, () => watch(edge, 'ben')));
  publisher.publishUntil(2);
  await until(() => first.binaries.length > 90 && viewers.every(({ binaries }) => binaries.length > 70));
  assert.deepEqual(origin.device.methods, ['live.push'], 'the camera was asked once');
  assert.equal(origin.service.snapshot().viewers, 2, 'the first viewer and one pull');
  assert.equal(edge.service.snapshot().viewers, VIEWERS);
  assert.deepEqual(
    origin.service.viewers(await origin.proof('anna')).map(({ userId }) => userId),
    ['anna'],
    'a pull is nobody who watches',
  );
  const bytes = edge.service.snapshot();
  assert.ok(bytes.bytesOut > 10 * bytes.bytesIn, 'what came once went to all');

  for (const viewer of viewers) viewer.close();
  await until(() => edge.service.snapshot().viewers === 0);
});

test('when the process with the camera dies its viewers elsewhere stay, and the camera is asked to push there', async () => {
  const exchange = new LoopbackExchange();
  const clock = new VirtualClock();
  await using stack = new AsyncDisposableStack();
  await using base = await createRig(clock, { rtspPort: undefined });
  const origin = stack.use(await createRig(clock, { exchange: exchange.end(), beside: base, rtspPort: undefined }));
  await using edge = await createRig(clock, { exchange: exchange.end(), beside: base, rtspPort: undefined });
  await watch(origin);
  const publisher = await publish(origin);
  publisher.publishUntil(0.5);
  const viewer = await watch(edge);
  await until(() => viewer.binaries.length > 1);
  assert.equal(base.device.pushes, 1);

  await stack.disposeAsync();
  await until(() => base.device.pushes === 2);
  const before = viewer.binaries.length;
  const anew = await publish(base);
  anew.publishUntil(0.5);
  await until(() => viewer.binaries.length > before);
  assert.equal(viewer.closed, undefined);
});

test('when nobody can bring the stream any more the viewers of the other process are told why', async () => {
  const exchange = new LoopbackExchange();
  const clock = new VirtualClock();
  await using stack = new AsyncDisposableStack();
  await using base = await createRig(clock, { rtspPort: undefined });
  const origin = stack.use(await createRig(clock, { exchange: exchange.end(), beside: base, rtspPort: undefined }));
  await using edge = await createRig(clock, { exchange: exchange.end(), beside: base, rtspPort: undefined });
  await watch(origin);
  const publisher = await publish(origin);
  publisher.publishUntil(0.5);
  const viewer = await watch(edge);
  await until(() => viewer.binaries.length > 1);
  base.device.goOffline();
  await stack.disposeAsync();
  await until(() => viewer.closed !== undefined);
  assert.deepEqual(viewer.closed, { code: 1011, reason: 'DEVICE_OFFLINE' });
});

test('of two processes whose first viewers come at the same moment one gets the stream from the camera', async () => {
  const exchange = new LoopbackExchange();
  const clock = new VirtualClock();
  await using one = await createRig(clock, { exchange: exchange.end(), rtspPort: undefined });
  await using other = await createRig(clock, { exchange: exchange.end(), beside: one, rtspPort: undefined });
  const viewers = await Promise.all([watch(one), watch(other, 'ben')]);
  assert.deepEqual(one.device.methods, ['live.push']);
  const publisher = await publish(one);
  publisher.publishUntil(1);
  await until(() => viewers.every(({ binaries }) => binaries.length > 1));
});

test('a camera that is led to another process publishes there, and who watches at the first sees on', async () => {
  const exchange = new LoopbackExchange();
  const clock = new VirtualClock();
  await using first = await createRig(clock, { exchange: exchange.end(), rtspPort: undefined });
  await using second = await createRig(clock, { exchange: exchange.end(), beside: first, rtspPort: undefined });
  const viewer = await watch(first);
  const publisher = await publish(first);
  publisher.publishUntil(1);
  await until(() => viewer.binaries.length > 20);

  const [moved] = first.service.moves.movable();
  assert.ok(moved);
  const target = await second.service.moves.takeOver(moved);
  const left = first.service.moves.handOver(moved, target);
  const { url, token = '' } = target;
  assert.ok(url.startsWith(`ws://${second.host}/vm/v1/sessions/`));
  await until(() => publisher.texts.length === 2);
  assert.deepEqual(publisher.texts[1], { type: 'redirect', sessionId: moved.sessionId, url, token });
  const there = await VmPublisher.connect({ url, token }, clip);
  there.publishUntil(1);
  const before = viewer.binaries.length;
  publisher.say({ type: 'stop', sessionId: moved.sessionId, reason: 'reschedule' });
  await left;

  await until(() => viewer.binaries.length > before);
  there.publishUntil(2);
  await until(() => viewer.binaries.length > before + 20);
  assert.equal(viewer.closed, undefined);
  assert.deepEqual(first.device.methods, ['live.push'], 'the camera was asked once and never told to stop');
  assert.deepEqual(first.service.moves.movable(), []);
  assert.equal(second.service.moves.movable()[0]?.sessionId, moved.sessionId);
});

/** Two processes; a camera that does not come to the first is placed at the second. */
async function createPair(stack: AsyncDisposableStack, clock: VirtualClock): Promise<{ readonly first: Rig; readonly second: Rig }> {
  const exchange = new LoopbackExchange();
  const first: Rig = stack.use(
    await createRig(clock, {
      exchange: exchange.end(),
      rtspPort: undefined,
      placeElsewhere: (stream) => second.service.moves.takeOver(stream),
    }),
  );
  const second = stack.use(await createRig(clock, { exchange: exchange.end(), beside: first, rtspPort: undefined }));
  return { first, second };
}

test('a camera that does not reach the server it was sent to is sent to another, and its viewer sees without knowing', async () => {
  const clock = new VirtualClock();
  await using stack = new AsyncDisposableStack();
  const { first, second } = await createPair(stack, clock);
  const viewer = await watch(first);
  await clock.advance(liveTimers.publishedTimeoutMs);
  await until(() => first.device.pushes === 2);
  assert.deepEqual(first.device.methods, ['live.push', 'live.stop', 'live.push']);
  assert.equal(new URL(first.device.pushTarget.url).host, second.host);
  const publisher = await publish(second);
  publisher.publishUntil(1);
  await until(() => viewer.binaries.length > 20);
  assert.equal(viewer.closed, undefined);

  publisher.drop();
  await until(() => second.service.snapshot().streams === 0);
  const before = viewer.binaries.length;
  const again = await publish(second);
  again.publishUntil(1);
  await until(() => viewer.binaries.length > before);
  assert.equal(viewer.closed, undefined, 'from then on the camera has its tries as ever');
});

test('a camera that reaches none of two servers is told to its viewer after one try at each', async () => {
  const clock = new VirtualClock();
  await using stack = new AsyncDisposableStack();
  const { first, second } = await createPair(stack, clock);
  const viewer = await watch(first);
  await clock.advance(liveTimers.publishedTimeoutMs);
  await until(() => first.device.pushes === 2 && second.service.snapshot().viewers === 1);
  await clock.advance(liveTimers.publishedTimeoutMs);
  await until(() => viewer.closed !== undefined);
  assert.deepEqual(viewer.closed, { code: 1011, reason: 'PUSH_CONNECT_FAILED' });
  assert.equal(first.device.pushes, 2);
});

test('without another server to take it the camera is asked once more by the one there is', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock, { exchange: new LoopbackExchange().end(), rtspPort: undefined });
  const viewer = await watch(rig);
  await clock.advance(liveTimers.publishedTimeoutMs);
  await clock.advance(liveTimers.busyRetryMs);
  await until(() => rig.device.pushes === 2);
  const publisher = await publish(rig);
  publisher.publishUntil(1);
  await until(() => viewer.binaries.length > 20);
});

test('nobody pulls without the token of another process, nor what is not there', async () => {
  await using rig = await createRig(new VirtualClock(), { exchange: new LoopbackExchange().end(), rtspPort: undefined });
  const url = `ws://${rig.host}/vm/v1/pulls/${camera.deviceId}/1/main`;
  const { token } = await rig.tokens.mint('vm-pull', { ...camera, epoch: 3 }, 60_000);
  const sub = await rig.tokens.mint('vm-pull', { ...camera, stream: 'sub', epoch: 3 }, 60_000);
  for (const query of ['', '?token=x', `?token=${sub.token}`, `?token=${token}`]) {
    await assert.rejects(WsViewer.open(`${url}${query}`), { message: '401' }, query);
  }
  const { urls } = await rig.service.startLive(await rig.proof('anna'), camera);
  await assert.rejects(WsViewer.open(`${url}${new URL(urls.ws).search}`), { message: '401' });
  await WsViewer.open(`${url}?token=${token}`);
});
