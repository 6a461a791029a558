import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StubAnswer } from '../stub-platform/stub-platform.ts';
import { StubPlatform } from '../stub-platform/stub-platform.ts';
import { wireError } from '../stub-platform/stub-vd.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

function claimsOf(bearer: string): Record<string, number> {
  return JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

function refusal(status: number, code: number, name: string, more: Partial<StubAnswer> = {}): StubAnswer {
  return { status, body: { error: wireError(code, name) }, ...more };
}

test('a device asks for servers with a proof of its identity and says what it is', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  const agent = await bench.onlineAgent();
  const [asked] = bench.platform.schedules;
  assert.equal(asked?.path, '/vs/v1/schedule');
  assert.equal(claimsOf(asked?.bearer ?? '').sub, agent.deviceId);
  assert.equal(asked?.body.deviceId, agent.deviceId);
  assert.deepEqual(asked?.body.profiles, ['hss-open-1']);
  assert.equal(asked?.body.reason, 'boot');
  assert.equal(asked?.body.vendor, 'Cardea');
  assert.equal(asked?.body.channels, 1);
  assert.match(asked?.body.requestId, /^[0-9A-Z]{26}$/);
  assert.deepEqual(bench.platform.vdBearers, ['vd-token-1']);
  assert.equal(bench.platform.device.deviceId, agent.deviceId);
});

test('a device whose clock is off takes the time of the platform and is admitted at its second try', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  const serverTime = bench.clock.now() + 86_400_000;
  bench.platform.onSchedule = ({ bearer }) => {
    const skewed = Math.abs((claimsOf(bearer).iat ?? 0) * 1_000 - serverTime) > 60_000;
    if (skewed) return { status: 401, body: { error: wireError(1703, 'CLOCK_SKEW'), serverTime } };
    return { status: 200, body: { ...bench.platform.schedule(), serverTime } };
  };
  bench.platform.onVd = (vd) => {
    vd.answers['device.keepAlive'] = () => ({ serverTime });
  };
  await bench.onlineAgent();
  assert.equal(bench.platform.schedules.length, 2);
  const { result } = await bench.platform.device.request('time.get', { serverSentAt: serverTime });
  assert.ok(Math.abs(result.utcAt - serverTime) < 2_000);
  assert.equal(result.synchronized, true);
});

test('a redirect is followed, and remembered when it is permanent', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await using other = await StubPlatform.start(bench.clock);
  const vsUrl = `${other.url}/vs/v1`;
  bench.platform.onSchedule = () => ({
    status: 200,
    body: { ...bench.platform.schedule(), vd: undefined, redirect: { vsUrl, permanent: true } },
  });
  const agent = await bench.onlineAgent();
  assert.equal(other.vd.length, 1);
  assert.equal(bench.platform.vd.length, 0);
  await agent[Symbol.asyncDispose]();
  assert.equal(JSON.parse(await readFile(join(bench.stateDirectory, 'config.json'), 'utf8')).vsUrl, vsUrl);
  await bench.onlineAgent();
  assert.equal(bench.platform.schedules.length, 1, 'the old address is not asked any more');
  assert.equal(other.schedules.length, 2);
});

test('servers that send a device round in circles are asked at most four times before it waits', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  const redirect = { vsUrl: `${bench.platform.url}/vs/v1`, permanent: true };
  bench.platform.onSchedule = () => ({ status: 200, body: { ...bench.platform.schedule(), redirect } });
  const agent = await bench.agent();
  await bench.until(() => bench.platform.schedules.length === 4, 'four requests');
  await bench.pass(900);
  assert.equal(bench.platform.schedules.length, 4);
  assert.equal(agent.online, false);
});

test('a platform that cannot be reached is asked again, at growing distances, with the same request', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  bench.platform.onSchedule = () => ({ status: 500 });
  await bench.agent();
  await bench.until(() => bench.platform.schedules.length === 1, 'the first request');
  await bench.idle(60_000);
  const count = bench.platform.schedules.length;
  assert.ok(count >= 5 && count <= 9, `${count} requests in a minute`);
  assert.equal(new Set(bench.platform.schedules.map(({ body }) => body.requestId)).size, 1);
  assert.equal(new Set(bench.platform.schedules.map(({ bearer }) => bearer)).size, count, 'a proof is never used twice');
});

test('a device that is refused waits as long as the refusal asks for', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  const waits: [StubAnswer, number][] = [
    [refusal(429, 1010, 'RATE_LIMITED', { headers: { 'retry-after': '45' } }), 45_000],
    [refusal(401, 1702, 'AUTH_INVALID'), 60_000],
    [refusal(403, 1701, 'DEVICE_DISABLED'), 1_800_000],
    [refusal(404, 1700, 'UNKNOWN_DEVICE'), 1_800_000],
    [refusal(426, 1705, 'VERSION_UNSUPPORTED'), 86_400_000],
  ];
  for (const [answer, waitMs] of waits) {
    const asked = bench.platform.schedules.length;
    bench.platform.onSchedule = () => answer;
    const agent = await bench.agent();
    await bench.until(() => bench.platform.schedules.length === asked + 1, 'a request');
    await bench.pass(200);
    await bench.clock.advance(waitMs - 1_000);
    await bench.pass(100);
    assert.equal(bench.platform.schedules.length, asked + 1, `${answer.status}: too early`);
    await bench.clock.advance(5_000);
    await bench.until(() => bench.platform.schedules.length === asked + 2, `${answer.status}: asks again`);
    await agent[Symbol.asyncDispose]();
  }
});

test('when scheduling fails for long the last good server is tried', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  const first = await bench.onlineAgent();
  await first[Symbol.asyncDispose]();
  bench.platform.onSchedule = () => ({ status: 502 });
  const agent = await bench.agent();
  await bench.within(300_000, () => agent.online, 'online through the last good server', 250);
  assert.equal(bench.platform.vd.length, 2);
});

test('a device that stops gives its schedule back', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  const agent = await bench.onlineAgent();
  const { scheduleId } = bench.platform.schedule();
  await agent[Symbol.asyncDispose]();
  assert.deepEqual(bench.platform.released, [scheduleId]);
  await bench.until(() => bench.platform.device.closeCode === 1001, 'closed with 1001');
});

test('a platform without TLS is contacted on this machine only', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await assert.rejects(bench.agent({ platformUrl: 'http://192.0.2.7:8780' }), { status: 'URL_INVALID' });
  await assert.rejects(bench.agent({ platformUrl: 'nonsense' }), { status: 'URL_INVALID' });
});
