import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';

/** Only a broken test waits so long. */
const STUCK_AFTER_MS = 5_000;

interface Reading extends AsyncDisposable {
  readonly status: number;
  /** Resolves with the text received so far once it holds `part`. */
  until(part: string): Promise<string>;
  readonly ended: Promise<void>;
}

/** Reads the event stream as it arrives, with nothing in between. */
async function read({ url }: UserSide, token: string, lastEventId?: string): Promise<Reading> {
  const headers = { authorization: `Bearer ${token}`, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
  const opened = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<void>();
  const waiting = new Set<() => void>();
  let text = '';
  const client = request(`${url}/api/v1/event-stream`, { headers, agent: false }, (response) => {
    opened.resolve(response.statusCode ?? 0);
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const check of [...waiting]) check();
    });
    response.on('close', ended.resolve);
  });
  client.on('error', opened.reject).end();
  return {
    status: await opened.promise,
    ended: ended.promise,
    async until(part) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const check = (): void => {
        if (!text.includes(part)) return;
        waiting.delete(check);
        resolve(text);
      };
      waiting.add(check);
      check();
      const stuck = setTimeout(() => reject(new Error(`no ${part} in ${text}`)), STUCK_AFTER_MS);
      return await promise.finally(() => clearTimeout(stuck));
    },
    async [Symbol.asyncDispose]() {
      client.on('error', () => {}).destroy();
      await ended.promise;
    },
  };
}

function typesIn(text: string): readonly string[] {
  return [...text.matchAll(/^event: (\w+)$/gm)].map((match) => match[1] ?? '');
}

function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/^id: (\w+)$/gm)].map((match) => match[1] ?? '');
}

test('alarms, devices, segments and live states arrive as the objects their routes answer, with rising ids', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const deviceId = await side.addDevice(homeId);
  await using reading = await read(side, token);
  assert.equal(reading.status, 200);

  const alarm = await side.raiseAlarm(deviceId, homeId);
  side.bus.publish({ type: 'device', homeId, deviceId });
  const segmentId = side.addSegment(deviceId, homeId);
  side.bus.publish({ type: 'segment', homeId, deviceId, segmentId });
  side.bus.publish({ type: 'segment', homeId, deviceId, segmentId: 'GONE' });
  side.bus.publish({ type: 'live', homeId, deviceId, channel: 1, stream: 'sub', state: 'publishing' });
  const text = await reading.until('"publishing"');

  assert.deepEqual(typesIn(text), ['alarm', 'device', 'segment', 'segment', 'live']);
  const data = [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? ''));
  assert.deepEqual(data[0], (await side.send('GET', `/events/${alarm}`, { token })).body);
  assert.deepEqual(data[1], (await side.send('GET', `/devices/${deviceId}`, { token })).body);
  assert.deepEqual(data[2], (await side.send('GET', `/segments/${segmentId}`, { token })).body);
  assert.deepEqual(data[3], { id: 'GONE', deviceId, removed: true });
  assert.deepEqual(data[4], { deviceId, homeId, channel: 1, stream: 'sub', state: 'publishing' });
  const ids = idsIn(text);
  assert.deepEqual([...new Set(ids)].sort(), ids);
});

test('each user hears of their own devices and of nobody else’s', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  const eve = await side.settle('Eve');
  const door = await side.addDevice(ann.homeId, 'Door');
  const bedroom = await side.addDevice(ann.homeId, 'Bedroom');
  const garage = await side.addDevice(eve.homeId, 'Garage');
  const guest = await side.admit('Gil', ann.homeId, ['view.live'], [door]);
  await using annReads = await read(side, ann.token);
  await using eveReads = await read(side, eve.token);
  await using guestReads = await read(side, guest.token);

  await side.raiseAlarm(door, ann.homeId);
  side.bus.publish({ type: 'device', homeId: ann.homeId, deviceId: bedroom });
  side.bus.publish({ type: 'device', homeId: eve.homeId, deviceId: garage });
  side.bus.publish({ type: 'device', homeId: ann.homeId, deviceId: door });
  await annReads.until('"Door"');
  const toEve = await eveReads.until('"Garage"');
  const toGuest = await guestReads.until('"Door"');

  assert.doesNotMatch(toEve, new RegExp(`${door}|${bedroom}`));
  assert.deepEqual(typesIn(toGuest), ['device']);
});

