import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlPlane } from '../testing/control-plane.ts';
import { capabilities, type RawConnection } from '../testing/raw-device.ts';

/** A device with a clock of its own, `aheadMs` before ours, that may be set. */
async function deviceWithClock(plane: ControlPlane, aheadMs: number, source = 'rtc', isBoundWhileAsked = false) {
  const clock = { aheadMs, source, asked: 0 };
  const answerClock = (connection: RawConnection): void => {
    const methods = [...(capabilities.methods as string[]), 'time.get', 'time.set'];
    connection.answers['capability.get'] = () => ({ result: { ...capabilities, methods } });
    connection.answers['time.get'] = () => {
      clock.asked += 1;
      const now = plane.clock.now() + clock.aheadMs;
      const instants = { utcAt: now, deviceRecvAt: now, deviceSentAt: now, monotonicMs: 1 };
      return { result: { ...instants, timezone: 'UTC', source: clock.source, synchronized: true } };
    };
    connection.answers['time.set'] = ({ utcAt }) => {
      const stepMs = Number(utcAt) - plane.clock.now() - clock.aheadMs;
      clock.aheadMs += stepMs;
      clock.source = 'platform';
      return { result: { appliedAt: utcAt, stepMs } };
    };
  };
  const device = plane.device();
  const { body } = await device.schedule();
  const connection = await device.open(body.vd.token);
  answerClock(connection);
  const bind = () => connection.event('binding.report', { state: 'requested', bindToken: 'GOOD-CODE' });
  const announce = connection.answers['capability.get'];
  if (isBoundWhileAsked) {
    connection.answers['capability.get'] = async () => {
      await bind();
      return (await announce?.({})) ?? {};
    };
  } else await bind();
  await connection.keepAlive();
  const shown = async () => (await plane.management.describe(await plane.proof(device.id, 'view.live'))).clock;
  return { device, connection, clock, shown };
}

async function passMinutes(plane: ControlPlane, connection: RawConnection, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    await plane.clock.advance(60_000);
    await connection.keepAlive();
  }
}

test('time.get: a device that connects has its clock compared, and everybody sees how far it was off', async () => {
  await using plane = await ControlPlane.start();
  const { connection, shown } = await deviceWithClock(plane, 400);
  await plane.until(async () => (await shown()) !== undefined);
  assert.deepEqual(await shown(), { offsetMs: 400, source: 'rtc', measuredAt: plane.clock.now() });
  assert.equal(connection.received.filter(({ method }) => method === 'time.set').length, 0);
});

test('time.set: a clock that is off by more than a second is set, and only a large drift is told', async () => {
  await using plane = await ControlPlane.start();
  const small = await deviceWithClock(plane, -1_500);
  await plane.until(async () => (await small.shown())?.offsetMs === 0);
  assert.deepEqual([small.clock.aheadMs, (await small.shown())?.source], [0, 'platform']);
  const large = await deviceWithClock(plane, 90_000);
  await plane.until(async () => (await plane.events(large.device.id)).some(({ type }) => type === 'clock'));
  const told = (await plane.events(large.device.id)).find(({ type }) => type === 'clock');
  assert.deepEqual([told?.kind, told?.text], ['device', 'off by 90.0 s']);
  assert.deepEqual(
    (await plane.events(small.device.id)).filter(({ type }) => type === 'clock'),
    [],
  );
});

test('time.set: a device that follows a time server keeps its time, whatever it is', async () => {
  await using plane = await ControlPlane.start();
  const { clock, shown } = await deviceWithClock(plane, 5_000, 'ntp');
  await plane.until(async () => (await shown()) !== undefined);
  assert.deepEqual([clock.aheadMs, (await shown())?.offsetMs], [5_000, 5_000]);
});

test('time.get: a clock is compared again every hour of a connection, and not more often', async () => {
  await using plane = await ControlPlane.start();
  const { clock, connection, shown } = await deviceWithClock(plane, 0);
  await plane.until(async () => (await shown()) !== undefined);
  await passMinutes(plane, connection, 59);
  assert.equal(clock.asked, 1);
  clock.aheadMs = 700;
  await passMinutes(plane, connection, 1);
  await plane.until(async () => (await shown())?.offsetMs === 700);
  assert.equal(clock.asked, 2);
});

test('time.get: a device that is bound while it is asked has its clock compared all the same', async () => {
  await using plane = await ControlPlane.start();
  const { shown } = await deviceWithClock(plane, 400, 'rtc', true);
  // It belongs to nobody at first, who is shown nothing.
  await plane.until(async () => (await shown().catch(() => undefined))?.offsetMs === 400);
});

test('time.get: a device that fails to answer is asked again with its next keep-alive', async () => {
  await using plane = await ControlPlane.start();
  const { clock, connection, shown } = await deviceWithClock(plane, 400);
  await plane.until(async () => (await shown()) !== undefined);
  const answer = connection.answers['time.get'];
  assert.ok(answer);
  let failures = 0;
  connection.answers['time.get'] = () => {
    failures += 1;
    return { error: { code: 1000 } };
  };
  await passMinutes(plane, connection, 60);
  await plane.until(() => failures === 1);
  connection.answers['time.get'] = answer;
  clock.aheadMs = 700;
  await plane.until(async () => {
    await passMinutes(plane, connection, 1);
    return (await shown())?.offsetMs === 700;
  });
  assert.equal(clock.asked, 2);
});

test('time.get: a device that does not answer it is left alone and shows no clock', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  await connection.keepAlive();
  assert.equal((await plane.management.describe(await plane.proof(device.id, 'view.live'))).clock, undefined);
  assert.equal(connection.received.filter(({ method }) => method === 'time.get').length, 0);
});
