import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeCodes } from '@cardea/protocol';
import { TestBench } from '../stub-platform/test-bench.ts';

const HOUR_MS = 3_600_000;

for (const code of [1002, 1003, 1007, 1008, 1009, 1011]) {
  test(`closed with ${code} the device comes back to the same server, and asks nobody`, async () => {
    await using bench = await TestBench.open({ withPictures: false });
    await bench.onlineAgent();
    bench.platform.device.close(code);
    await bench.within(10_000, () => bench.platform.vd.length === 2, 'connected again', 250);
    assert.equal(bench.platform.schedules.length, 1);
  });
}

test('every close code of the profile has a reaction that is tested', () => {
  const tested = [
    1000, 1001, 1002, 1003, 1006, 1007, 1008, 1009, 1011, 1012, 4001, 4002, 4003, 4004, 4008, 4009, 4010, 4012, 4013, 4014, 4029,
  ];
  assert.deepEqual(
    Object.values(closeCodes).map(({ code }) => code),
    tested,
  );
});

test('250 alarms of an outage outlive a restart of the device, in order', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  bench.platform.onUpgrade = () => ({ status: 503 });
  const ids: (string | undefined)[] = [];
  {
    const agent = await bench.agent();
    await bench.until(() => bench.platform.schedules.length > 0, 'it asks for a server');
    await bench.until(() => agent.bound, 'it knows that it is bound');
    for (let index = 0; index < 250; index += 1) ids.push(await agent.raiseAlarm({ channel: 1, alarmType: 'doorbell', text: `${index}` }));
    await agent[Symbol.asyncDispose]();
  }
  bench.platform.onUpgrade = () => undefined;
  bench.platform.onVd = (vd) => {
    vd.answers['alarm.notify'] = () => ({ received: true });
  };
  await bench.onlineAgent();
  const sent = () => bench.platform.device.all('alarm.notify').map(({ params }) => params.eventId);
  await bench.within(120_000, () => sent().length >= 250, 'all alarms', 100);
  assert.deepEqual(sent(), ids);
});

test('alarms older than a day are not told any more', async () => {
  await using bench = await TestBench.open({ withPictures: false });
  {
    const agent = await bench.onlineAgent();
    await agent.raiseAlarm({ channel: 1, alarmType: 'doorbell', text: 'old' });
    await agent[Symbol.asyncDispose]();
  }
  await bench.clock.advance(24 * HOUR_MS + 1);
  bench.platform.onVd = (vd) => {
    vd.answers['alarm.notify'] = () => ({ received: true });
  };
  const agent = await bench.onlineAgent();
  const fresh = await agent.raiseAlarm({ channel: 1, alarmType: 'doorbell', text: 'new' });
  const sent = () => bench.platform.device.all('alarm.notify').map(({ params }) => params.eventId);
  await bench.within(10_000, () => sent().length > 0, 'an alarm');
  await bench.pass(2_000);
  assert.deepEqual(sent(), [fresh]);
});
