import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveSession } from '@cardea/api';
import { AppError } from '@cardea/core';
import type { DeviceProof } from '../authorization/proof.ts';
import type { BusMessageOf } from '../store/ports.ts';
import { type Answer, UserSide } from '../testing/user-side.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

async function world() {
  const started: DeviceProof[] = [];
  const side = await UserSide.open({
    live: {
      startLive: async (proof, { channel, stream }): Promise<LiveSession> => {
        started.push(proof);
        return { sessionId: `${started.length}`, expiresAt: 1, urls: { ws: 'ws://h/' }, token: `T${started.length}-${channel}-${stream}` };
      },
      renew: async (_principal, sessionId) => {
        if (sessionId !== `${started.length}`) throw new AppError('SESSION_NOT_FOUND');
        return { sessionId, expiresAt: 1, urls: { ws: 'ws://h/' }, token: `again-${sessionId}` };
      },
    },
  });
  const ann = await side.settle('Ann');
  const door = await side.addDevice(ann.homeId);
  const share = (body: object, token = ann.token) =>
    side.send('POST', '/shares', { token, body: { kind: 'live', deviceId: door, ...body } });
  /** A request of somebody with the link alone. */
  const visit = async (url: string, path: string, init: RequestInit = {}): Promise<Answer & { readonly location: string | null }> => {
    const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
      location: response.headers.get('location'),
    };
  };
  return { side, ann, door, share, visit, started };
}

test('a live link shows the picture to whoever has it, and says nothing else', async () => {
  const { side, ann, door, share, visit, started } = await world();
  await using _ = side;
  const made = await share({ watermark: true });
  assert.deepEqual([made.status, made.body.expiresAt], [201, side.clock.now() + DAY_MS]);
  const { url } = made.body;
  assert.match(url, new RegExp(`^${side.url}/s/share_[\\w-]{43}$`));
  const about = await visit(url, '/about');
  assert.deepEqual(about.body, { kind: 'live', deviceName: 'Door', sharedBy: 'Ann', watermark: true, expiresAt: made.body.expiresAt });
  assert.equal(about.headers.get('cache-control'), 'private, no-store');
  const playlist = await visit(url, '/live/index.m3u8');
  assert.deepEqual([playlist.status, playlist.location], [307, `/live/${door}/1/main/index.m3u8?token=T1-1-main`]);
  assert.equal((await visit(url, '/live/index.m3u8')).location, `/live/${door}/1/main/index.m3u8?token=again-1`);
  assert.deepEqual([started.length, started[0]?.principal.userId, started[0]?.action], [1, ann.userId, 'view.live']);
  for (const path of ['/live/passwd', '/clip.mp4', '/index.m3u8', '/pictures/1', '/live/index.m3u8?stream=x']) {
    assert.equal((await visit(url, path)).status, 404, path);
  }
});

test('a clip link leads to the recordings of its time', async () => {
  const { side, share, visit } = await world();
  await using _ = side;
  const now = side.clock.now();
  assert.equal((await share({ kind: 'clip' })).status, 400);
  assert.equal((await share({ kind: 'clip', from: now, to: now })).status, 400);
  const { url } = (await share({ kind: 'clip', from: now - HOUR_MS, to: now })).body;
  assert.equal((await visit(url, '/clip.mp4')).location, '/vod/clip.mp4?token=T');
  assert.equal((await visit(url, '/index.m3u8')).location, '/vod/index.m3u8?token=T');
  assert.equal((await visit(url, '/live/index.m3u8')).status, 404);
});

/** What the catalogue has of a segment that was recorded for an event. */
async function storeRow(
  { db, clock }: UserSide,
  place: { readonly id: string; readonly home_id: string; readonly device_id: string; readonly event_id: string },
): Promise<void> {
  const now = clock.now();
  const kind = { channel: 1, stream: 'main', kind: 'event', codecs: 'avc1.42c01f', binding_epoch: 1, locked: 0, recovered: 0 };
  const names = { client_segment_id: place.id, create_hash: '', object_key: place.id };
  const times = { start_at: now, end_at: now + 4_000, created_at: now, confirm_before: now, stored_at: now };
  await db
    .insertInto('segment')
    .values({ ...place, ...kind, ...names, ...times, state: 'stored' })
    .execute();
}

