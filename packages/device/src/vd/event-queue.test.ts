import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Agent } from '../agent.ts';
import { wireError } from '../stub-platform/stub-vd.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

/** Acknowledges alarms. */
function takeAlarms(bench: TestBench): void {
  bench.platform.onVd = (vd) => {
    vd.answers['alarm.notify'] = () => ({ received: true });
  };
}

async function raise(agent: Agent, count: number, from = 0): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1)
    ids.push((await agent.raiseAlarm({ channel: 1, alarmType: 'motion', text: `alarm ${from + index}` })) ?? '');
  return ids;
}

test('an alarm reaches the platform at once, with an id and the time it happened', async () => {
  await using bench = await TestBench.open();
  takeAlarms(bench);
  const agent = await bench.onlineAgent();
  const happenedAt = bench.clock.now();
  const [eventId] = await raise(agent, 1);
  await bench.within(1_000, () => bench.platform.device.all('alarm.notify').length === 1, 'the alarm');
  const [alarm] = bench.platform.device.all('alarm.notify');
  assert.equal(alarm?.params.eventId, eventId);
  assert.equal(alarm?.params.occurredAt, happenedAt);
  assert.equal(alarm?.params.alarmType, 'motion');
  assert.equal(alarm?.params.state, 'pulse');
  assert.notEqual(alarm?.id, undefined);
});

test('alarms of an outage are sent after it, in order, none lost and at most five a second', async () => {
  await using bench = await TestBench.open();
  takeAlarms(bench);
  const agent = await bench.onlineAgent();
  const before = await raise(agent, 1);
  await bench.within(1_000, () => bench.platform.device.all('alarm.notify').length === 1, 'the first alarm');
  bench.platform.onUpgrade = () => ({ status: 503 });
  bench.platform.device.cut();
  await bench.until(() => !agent.online, 'offline');
  const missed = await raise(agent, 20, 1);
  bench.platform.onUpgrade = () => undefined;
  await bench.within(60_000, () => agent.online, 'online again');
  const vd = bench.platform.device;
  await bench.pass(1_000);
  assert.ok(vd.all('alarm.notify').length <= 7, `${vd.all('alarm.notify').length} in the first second`);
  await bench.within(6_000, () => vd.all('alarm.notify').length === 20, 'all alarms');
  assert.deepEqual(
    vd.all('alarm.notify').map(({ params }) => params.eventId),
    missed,
  );
  assert.equal(before.length, 1);
});

test('an alarm whose acknowledgement was lost is sent again with the same id', async () => {
  await using bench = await TestBench.open();
  const agent = await bench.onlineAgent();
  const first = bench.platform.device;
  const [eventId] = await raise(agent, 1);
  await bench.within(1_000, () => first.all('alarm.notify').length === 1, 'the alarm');
  takeAlarms(bench);
  first.cut();
  await bench.within(
    60_000,
    () => bench.platform.vd.length === 2 && bench.platform.device.all('alarm.notify').length === 1,
    'the alarm again',
  );
  assert.equal(bench.platform.device.all('alarm.notify')[0]?.params.eventId, eventId);
});

test('alarms survive a restart of the device', async () => {
  await using bench = await TestBench.open();
  const agent = await bench.onlineAgent();
  const ids = await raise(agent, 3);
  await agent[Symbol.asyncDispose]();
  takeAlarms(bench);
  await bench.onlineAgent();
  await bench.within(5_000, () => bench.platform.device.all('alarm.notify').length === 3, 'the alarms');
  assert.deepEqual(
    bench.platform.device.all('alarm.notify').map(({ params }) => params.eventId),
    ids,
  );
  await bench.pass(5_000);
  assert.equal(bench.platform.device.all('alarm.notify').length, 3, 'once acknowledged they are not sent again');
});

test('a platform that asks to wait gets the same event later; one that refuses it for good does not hold up the next', async () => {
  await using bench = await TestBench.open();
  const answers = [
    (): unknown => {
      throw wireError(1010, 'RATE_LIMITED', { retryable: true, retryAfterMs: 8_000 });
    },
    (): unknown => {
      throw wireError(-32602, 'INVALID_PARAMS');
    },
    (): unknown => ({ received: true }),
  ];
  bench.platform.onVd = (vd) => {
    vd.answers['alarm.notify'] = () => answers.shift()?.();
  };
  const agent = await bench.onlineAgent();
  const [first, second] = await raise(agent, 2);
  const sent = (): unknown[] => bench.platform.device.all('alarm.notify').map(({ params }) => params.eventId);
  await bench.pass(7_000);
  assert.deepEqual(sent(), [first]);
  await bench.within(3_000, () => sent().length === 3, 'both were sent');
  assert.deepEqual(sent(), [first, first, second]);
});

test('an alarm with a picture uploads it with the ticket of the acknowledgement', async () => {
  await using bench = await TestBench.open();
  bench.platform.onVd = (vd) => {
    vd.answers['alarm.notify'] = () => ({
      received: true,
      snapshotTickets: [
        {
          ticketId: '01KDVB2MDKB1D3F5H7K9N2Q4S6',
          method: 'PUT',
          url: `${bench.platform.url}/pictures/1`,
          headers: { 'content-type': 'image/jpeg' },
          expiresAt: bench.clock.now() + 60_000,
        },
      ],
    });
  };
  const agent = await bench.onlineAgent();
  await raise(agent, 1);
  await bench.within(2_000, () => bench.platform.video.pictures.length === 1, 'the picture');
  assert.equal(bench.platform.video.pictures[0]?.subarray(0, 2).toString('hex'), 'ffd8');
});

test('an alarm with a duration ends with a message that names its beginning', async () => {
  await using bench = await TestBench.open();
  takeAlarms(bench);
  await bench.onlineAgent();
  const { result } = await bench.platform.device.request('alarm.trigger', { channel: 1, alarmType: 'person', durationSec: 4 });
  await bench.within(6_000, () => bench.platform.device.all('alarm.notify').length === 2, 'start and stop');
  const [start, stop] = bench.platform.device.all('alarm.notify').map(({ params }) => params);
  assert.equal(start?.eventId, result.eventId);
  assert.equal(start?.state, 'start');
  assert.equal(stop?.state, 'stop');
  assert.equal(stop?.correlationId, start?.correlationId ?? start?.eventId);
  assert.equal(stop?.occurredAt - start?.occurredAt, 4_000);
});

test('a muted type is not reported until the mute is over', async () => {
  await using bench = await TestBench.open();
  bench.platform.onVd = (vd) => {
    vd.answers['alarm.notify'] = () => ({ received: true, muteSec: 30 });
  };
  const agent = await bench.onlineAgent();
  await raise(agent, 1);
  await bench.within(1_000, () => bench.platform.device.all('alarm.notify').length === 1, 'the first');
  await bench.pass(100);
  assert.equal(await agent.raiseAlarm({ channel: 1, alarmType: 'motion' }), undefined);
  await bench.idle(31_000);
  assert.notEqual(await agent.raiseAlarm({ channel: 1, alarmType: 'motion' }), undefined);
});
