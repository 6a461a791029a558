import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StubPlatform } from '../stub-platform/stub-platform.ts';
import { wireError } from '../stub-platform/stub-vd.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

test('the first message is a keep-alive with everything about the device, then one at each interval', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await bench.onlineAgent();
  const vd = bench.platform.device;
  await bench.idle(100_000);
  const reports = vd.all('device.keepAlive');
  assert.equal(vd.received[0]?.method, 'device.keepAlive');
  assert.deepEqual(
    reports.map(({ params }) => params.seq),
    [0, 1, 2, 3],
  );
  assert.equal(reports[0]?.params.info.firmware, '1.0.0');
  assert.equal(reports[0]?.params.info.model, 'Simulated camera');
  assert.match(reports[0]?.params.info.bootId, /^[0-9A-Z]{26}$/);
  assert.equal(reports[1]?.params.info, undefined);
  assert.ok(reports[1]?.params.uptimeSec >= 27 && reports[1]?.params.uptimeSec <= 34);
});

test('the platform retunes the interval with its answer, and a change of the device is told with the next one', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  bench.platform.onVd = (vd) => {
    vd.answers['device.keepAlive'] = () => ({ serverTime: bench.clock.now(), keepAliveSec: 5 });
  };
  await bench.onlineAgent();
  const vd = bench.platform.device;
  await bench.pass(12_000);
  assert.equal(vd.all('device.keepAlive').length, 3);
  const before = vd.all('device.keepAlive')[0]?.params.info;
  await vd.request('config.set', { patch: { 'device.name': 'Porch' } });
  await bench.pass(6_000);
  const { info } = vd.all('device.keepAlive').at(-1)?.params ?? {};
  assert.equal(info.configVersion, before.configVersion + 1);
  assert.notEqual(info.capHash, before.capHash);
});

test('two keep-alives without an answer are the end of a connection, and a new one is made', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await bench.onlineAgent();
  const first = bench.platform.device;
  first.answers['device.keepAlive'] = () => undefined;
  await bench.idle(60_000);
  assert.equal(bench.platform.vd.length, 1);
  await bench.within(40_000, () => bench.platform.vd.length === 2, 'a second connection');
  assert.equal(bench.platform.schedules.length, 1, 'the same server, without asking again');
  assert.deepEqual(bench.platform.vdBearers, ['vd-token-1', 'vd-token-1']);
});

test('device.keepAlive: one that is refused with 1001 leads to the scheduling service', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await bench.onlineAgent();
  bench.platform.device.answers['device.keepAlive'] = () => {
    throw wireError(1001, 'UNAUTHORIZED');
  };
  await bench.within(60_000, () => bench.platform.schedules.length === 2, 'asks the scheduling service');
});

const atOnce = 5_000;
for (const { code, schedules, afterMs, reason } of [
  { code: 1000, schedules: false, afterMs: 0 },
  { code: 1001, schedules: false, afterMs: 0 },
  { code: 1012, schedules: false, afterMs: 0 },
  { code: 4001, schedules: true, afterMs: 0, reason: 'reconnect' },
  { code: 4002, schedules: true, afterMs: 0, reason: 'expired' },
  { code: 4003, schedules: true, afterMs: 1_800_000, reason: 'reconnect' },
  { code: 4004, schedules: true, afterMs: 1_800_000, reason: 'reconnect' },
  { code: 4008, schedules: true, afterMs: 0, reason: 'reconnect' },
  { code: 4009, schedules: true, afterMs: 60_000, reason: 'reconnect' },
  { code: 4010, schedules: true, afterMs: 0, reason: 'reconnect' },
  { code: 4012, schedules: true, afterMs: 86_400_000, reason: 'reconnect' },
  { code: 4014, schedules: true, afterMs: 0, reason: 'pairing' },
  { code: 4029, schedules: false, afterMs: 0 },
]) {
  test(`closed with ${code} the device comes back ${schedules ? 'over the scheduling service' : 'to the same server'} after ${afterMs / 1_000} s`, async () => {
    await using bench = await TestBench.open({ withPictures: false });
    await bench.onlineAgent();
    bench.platform.device.close(code);
    await bench.until(() => bench.platform.device.closeCode !== undefined, 'closed');
    await bench.pass(100);
    if (afterMs > 0) {
      await bench.clock.advance(afterMs - 1_000);
      await bench.pass(100);
      assert.equal(bench.platform.schedules.length + bench.platform.vd.length, 2, 'not before its time');
    }
    await bench.within(atOnce, () => bench.platform.vd.length === 2, 'connected again');
    assert.equal(bench.platform.schedules.length, schedules ? 2 : 1);
    if (schedules) assert.equal(bench.platform.schedules[1]?.body.reason, reason);
  });
}

