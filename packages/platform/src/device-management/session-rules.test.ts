import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCapabilityList } from '@cardea/protocol';
import { sql } from 'kysely';
import { ControlPlane } from '../testing/control-plane.ts';
import type { RawConnection } from '../testing/raw-device.ts';

const DAY_MS = 86_400_000;
const alarm = { channel: 1, alarmType: 'motion', state: 'start' } as const;

async function suspectDevice(plane: ControlPlane) {
  const { device, connection } = await plane.boundDevice();
  const { result } = await connection.keepAlive();
  assert.ok(result);
  connection.socket.terminate();
  await plane.until(() => plane.registry.presenceOf(device.id) === 'suspect');
  return { device, comeBack: () => device.connect() };
}

/** Lets a call reach the place where it waits. */
const settled = async (plane: ControlPlane): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await plane.clock.advance(0);
};

test('device.keepAlive: a command for a device that was just lost waits for it, and is sent when it is back', async () => {
  await using plane = await ControlPlane.start();
  const { device, comeBack } = await suspectDevice(plane);
  const answer = plane.registry.call(device.id, getCapabilityList, {});
  await settled(plane);
  await plane.clock.advance(9_000);
  await comeBack();
  assert.equal((await answer).hash, 'cap-1');
});

test('device.keepAlive: a command for a device that stays away fails after ten seconds with 1016', async () => {
  await using plane = await ControlPlane.start();
  const { device } = await suspectDevice(plane);
  let failure: unknown;
  const answer = plane.registry.call(device.id, getCapabilityList, {}).catch((error: { code: number }) => {
    failure = error.code;
  });
  await settled(plane);
  await plane.clock.advance(9_900);
  assert.equal(failure, undefined);
  await plane.clock.advance(200);
  await answer;
  assert.equal(failure, 1016);
});

test('device.keepAlive: the first answer of a connection names the interval the platform counts by, later ones do not', async () => {
  await using plane = await ControlPlane.start({ management: { keepAlive: { intervalSec: 45 } } });
  const connection = await plane.device().connect();
  assert.equal((await connection.keepAlive()).result?.keepAliveSec, undefined);
  const fresh = plane.device();
  const { body } = await fresh.schedule();
  const first = await (await fresh.open(body.vd.token)).keepAlive();
  assert.equal(first.result?.keepAliveSec, 45);
});

test('an event that comes again is recognised after a restart of the platform, and a day later', async () => {
  const first = await ControlPlane.start();
  const { device, connection } = await first.boundDevice();
  const event = { ...alarm, eventId: device.ulid(), occurredAt: 1_767_225_600_000 };
  await connection.request('alarm.notify', event);
  await first.stop();
  await using plane = await ControlPlane.start({ directory: first.directory });
  const tell = async (again: RawConnection): Promise<number> => {
    assert.deepEqual((await again.request('alarm.notify', event)).result, { received: true });
    return (await plane.events(device.id)).filter(({ event_id }) => event_id === event.eventId).length;
  };
  device.platformUrl = plane.url;
  assert.equal(await tell(await device.connect()), 1);
  await Promise.all([first.clock.advance(DAY_MS), plane.clock.advance(DAY_MS)]);
  assert.equal(await tell(await device.connect()), 1);
});

test('events are kept for ninety days, so that what is remembered of them stays bounded', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const ids = [device.ulid(), device.ulid()];
  for (const eventId of ids) await connection.request('alarm.notify', { ...alarm, eventId, occurredAt: 1 });
  await plane.until(async () => (await plane.events(device.id)).length >= 2);
  const now = plane.clock.now();
  await sql`update device_event set received_at = ${now - 89 * DAY_MS} where event_id = ${ids[0]}`.execute(plane.db);
  await sql`update device_event set received_at = ${now - 91 * DAY_MS} where event_id = ${ids[1]}`.execute(plane.db);
  await plane.clock.advance(3_600_000);
  const kept = async () => (await plane.events(device.id)).map(({ event_id }) => event_id);
  await plane.until(async () => !(await kept()).includes(ids[1] ?? ''));
  assert.ok((await kept()).includes(ids[0] ?? ''));
});
