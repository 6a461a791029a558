import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Action, API_PATH, actions, type Route, type RouteId } from '@cardea/api';
import { AppError } from '@cardea/core';
import { Compile } from 'typebox/compile';
import {
  absent,
  actionOf,
  bodies,
  type GuardedKind,
  guarded,
  malformed,
  type Objects,
  ofOwner,
  openKinds,
  pathOf,
  table,
} from '../testing/route-rows.ts';
import { type Answer, type Household, UserSide } from '../testing/user-side.ts';

/** What is served beside the table: nothing of any home. */
const besideTheTable = [
  'GET /api/docs',
  'GET /api/docs/style.css',
  'GET /api/v1/openapi.json',
  'GET /healthz',
  'GET /metrics',
  'GET /readyz',
  ...['', '/about', '/live/:output', '/index.m3u8', '/clip.mp4', '/pictures/:number'].map((path) => `GET /s/:token${path}`),
  'POST /s/:token/live/:output',
  'POST /s/:token/unlock',
];

class World {
  readonly side: UserSide;
  readonly owner: Household;
  readonly stranger: Household;
  /** Becomes whatever a row of the matrix asks for. */
  readonly member: { readonly userId: string; readonly token: string };
  /** Belongs to homes besides, to be acted on. */
  readonly other: { readonly userId: string };
  /** The one among `objects` made last. */
  private device = '';
  private readonly live: Map<string, string>;

  private constructor(side: UserSide, live: Map<string, string>, users: Pick<World, 'owner' | 'stranger' | 'member' | 'other'>) {
    this.side = side;
    this.live = live;
    this.owner = users.owner;
    this.stranger = users.stranger;
    this.member = users.member;
    this.other = users.other;
  }

  static async open(): Promise<World> {
    const live = new Map<string, string>();
    const own = ({ userId }: { userId: string }, sessionId: string): void => {
      assert.match(sessionId, /^[0-9A-Z]{26}$/);
      if (live.get(sessionId) !== userId) throw new AppError('SESSION_NOT_FOUND');
    };
    const side = await UserSide.open({
      live: {
        async renew(principal, sessionId) {
          own(principal, sessionId);
          return { sessionId, expiresAt: 1, urls: { ws: 'ws://127.0.0.1/' }, token: 'T' };
        },
        end: own,
      },
      talks: { end: own },
    });
    const [owner, stranger] = [await side.settle('Owner'), await side.settle('Stranger')];
    return new World(side, live, { owner, stranger, member: await side.register('Member'), other: await side.register('Other') });
  }

  async objects(): Promise<Objects> {
    const { side, owner } = this;
    const device = await side.addDevice(owner.homeId);
    const { id: home } = await side.homes.create(owner.userId, { name: 'Fresh', timezone: 'UTC' });
    await this.addMember(home, this.other.userId, ['manage']);
    const liveSession = side.random.ulid();
    this.live.set(liveSession, owner.userId);
    const event = await side.raiseAlarm(device, owner.homeId);
    const deviceLog = await side.addLog(device, owner.homeId);
    const shared = await side.send('POST', '/shares', { token: owner.token, body: { kind: 'live', deviceId: device } });
    this.device = device;
    return {
      share: shared.body.id,
      home,
      membership: home,
      device,
      command: device,
      segment: side.addSegment(device, owner.homeId),
      event,
      deviceLog,
      liveSession,
    };
  }

  async setMembership(homeId: string, allowed: readonly Action[], devices: readonly string[] = ['*']): Promise<void> {
    await this.endMembership();
    await this.addMember(homeId, this.member.userId, allowed, devices);
  }

  private async addMember(homeId: string, userId: string, allowed: readonly Action[], devices: readonly string[] = ['*']): Promise<void> {
    await this.side.db
      .insertInto('home_member')
      .values({
        ...{ home_id: homeId, user_id: userId, role: 'member', created_at: 1 },
        ...{ actions: JSON.stringify(allowed), devices: JSON.stringify(devices) },
      })
      .execute();
  }

  async endMembership(): Promise<void> {
    await this.side.db.deleteFrom('home_member').where('user_id', '=', this.member.userId).execute();
  }

  async send(route: Route, objectId: string, token?: string): Promise<Answer> {
    const path = pathOf(route, { objectId, userId: this.other.userId });
    if (route.consumes !== undefined) return await this.sendBytes(route, token);
    const body = route.id === 'share.create' ? { kind: 'live', deviceId: this.device } : bodies[route.id];
    return await this.side.send(route.method, path, { ...(token === undefined ? {} : { token }), ...(body === undefined ? {} : { body }) });
  }