test('a close code counts also when it comes before the first keep-alive is answered', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  bench.platform.onVd = (vd) => {
    if (bench.platform.vd.length === 0) vd.close(4002);
  };
  const agent = await bench.agent();
  await bench.within(5_000, () => agent.online, 'online');
  assert.equal(bench.platform.schedules.length, 2);
  assert.equal(bench.platform.schedules[1]?.body.reason, 'expired');
});

test('closed with 4013 the device switches off', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  const agent = await bench.onlineAgent();
  bench.platform.device.close(4013);
  await agent.poweredDown;
  await bench.idle(10_000);
  assert.equal(bench.platform.vd.length, 1);
  assert.equal(agent.online, false);
});

test('a connection that just breaks is made again, first with the same server, then over the scheduling service', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await bench.onlineAgent();
  let refused = 0;
  bench.platform.onUpgrade = () => {
    refused += 1;
    return refused <= 2 ? { status: 503, headers: { 'retry-after': '7' } } : undefined;
  };
  bench.platform.device.cut();
  await bench.within(40_000, () => bench.platform.vd.length === 2, 'connected again');
  assert.equal(refused, 3);
  assert.equal(bench.platform.schedules.length, 2);
  assert.equal(bench.platform.schedules[1]?.body.reason, 'reconnect');
  assert.match(bench.platform.schedules[1]?.body.previousScheduleId, /^01KDVAF02W/);
});

test('a server that refuses the token is not tried again without a new schedule', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await bench.onlineAgent();
  bench.platform.vdToken = 'vd-token-2';
  bench.platform.onUpgrade = (_path, bearer) => (bearer === 'vd-token-1' ? { status: 401 } : undefined);
  bench.platform.device.cut();
  await bench.within(20_000, () => bench.platform.vd.length === 2, 'connected again');
  assert.deepEqual(bench.platform.vdBearers, ['vd-token-1', 'vd-token-2']);
});

test('a token renewed with a keep-alive is used for the next connection', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await bench.onlineAgent();
  const token = { value: 'vd-token-renewed', expiresAt: bench.clock.now() + 600_000 };
  bench.platform.device.answers['device.keepAlive'] = () => ({ serverTime: bench.clock.now(), token });
  await bench.within(40_000, () => bench.platform.device.all('device.keepAlive').length === 2, 'a keep-alive');
  await bench.pass(200);
  bench.platform.device.cut();
  await bench.within(10_000, () => bench.platform.vd.length === 2, 'connected again');
  assert.deepEqual(bench.platform.vdBearers, ['vd-token-1', 'vd-token-renewed']);
});