test('a clip of what only the keys of members open is refused, and an event link shows what it can', async () => {
  const { side, ann, door, share, visit } = await world();
  await using _ = side;
  const now = side.clock.now();
  const range = { kind: 'clip', from: now - HOUR_MS, to: now + HOUR_MS };
  assert.equal((await share(range)).status, 201);
  const alarm = side.random.ulid();
  const eventId = await side.raiseAlarm(door, ann.homeId, now, { eventId: alarm });
  const segmentId = side.addSegment(door, ann.homeId);
  await storeRow(side, { id: segmentId, home_id: ann.homeId, device_id: door, event_id: alarm });
  const { url } = (await share({ kind: 'event', eventId })).body;
  assert.equal((await visit(url, '/about')).body.event.hasVideo, true);
  side.segments.encrypt(segmentId);
  const refused = await share(range);
  assert.deepEqual([refused.status, refused.body.details], [409, { encryption: 'aes-256-gcm' }]);
  assert.match(refused.body.detail, /cardea decrypt/);
  assert.equal((await share({ ...range, from: now + 5_000 })).status, 201);
  assert.equal((await visit(url, '/about')).body.event.hasVideo, false);
});

test('an event link shows its pictures and what was recorded for it', async () => {
  const { side, ann, door, share, visit } = await world();
  await using _ = side;
  const eventId = await side.raiseAlarm(door, ann.homeId);
  const foreign = await side.raiseAlarm(await side.addDevice(ann.homeId), ann.homeId);
  assert.equal((await share({ kind: 'event', eventId: foreign })).status, 404);
  const { url } = (await share({ kind: 'event', eventId })).body;
  const about = await visit(url, '/about');
  assert.deepEqual(about.body.event, { type: 'motion', occurredAt: side.clock.now(), pictures: 0, hasVideo: false });
  assert.equal((await visit(url, '/pictures/1')).headers.get('content-type'), 'image/jpeg');
  assert.equal((await visit(url, '/pictures/x')).status, 404);
  assert.equal((await visit(url, '/clip.mp4')).status, 404);
});

test('expired, ended and unknown links look the same, as do those whose maker may no longer', async () => {
  const { side, ann, door, share, visit } = await world();
  await using _ = side;
  const mia = await side.admit('Mia', ann.homeId, ['view.live', 'share']);
  const [expired, ended, ofMia, moved] = [
    (await share({ expiresAt: side.clock.now() + HOUR_MS })).body,
    (await share({})).body,
    (await share({}, mia.token)).body,
    (await share({})).body,
  ];
  for (const { url } of [expired, ended, ofMia, moved]) assert.equal((await visit(url, '/about')).status, 200);
  const revoked: BusMessageOf<'revoked'>[] = [];
  side.bus.subscribe('revoked', (message) => revoked.push(message));
  await side.clock.advance(HOUR_MS);
  assert.equal((await side.send('DELETE', `/shares/${ended.id}`, { token: ann.token })).status, 204);
  assert.deepEqual(revoked, [{ type: 'revoked', scope: 'session', id: ended.id }]);
  await side.db.updateTable('home_member').set({ actions: '["view.live"]' }).where('user_id', '=', mia.userId).execute();
  await side.db.updateTable('device').set({ binding_epoch: 9 }).where('id', '=', door).execute();
  const traces = new Set<string>();
  for (const url of [expired.url, ended.url, ofMia.url, moved.url, `${side.url}/s/share_unknown`, `${side.url}/s/%00`]) {
    for (const path of ['/about', '/live/index.m3u8', '/clip.mp4', '/pictures/1']) {
      const { status, headers, body } = await visit(url, path);
      const { date: _date, ...rest } = Object.fromEntries(headers);
      traces.add(JSON.stringify({ status, rest, body }));
    }
  }
  assert.deepEqual([traces.size, JSON.parse([...traces][0] ?? '').status], [1, 404]);
});