  private async sendBytes({ method, path, consumes }: Route, token?: string): Promise<Answer> {
    const headers = { 'content-type': consumes ?? '' };
    return await this.side.send(method, `${path}?model=M&version=1&signature=AAAA`, { ...(token && { token }), body: 'bytes', headers });
  }

  /** The home whose members may ask for an object of this kind. */
  homeOf(kind: GuardedKind, objects: Objects): string {
    return kind === 'home' || kind === 'membership' ? objects.home : this.owner.homeId;
  }
}

/** Everything a caller could tell two refusals apart by. */
function traceOf({ status, headers, body }: Answer): unknown {
  const { date: _, ...rest } = Object.fromEntries(headers);
  return { status, headers: rest, body };
}

test('every route served is in the table, or is known to show nothing of any home', async () => {
  await using side = await UserSide.open();
  const listed = table.map(({ method, path }) => `${method} ${API_PATH}${path.replace(/\{(\w+)\}/g, ':$1')}`);
  const operations = side.served.filter((route) => !route.endsWith(`${API_PATH}/*`));
  const isHead = (route: string): boolean => route.startsWith('HEAD ');
  const served = operations.filter((route) => !isHead(route));
  assert.deepEqual([...served].sort(), [...listed, ...besideTheTable].sort());
  const heads = operations.filter(isHead).map((route) => route.replace('HEAD', 'GET'));
  const ofApi = (route: string): boolean => route.startsWith(`GET ${API_PATH}/`);
  assert.deepEqual(heads.filter(ofApi).toSorted(), served.filter(ofApi).toSorted());
});

test('without a login everything but set-up and login is 401, whether the object exists or not', async () => {
  const world = await World.open();
  await using _ = world.side;
  const objects = await world.objects();
  const traces = new Set<string>();
  for (const route of table.filter(({ access }) => !openKinds.includes(access.kind))) {
    const kind = route.access.kind as GuardedKind;
    for (const id of [objects[kind] ?? '', absent[kind] ?? '', ...malformed]) {
      for (const token of [undefined, 'nonsense', `${world.owner.token}x`]) {
        const answer = await world.send(route, id, token);
        assert.equal(answer.status, 401, `${route.id} ${id}`);
        traces.add(JSON.stringify(traceOf(answer)));
      }
    }
  }
  assert.equal(traces.size, 1);
});

test('the owner of another home cannot tell an object of this one from an object that is absent', async () => {
  const world = await World.open();
  await using _ = world.side;
  for (const route of guarded) {
    const kind = route.access.kind as GuardedKind;
    const objects = await world.objects();
    const foreign = await world.send(route, objects[kind], world.stranger.token);
    assert.equal(foreign.status, 404, route.id);
    for (const id of [absent[kind], ...malformed]) {
      assert.deepEqual(traceOf(await world.send(route, id, world.stranger.token)), traceOf(foreign), `${route.id} ${id}`);
    }
  }
});

test('a member without the action is refused, with it alone is served, and without the device finds nothing', async () => {
  const world = await World.open();
  await using _ = world.side;
  for (const route of guarded) {
    const kind = route.access.kind as GuardedKind;
    const action = actionOf(route.access);
    const objects = await world.objects();
    const homeId = world.homeOf(kind, objects);
    const ask = (): Promise<Answer> => world.send(route, objects[kind], world.member.token);

    await world.setMembership(
      homeId,
      actions.filter((other) => other !== action),
    );
    assert.equal((await ask()).status, action === undefined ? 404 : 403, `${route.id} without ${action}`);
    if (action === undefined) continue;

    if (kind !== 'home' && kind !== 'membership') {
      await world.setMembership(homeId, actions, [await world.side.addDevice(homeId)]);
      assert.equal((await ask()).status, 404, `${route.id} for another device`);
    }
    await world.setMembership(homeId, actions);
    await world.endMembership();
    assert.equal((await ask()).status, 404, `${route.id} after leaving the home`);

    await world.setMembership(homeId, [action]);
    assert.equal((await ask()).status, ofOwner.includes(route.id) ? 403 : route.success, `${route.id} with ${action}`);
  }
});