test('rights are read again for every message, not when the stream was opened', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  const guest = await side.admit('Gil', ann.homeId, ['view.live']);
  const door = await side.addDevice(ann.homeId, 'Door');
  const own = await side.homes.create(guest.userId, { name: 'Own', timezone: 'UTC' });
  const garage = await side.addDevice(own.id, 'Garage');
  await using reading = await read(side, guest.token);
  side.bus.publish({ type: 'device', homeId: ann.homeId, deviceId: door });
  await reading.until('"Door"');
  await side.db.deleteFrom('home_member').where('user_id', '=', guest.userId).where('home_id', '=', ann.homeId).execute();
  await side.db.updateTable('device').set({ name: 'Secret' }).where('id', '=', door).execute();
  side.bus.publish({ type: 'device', homeId: ann.homeId, deviceId: door });
  side.bus.publish({ type: 'device', homeId: own.id, deviceId: garage });
  assert.doesNotMatch(await reading.until('"Garage"'), /Secret/);
});

test('a device that leaves the home makes its members look again, without naming it', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const deviceId = await side.addDevice(homeId);
  await using reading = await read(side, token);
  await side.db.updateTable('device').set({ home_id: null }).where('id', '=', deviceId).execute();
  side.bus.publish({ type: 'device', homeId, deviceId });
  const text = await reading.until('event: reset');
  assert.equal(text.includes(deviceId), false);
});

test('a reader that comes back gets what it missed, once and in order', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const deviceId = await side.addDevice(homeId);
  const first = await read(side, token);
  const seen = await side.raiseAlarm(deviceId, homeId);
  const lastEventId = idsIn(await first.until(seen)).at(-1);
  await first[Symbol.asyncDispose]();

  const missed = [await side.raiseAlarm(deviceId, homeId), await side.raiseAlarm(deviceId, homeId)];
  await using second = await read(side, token, lastEventId);
  const later = await side.raiseAlarm(deviceId, homeId);
  const text = await second.until(later);
  const alarms = [...text.matchAll(/^data: \{"id":"(\w+)"/gm)].map((match) => match[1]);
  assert.deepEqual(alarms, [...missed, later]);
});

test('a reader that heard nothing yet can resume too', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const deviceId = await side.addDevice(homeId);
  const first = await read(side, token);
  const lastEventId = idsIn(await first.until('id: ')).at(-1);
  await first[Symbol.asyncDispose]();
  const missed = await side.raiseAlarm(deviceId, homeId);
  await using second = await read(side, token, lastEventId);
  assert.deepEqual(typesIn(await second.until(missed)), ['alarm']);
});

test('a reader that was away too long is told to read everything again', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const deviceId = await side.addDevice(homeId);
  const first = await read(side, token);
  const lastEventId = idsIn(await first.until('id: ')).at(-1);
  await first[Symbol.asyncDispose]();
  for (let n = 0; n < 1_001; n += 1) side.bus.publish({ type: 'device', homeId: 'elsewhere', deviceId });
  for (const id of [lastEventId, 'no-such-id']) {
    await using late = await read(side, token, id);
    assert.deepEqual(typesIn(await late.until('event: reset')), ['reset']);
  }
});

test('a stream ends at once when its session is logged out, and other sessions go on', async () => {
  await using side = await UserSide.open();
  const { email, password, token, homeId } = await side.settle('Ann');
  const deviceId = await side.addDevice(homeId);
  const other = (await side.send('POST', '/sessions', { body: { email, password } })).body.token;
  await using ending = await read(side, other);
  await using staying = await read(side, token);
  await side.send('DELETE', '/sessions/current', { token: other });
  await ending.ended;
  await staying.until(await side.raiseAlarm(deviceId, homeId));
});

test('a quiet stream shows every 15 seconds that it lives, and ends when its session has expired', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  await using reading = await read(side, token);
  await reading.until('id: ');
  await side.clock.advance(15_000);
  await reading.until(':\n\n');
  side.clock.jump(40 * 24 * 3_600_000);
  await side.clock.advance(15_000);
  await reading.ended;
});

test('a user cannot open streams without end', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const open = await Promise.all(Array.from({ length: 32 }, () => read(side, token)));
  await using refused = await read(side, token);
  assert.equal(refused.status, 429);
  for (const reading of open) await reading[Symbol.asyncDispose]();
});

test('a platform that stops ends its streams and leaves no timer', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  await using reading = await read(side, token);
  side.api[Symbol.dispose]();
  await reading.ended;
  assert.equal(side.clock.pendingTimers, 0);
});
