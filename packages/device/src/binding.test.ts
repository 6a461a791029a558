import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, type StubVd, wireError } from './stub-platform/stub-vd.ts';
import { TestBench } from './stub-platform/test-bench.ts';

/** A platform that knows no home for the device yet, and answers a binding code with `answer`. */
async function unboundBench(answer: (params: Json) => unknown, { withPictures = false } = {}): Promise<TestBench> {
  const bench = await TestBench.open({ withPictures });
  bench.platform.bound = false;
  bench.platform.onVd = (vd: StubVd) => {
    vd.answers['binding.report'] = answer;
    vd.answers['server.getInfo'] = () => ({
      serverId: 'stub',
      serverTime: bench.clock.now(),
      version: '0',
      services: { vr: bench.platform.video.access() },
      limits: { maxMessageBytes: 65_536, maxSegmentBytes: 52_428_800, eventsPerMin: 120 },
      features: [],
    });
  };
  return bench;
}

test('with a binding code the device binds itself, learns the video service and records', async () => {
  const bound = { bound: true, bindingId: '01KDVAFBDYWQ3M8T0PZ6R5SKEA', boundAt: 1_767_225_600_000 };
  await using bench = await unboundBench(() => bound, { withPictures: true });
  const agent = await bench.onlineAgent({ bindingCode: 'K7QF-92MX-HT4D' });
  await bench.until(() => agent.bound, 'bound');
  assert.equal(bench.platform.schedules[0]?.body.reason, 'pairing');
  const [report] = bench.platform.device.all('binding.report');
  assert.equal(report?.params.state, 'requested');
  assert.equal(report?.params.bindToken, 'K7QF-92MX-HT4D');
  assert.match(report?.params.eventId, /^[0-9A-Z]{26}$/);
  const { result } = await bench.platform.device.request('binding.get', {});
  assert.equal(result.state, 'bound');
  await bench.within(25_000, () => bench.platform.video.stored.length === 1, 'a stored segment');
  assert.deepEqual(bench.platform.device.all('server.getInfo')[0]?.params, { services: ['vr'] });
});

test('what is asked while the answer to the code is on its way is answered by a bound device', async () => {
  let asked: Promise<Json> | undefined;
  await using bench = await unboundBench(() => {
    asked = bench.platform.device.request('device.getStatus', {});
    return { bound: true };
  });
  await bench.onlineAgent({ bindingCode: 'CODE-0' });
  await bench.until(() => asked !== undefined, 'the code presented');
  assert.ok((await asked)?.result, 'not refused as unbound');
});

test('a bound device stays bound over a restart and does not present its code again', async () => {
  await using bench = await unboundBench(() => ({ bound: true }));
  const first = await bench.onlineAgent({ bindingCode: 'CODE-1' });
  await bench.until(() => first.bound, 'bound');
  await first[Symbol.asyncDispose]();
  bench.platform.bound = true;
  const second = await bench.onlineAgent({ bindingCode: 'CODE-1' });
  assert.ok(second.bound);
  await bench.pass(1_000);
  assert.equal(bench.platform.device.all('binding.report').length, 0);
});

test('a wrong code is not presented twice', async () => {
  await using bench = await unboundBench(() => {
    throw wireError(1001, 'UNAUTHORIZED');
  });
  const agent = await bench.onlineAgent({ bindingCode: 'WRONG' });
  await bench.idle(30_000);
  assert.equal(bench.platform.device.all('binding.report').length, 1);
  assert.equal(agent.bound, false);
});

test('a code that gets no answer is presented four times with the same event id', async () => {
  await using bench = await unboundBench(() => undefined);
  await bench.onlineAgent({ bindingCode: 'CODE-2' });
  await bench.idle(80_000);
  const reports = bench.platform.device.all('binding.report');
  assert.equal(reports.length, 4);
  assert.equal(new Set(reports.map(({ params }) => params.eventId)).size, 1);
});

test('a device without a home answers only what belongs to nobody', async () => {
  await using bench = await unboundBench(() => undefined);
  await bench.onlineAgent();
  const { device } = bench.platform;
  for (const method of ['capability.get', 'time.get']) {
    const answer = await device.request(method, method === 'time.get' ? { serverSentAt: 0 } : {});
    assert.ok(answer.result, method);
  }
  for (const [method, params] of [
    ['device.getStatus', {}],
    ['config.get', {}],
    ['live.push', bench.platform.livePush('01KDVAPJ7C5T9N3W1QX8Z6D0SG')],
  ] as const) {
    assert.equal((await device.request(method, params)).error.code, 1017, method);
  }
});

test('an unbound device forgets its home, what its owner set, and what is not uploaded', async () => {
  await using bench = await TestBench.open();
  const agent = await bench.onlineAgent();
  await bench.platform.device.request('config.set', { patch: { 'device.name': 'Porch' } });
  bench.platform.video.onRequest = (what) => (what === 'create' ? { status: 503 } : undefined);
  await bench.within(15_000, () => bench.platform.device.all('device.keepAlive').length > 0, 'a keep-alive');
  await bench.pass(12_000);
  bench.platform.bound = false;
  bench.platform.device.close(4014);
  await bench.within(10_000, () => bench.platform.vd.length === 2, 'connected again');
  assert.equal(agent.bound, false);
  assert.equal(bench.platform.schedules[1]?.body.reason, 'pairing');
  bench.platform.video.onRequest = () => undefined;
  bench.platform.bound = true;
  bench.platform.device.close(4010);
  await bench.within(10_000, () => bench.platform.vd.length === 3, 'connected again');
  const { result, error } = await bench.platform.device.request('config.get', { keys: ['device.name'] });
  assert.equal(error, undefined, JSON.stringify(error));
  assert.equal(result.config['device.name'], 'Front door');
  await bench.within(25_000, () => bench.platform.video.stored.length > 0, 'a stored segment');
  const rebound = bench.platform.video.stored[0]?.create.startAt;
  assert.ok(rebound >= 1_767_225_612_000, 'nothing from before the unbinding');
});

test('a device that missed its unbinding learns of it from the next schedule', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  const first = await bench.onlineAgent();
  assert.ok(first.bound);
  await first[Symbol.asyncDispose]();
  bench.platform.bound = false;
  const second = await bench.onlineAgent();
  assert.equal(second.bound, false);
});