test('a passcode has to be typed, and is hard to guess', async () => {
  const { side, share, visit } = await world();
  await using _ = side;
  const { url } = (await share({ passcode: 'open sesame' })).body;
  assert.equal((await visit(url, '/about')).status, 401);
  assert.equal((await visit(url, '/live/index.m3u8')).status, 401);
  const unlock = (passcode: string) =>
    visit(url, '/unlock', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ passcode }) });
  assert.equal((await unlock('wrong')).status, 401);
  const unlocked = await unlock('open sesame');
  const cookie = unlocked.headers.get('set-cookie') ?? '';
  assert.match(cookie, /^cardea-share=[\w-]{43}; Path=\/s\/share_[\w-]+; Max-Age=86400; HttpOnly; SameSite=Strict$/);
  const [pass = ''] = cookie.split(';');
  assert.equal((await visit(url, '/about', { headers: { cookie: pass } })).status, 200);
  const other = (await share({ passcode: 'open sesame' })).body;
  assert.equal((await visit(other.url, '/about', { headers: { cookie: pass } })).status, 401);
  for (let guess = 0; guess < 10; guess += 1) await unlock(`guess ${guess}`);
  assert.equal((await unlock('open sesame')).status, 429);
});

test('the owner sees what is shared, who opened it and from where; the link itself is kept as a hash', async () => {
  const { side, ann, door, share, visit } = await world();
  await using _ = side;
  const { id, url } = (await share({})).body;
  for (const path of ['/about', '/live/index.m3u8', '/about']) await visit(url, path, { headers: { 'user-agent': 'Grandma' } });
  await side.clock.advance(HOUR_MS);
  await visit(url, '/about');
  const { items } = (await side.send('GET', '/shares', { token: ann.token })).body;
  assert.deepEqual(
    items.map(({ id: shown, views, lastViewedAt, userName }: Record<string, unknown>) => [shown, views, lastViewedAt, userName]),
    [[id, 2, side.clock.now(), 'Ann']],
  );
  const views = (await side.send('GET', `/shares/${id}/views`, { token: ann.token })).body.items;
  assert.deepEqual(
    views.map(({ at, address, userAgent }: Record<string, unknown>) => [at, address, userAgent]),
    [
      [side.clock.now(), '127.0.0.1', 'node'],
      [side.clock.now() - HOUR_MS, '127.0.0.1', 'Grandma'],
    ],
  );
  const audit = (await side.send('GET', '/audit', { token: ann.token })).body.items;
  assert.deepEqual(
    audit.filter(({ action }: { action: string }) => action === 'share.open').map(({ deviceId }: { deviceId: string }) => deviceId),
    [door, door],
  );
  assert.equal(JSON.stringify(await side.db.selectFrom('share').selectAll().execute()).includes(url.split('/s/')[1]), false);
});

test('sharing takes the right to share and to see, and ends after 30 days at most', async () => {
  const { side, ann, door, share } = await world();
  await using _ = side;
  const now = side.clock.now();
  const viewer = await side.admit('Vic', ann.homeId, ['view.live']);
  const sharer = await side.admit('Sam', ann.homeId, ['share']);
  const eve = await side.settle('Eve');
  assert.equal((await share({}, viewer.token)).status, 403);
  assert.equal((await share({}, sharer.token)).status, 403);
  assert.equal((await share({}, eve.token)).status, 404);
  assert.equal((await share({ expiresAt: now + 30 * DAY_MS + 1 })).status, 400);
  assert.equal((await share({ expiresAt: now })).status, 400);
  assert.equal((await share({ expiresAt: now + 30 * DAY_MS })).status, 201);
  assert.deepEqual((await side.send('GET', '/shares', { token: viewer.token })).body.items, []);
  assert.equal((await side.send('GET', `/shares?homeId=${ann.homeId}`, { token: sharer.token })).body.items.length, 1);
  assert.deepEqual((await side.send('GET', `/shares?homeId=${ann.homeId}`, { token: eve.token })).body.items, []);
  assert.equal(door.length, 26);
});
