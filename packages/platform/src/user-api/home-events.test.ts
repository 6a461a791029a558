import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';

const MINUTE_MS = 60_000;

async function openHome() {
  const side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const deviceId = await side.addDevice(homeId);
  const get = async (path: string) => (await side.send('GET', path, { token })).body;
  return { side, token, homeId, deviceId, get };
}

test('events come newest first, page by page, each once', async () => {
  const { side, homeId, deviceId, get } = await openHome();
  await using _ = side;
  const raised: string[] = [];
  // Two at each moment, so that time alone does not order them.
  for (let n = 0; n < 7; n += 1) raised.unshift(await side.raiseAlarm(deviceId, homeId, 1_000 * Math.floor(n / 2)));
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = await get(`/events?limit=2${cursor}`);
    seen.push(...page.items.map(({ id }: { id: string }) => id));
    cursor = page.next === undefined ? '' : `&cursor=${page.next}`;
  } while (cursor !== '');
  assert.deepEqual(seen, raised);
});

test('a list can be narrowed by time, kind, type and device', async () => {
  const { side, homeId, deviceId, get } = await openHome();
  await using _ = side;
  const other = await side.addDevice(homeId, 'Garage');
  const early = await side.raiseAlarm(deviceId, homeId, MINUTE_MS);
  const late = await side.raiseAlarm(other, homeId, 2 * MINUTE_MS);
  const idsOf = async (query: string): Promise<string[]> => (await get(`/events?${query}`)).items.map(({ id }: { id: string }) => id);
  assert.deepEqual(await idsOf(`from=${2 * MINUTE_MS}`), [late]);
  assert.deepEqual(await idsOf(`to=${2 * MINUTE_MS}`), [early]);
  assert.deepEqual(await idsOf(`deviceId=${other}`), [late]);
  assert.deepEqual(await idsOf('kind=alarm&type=motion'), [late, early]);
  assert.deepEqual(await idsOf('kind=device'), []);
  assert.deepEqual(await idsOf('type=person'), []);
});

test('a cursor of another list is refused', async () => {
  const { side, token } = await openHome();
  await using _ = side;
  for (const cursor of ['x', Buffer.from('1.').toString('base64url'), Buffer.from("1.' or 1=1").toString('base64url')]) {
    assert.equal((await side.send('GET', `/events?cursor=${cursor}`, { token })).status, 400, cursor);
  }
});

test('an event is marked as reviewed, and unmarked', async () => {
  const { side, token, homeId, deviceId, get } = await openHome();
  await using _ = side;
  const id = await side.raiseAlarm(deviceId, homeId);
  assert.equal((await get(`/events/${id}`)).reviewed, false);
  assert.equal((await side.send('PATCH', `/events/${id}`, { token, body: { reviewed: true } })).body.reviewed, true);
  assert.equal((await get(`/events/${id}`)).reviewed, true);
  assert.equal((await side.send('PATCH', `/events/${id}`, { token, body: { reviewed: false } })).body.reviewed, false);
});

test('an alarm shows its stored video of the same home and no other, whatever the device names', async () => {
  const { side, homeId, deviceId, get } = await openHome();
  await using _ = side;
  const eve = await side.settle('Eve');
  const evesDevice = await side.addDevice(eve.homeId);
  const segment = async (owner: string, home: string, state: 'stored' | 'created', eventId: string | null): Promise<string> => {
    const id = side.random.ulid();
    await side.db
      .insertInto('segment')
      .values({
        id,
        home_id: home,
        device_id: owner,
        channel: 1,
        stream: 'main',
        kind: 'event',
        client_segment_id: id,
        create_hash: '',
        state,
        start_at: side.clock.now(),
        end_at: null,
        size_bytes: null,
        sha256: null,
        object_key: id,
        upload_key: null,
        codecs: '[]',
        event_id: eventId,
        task_id: null,
        span_id: null,
        span_index: null,
        locked: 0,
        binding_epoch: 0,
        created_at: side.clock.now(),
        confirm_before: 0,
        stored_at: null,
        recovered: 0,
      })
      .execute();
    return id;
  };
  const alarm = await side.raiseAlarm(deviceId, homeId);
  const { eventId } = await get(`/events/${alarm}`);
  const recorded = await segment(deviceId, homeId, 'stored', eventId);
  const named = await segment(deviceId, homeId, 'stored', null);
  const unfinished = await segment(deviceId, homeId, 'created', eventId);
  const foreign = await segment(evesDevice, eve.homeId, 'stored', eventId);
  const params = {
    eventId,
    occurredAt: 1,
    channel: 1,
    alarmType: 'motion',
    state: 'start',
    media: { segmentIds: [named, unfinished, foreign, side.random.ulid()] },
  };
  await side.db.deleteFrom('device_event').where('id', '=', alarm).execute();
  const again = await side.raiseAlarm(deviceId, homeId, side.clock.now(), { eventId, params: JSON.stringify(params) });
  assert.deepEqual((await get(`/events/${again}`)).segmentIds, [recorded, named]);
});