test('an API token is served where its actions and devices say so, and nowhere else', async () => {
  const world = await World.open();
  await using _ = world.side;
  const tokenFor = async (allowed: readonly Action[], device: string): Promise<string> => {
    await world.side.db.deleteFrom('api_token').execute();
    const body = { name: 'Script', actions: allowed, devices: [device] };
    return (await world.side.send('POST', '/tokens', { token: world.owner.token, body })).body.token;
  };
  for (const route of guarded) {
    const action = actionOf(route.access);
    if (action === undefined) continue;
    const kind = route.access.kind as GuardedKind;
    const isOfHome = kind === 'home' || kind === 'membership';
    const objects = await world.objects();
    const without = actions.filter((other) => other !== action);
    const ask = async (token: string): Promise<number> => (await world.send(route, objects[kind], token)).status;
    assert.equal(await ask(await tokenFor(without, '*')), 403, `${route.id} without ${action}`);
    if (!isOfHome) assert.equal(await ask(await tokenFor(actions, await world.side.addDevice(world.owner.homeId))), 404, route.id);
    else if (action === 'manage') assert.equal(await ask(await tokenFor(actions, objects.device)), 403, route.id);
    const served = ofOwner.includes(route.id) ? 403 : route.success;
    assert.equal(await ask(await tokenFor([action], '*')), served, `${route.id} with ${action}`);
  }
  const all = await tokenFor(actions, '*');
  for (const route of table.filter(({ access }) => access.kind === 'login')) {
    assert.equal((await world.send(route, 'x', all)).status, 403, route.id);
  }
});

test('whoever runs the platform sees how it does, and nothing of any home', async () => {
  const world = await World.open();
  await using _ = world.side;
  const { side, owner, stranger: operator } = world;
  const { token: apiToken } = (await side.send('POST', '/tokens', { token: operator.token, body: bodies['token.create'] })).body;
  await side.operators.appoint(operator.userId, null);
  for (const route of table.filter(({ access }) => access.kind === 'operator')) {
    assert.equal((await world.send(route, '', operator.token)).status, route.success, route.id);
    for (const token of [owner.token, world.member.token]) assert.equal((await world.send(route, '', token)).status, 403, route.id);
    assert.equal((await world.send(route, '', apiToken)).status, 403, route.id);
  }
  for (const route of guarded) {
    const objects = await world.objects();
    assert.equal((await world.send(route, objects[route.access.kind as GuardedKind], operator.token)).status, 404, route.id);
  }
});

test('support that the owner let in does what they were let, with those devices, until it ends by itself or by a tap', async () => {
  const world = await World.open();
  await using _ = world.side;
  const { side, owner, stranger: operator } = world;
  await side.operators.appoint(operator.userId, null);
  const objects = await world.objects();
  const members = `/homes/${owner.homeId}/members`;
  const given: Action[] = ['view.live', 'view.events'];
  const statuses = async (device: string): Promise<Record<string, number>> => {
    const ofDevices = guarded.filter(({ access }) => access.kind === 'device' && actionOf(access) !== undefined);
    const asked = ofDevices.map(async (route) => [route.id, (await world.send(route, device, operator.token)).status]);
    return Object.fromEntries(await Promise.all(asked));
  };
  const expected = (status: (route: Route, action: Action) => number): Record<string, number> =>
    Object.fromEntries(
      guarded.flatMap((route) => {
        const action = actionOf(route.access);
        return route.access.kind === 'device' && action !== undefined ? [[route.id, status(route, action)]] : [];
      }),
    );
  const nothing = expected(() => 404);
  const body = { email: operator.email, actions: given, devices: [objects.device], hours: 24, reason: 'No picture' };
  const letIn = async () => await side.send('POST', `/homes/${owner.homeId}/support`, { token: owner.token, body });

  assert.deepEqual(await statuses(objects.device), nothing);
  assert.equal((await letIn()).status, 201);
  const allowed = expected((route, action) => (given.includes(action) ? route.success : 403));
  assert.deepEqual(await statuses(objects.device), allowed);
  assert.deepEqual(await statuses(await side.addDevice(owner.homeId)), nothing);
  await side.clock.advance(24 * 3_600_000);
  assert.deepEqual(await statuses(objects.device), nothing);

  assert.equal((await letIn()).status, 201);
  assert.deepEqual(await statuses(objects.device), allowed);
  assert.equal((await side.send('DELETE', `${members}/${operator.userId}`, { token: owner.token })).status, 204);
  assert.deepEqual(await statuses(objects.device), nothing);
});

test('a link that shares something is no credential', async () => {
  const world = await World.open();
  await using _ = world.side;
  const { device } = await world.objects();
  const { url } = (await world.side.send('POST', '/shares', { token: world.owner.token, body: { kind: 'live', deviceId: device } })).body;
  const [, shareToken = ''] = url.split('/s/');
  for (const route of table.filter(({ access }) => !openKinds.includes(access.kind))) {
    assert.equal((await world.send(route, device, shareToken)).status, 401, route.id);
  }
});