test('asked to move, the device opens the new connection first and leaves the old one only when it works', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await using other = await StubPlatform.start(bench.clock);
  const agent = await bench.onlineAgent();
  const target = { vdUrls: [`${other.wsUrl}/vd/v1`], token: 'other-token', tokenExpiresAt: bench.clock.now() + 60_000 };
  const { result } = await bench.platform.device.request('device.reschedule', {
    reason: 'maintenance',
    mode: 'immediate',
    deadlineSec: 60,
    target,
  });
  assert.equal(result.accepted, true);
  assert.equal(result.switchAt, bench.clock.now());
  await bench.within(5_000, () => (other.vd[0]?.all('device.keepAlive').length ?? 0) === 1, 'a keep-alive at the new server');
  assert.equal(other.vd[0]?.all('device.keepAlive')[0]?.params.seq, 0);
  assert.equal(bench.platform.device.closeCode, undefined, 'the old one is open');
  const late = await bench.platform.device.request('device.getStatus', {});
  assert.ok(late.result, 'commands on the old one are answered');
  await bench.within(5_000, () => bench.platform.device.closeCode !== undefined, 'the old one is closed');
  assert.equal(bench.platform.device.closeCode, 1000);
  assert.ok(agent.online);
  assert.deepEqual(other.vdBearers, ['other-token']);
});

test('a server that closes the old connection before the device knows of the new one does not leave it without any', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await using other = await StubPlatform.start(bench.clock);
  const agent = await bench.onlineAgent();
  const target = { vdUrls: [`${other.wsUrl}/vd/v1`], token: 'other-token', tokenExpiresAt: bench.clock.now() + 60_000 };
  const old = bench.platform.device;
  other.onVd = (vd) => {
    vd.answers['device.keepAlive'] = () => {
      old.close(4009);
      return { serverTime: bench.clock.now() };
    };
  };
  await old.request('device.reschedule', { reason: 'maintenance', mode: 'immediate', deadlineSec: 60, target });
  await bench.within(2_000, () => old.closeCode === 4009, 'the old one is closed');
  await bench.pass(2_000);
  assert.ok(agent.online);
  assert.ok((await other.device.request('device.getStatus', {})).result);
  assert.equal(bench.platform.schedules.length + other.schedules.length, 1);
});

test('a move spreads over the jitter, and without a target the scheduling service names another server', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  await bench.onlineAgent({ random: { fraction: () => 0.5, bytes: (length) => new Uint8Array(length), ulid: ulids() } });
  const { result } = await bench.platform.device.request('device.reschedule', {
    reason: 'loadBalance',
    mode: 'graceful',
    deadlineSec: 60,
    jitterSec: 20,
  });
  assert.equal(result.switchAt, bench.clock.now() + 10_000);
  await bench.pass(9_800);
  assert.equal(bench.platform.schedules.length, 1);
  await bench.within(5_000, () => bench.platform.vd.length === 2, 'moved');
  const [, asked] = bench.platform.schedules;
  assert.equal(asked?.body.reason, 'reschedule');
  assert.deepEqual(asked?.body.excludeServers, [`${bench.platform.wsUrl}/vd/v1`]);
});

test('a move that fails leaves the device where it is', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  const agent = await bench.onlineAgent();
  const target = { vdUrls: [`${bench.platform.wsUrl}/vd/v1`], token: 'bad-token', tokenExpiresAt: bench.clock.now() + 60_000 };
  bench.platform.onUpgrade = (_path, bearer) => (bearer === 'bad-token' ? { status: 401 } : undefined);
  await bench.platform.device.request('device.reschedule', { reason: 'maintenance', mode: 'immediate', deadlineSec: 10, target });
  await bench.idle(30_000);
  assert.ok(agent.online);
  assert.equal(bench.platform.vd.length, 1);
  assert.ok((await bench.platform.device.request('device.getStatus', {})).result);
});

test('a schedule is renewed before it runs out, without a gap', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  bench.platform.onSchedule = () => ({ status: 200, body: { ...bench.platform.schedule(), ttlSec: 600 } });
  bench.platform.bound = false;
  await bench.onlineAgent();
  await bench.idle(479_000);
  assert.equal(bench.platform.schedules.length, 1);
  await bench.within(5_000, () => bench.platform.vd.length === 2, 'moved');
  assert.equal(bench.platform.schedules[1]?.body.reason, 'expired');
});

function ulids(): () => string {
  let count = 0;
  return () => `01KDVAF02W6Y8B0D1F3H5K${String(1_000 + count++)}`;
}