test('the owner is served on every route, with an answer that fits its schema', async () => {
  const world = await World.open();
  await using _ = world.side;
  await world.side.operators.appoint(world.owner.userId, null);
  await world.side.operators.appoint((await world.side.register('Helper')).userId, null);
  const withoutObject: Partial<Record<RouteId, (world: World) => Promise<string>>> = {
    'session.delete': async () => 'current',
    'firmware.delete': async () => 'F',
    'campaign.get': async () => 'C',
    'campaign.stop': async () => 'C',
    'token.delete': async ({ side, owner }) =>
      (await side.send('POST', '/tokens', { token: owner.token, body: bodies['token.create'] })).body.id,
  };
  // Logging out comes last, the event stream never ends by itself; other ways to log in have tests of their own.
  const order = table.filter(
    ({ id, access }) =>
      !openKinds.includes(access.kind) &&
      id !== 'eventStream.open' &&
      id !== 'session.delete' &&
      !/^(secondFactor|passkey|identity|provider)\./.test(id),
  );
  const logout = table.filter(({ id }) => id === 'session.delete');
  for (const route of [...order, ...logout]) {
    const objects = await world.objects();
    const answer = await world.send(
      route,
      (await withoutObject[route.id]?.(world)) ?? objects[route.access.kind as GuardedKind] ?? '',
      world.owner.token,
    );
    assert.equal(answer.status, route.success, `${route.id} ${JSON.stringify(answer.body)}`);
    if (route.answer === undefined) continue;
    const problems = Compile(route.answer).Errors(answer.body);
    assert.deepEqual(problems, [], route.id);
  }
});

test('lists show what the user may see and nothing else', async () => {
  const world = await World.open();
  await using _ = world.side;
  const { side, owner, stranger, member } = world;
  const objects = await world.objects();
  const hidden = await side.addDevice(owner.homeId, 'Bedroom');
  await side.raiseAlarm(hidden, owner.homeId);
  await world.setMembership(owner.homeId, ['view.live', 'view.events'], [objects.device]);
  const idsOf = async (path: string, token: string): Promise<string[]> =>
    (await side.send('GET', path, { token })).body.items.map(({ id }: { id: string }) => id);

  assert.deepEqual(await idsOf('/devices', member.token), [objects.device]);
  assert.deepEqual(await idsOf('/events', member.token), [objects.event]);
  assert.deepEqual(await idsOf('/homes', member.token), [owner.homeId]);
  for (const path of [
    '/devices',
    '/events',
    '/audit',
    `/audit?homeId=${owner.homeId}`,
    `/devices?homeId=${owner.homeId}`,
    `/events?homeId=${owner.homeId}`,
  ]) {
    assert.deepEqual(await idsOf(path, stranger.token), [], path);
  }
  assert.equal((await side.send('GET', `/events?deviceId=${objects.device}`, { token: stranger.token })).status, 404);

  await world.setMembership(owner.homeId, ['view.live']);
  assert.deepEqual(await idsOf('/events', member.token), []);
});

test('what a device recorded for the home before is not shown to the home that has it now', async () => {
  const world = await World.open();
  await using _ = world.side;
  const { side, owner, stranger } = world;
  const { device, event, segment } = await world.objects();
  await side.db.updateTable('device').set({ home_id: stranger.homeId }).where('id', '=', device).execute();
  for (const token of [owner.token, stranger.token]) {
    assert.equal((await side.send('GET', `/events/${event}`, { token })).status, 404);
    assert.equal((await side.send('GET', `/segments/${segment}`, { token })).status, 404);
    assert.equal((await side.send('GET', `/segments/${segment}/media`, { token })).status, 404);
    assert.deepEqual((await side.send('GET', '/events', { token })).body.items, []);
  }
});

test('who may rename a device but not manage it cannot keep it from connecting', async () => {
  const world = await World.open();
  const { member, owner, side } = world;
  await using _ = side;
  const { device } = await world.objects();
  await world.setMembership(owner.homeId, ['view.live', 'configure']);
  const path = `/devices/${device}`;
  const refused = await side.send('PATCH', path, { token: member.token, body: { name: 'Mine', disabled: true } });
  assert.equal(refused.status, 403);
  const { body } = await side.send('GET', path, { token: owner.token });
  assert.deepEqual([body.name === 'Mine', body.disabled], [false, undefined]);
  await world.setMembership(owner.homeId, ['view.live', 'configure', 'manage']);
  const disabled = await side.send('PATCH', path, { token: member.token, body: { disabled: true } });
  assert.deepEqual([disabled.status, disabled.body.disabled], [200, true]);
});
