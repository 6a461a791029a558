import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock, VirtualClock } from '@cardea/core';
import { camera, createRig, type Rig } from './testing/rig.ts';
import { until, WsViewer } from './testing/ws-viewer.ts';

const MINUTE_MS = 60_000;
const TRIALS = 100;

const watchAs = async (rig: Rig, user: 'anna' | 'ben'): Promise<WsViewer> =>
  await WsViewer.open((await rig.service.startLive(await rig.proof(user), camera)).urls.ws);

test('a running view ends when the hour ends, and a membership when its day comes', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const change = async (to: { readonly hours: string | null; readonly access_until: number | null }): Promise<void> => {
    await rig.db.updateTable('home_member').set(to).where('user_id', '=', 'ben').execute();
  };
  const { homeId } = await rig.proof('ben');
  const { timezone } = await rig.db.selectFrom('home').select('timezone').where('id', '=', homeId).executeTakeFirstOrThrow();
  const timeOf = (instant: number): string =>
    new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit' }).format(instant);
  const end = Math.ceil((clock.now() + 1) / MINUTE_MS) * MINUTE_MS;
  // No camera pushes here, so the view is opened just before the hour ends.
  await clock.advance(end - clock.now() - 3_000);
  await change({ hours: JSON.stringify([{ from: timeOf(end - 60 * MINUTE_MS), to: timeOf(end) }]), access_until: null });
  const [anna, ben] = [await watchAs(rig, 'anna'), await watchAs(rig, 'ben')];
  await clock.advance(2_500);
  assert.equal(ben.closed, undefined);
  await clock.advance(1_000);
  await until(() => ben.closed !== undefined);
  assert.deepEqual([ben.closed, anna.closed], [{ code: 1008, reason: 'revoked' }, undefined]);
  await assert.rejects(rig.proof('ben'), { status: 'FORBIDDEN' });

  await change({ hours: null, access_until: clock.now() + 2_000 });
  const again = await watchAs(rig, 'ben');
  await clock.advance(2_500);
  await until(() => again.closed !== undefined);
  await assert.rejects(rig.proof('ben'), { status: 'NOT_FOUND' });
});

test('a hundred times out of a hundred a member who is removed sees nothing more within a second', async () => {
  const clock = new SystemClock();
  await using rig = await createRig(clock);
  const row = await rig.db.selectFrom('home_member').selectAll().where('user_id', '=', 'ben').executeTakeFirstOrThrow();
  const delaysMs: number[] = [];
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const viewer = await watchAs(rig, 'ben');
    await rig.db.deleteFrom('home_member').where('user_id', '=', 'ben').execute();
    const revokedMs = clock.monotonicMs();
    rig.bus.publish({ type: 'revoked', scope: 'user', id: 'ben' });
    await until(() => viewer.closed !== undefined);
    delaysMs.push(clock.monotonicMs() - revokedMs);
    await rig.db.insertInto('home_member').values(row).execute();
  }
  assert.ok(Math.max(...delaysMs) < 1_000, `the slowest took ${Math.max(...delaysMs)} ms`);
});

test('where rights cannot be read any more, nobody watches on and nobody begins to', async () => {
  await using rig = await createRig(new SystemClock());
  const viewers = [await watchAs(rig, 'anna'), await watchAs(rig, 'ben')];
  await rig.db.destroy();
  rig.bus.publish({ type: 'revoked', scope: 'all', id: '' });
  await until(() => viewers.every(({ closed }) => closed !== undefined));
  for (const { closed } of viewers) assert.deepEqual(closed, { code: 1008, reason: 'revoked' });
  await assert.rejects(rig.proof('ben'));
});

test('an API token renews and ends the views it opened, not those of its user', async () => {
  await using rig = await createRig(new VirtualClock());
  const { sessionId } = await rig.service.startLive(await rig.proof('ben'), camera);
  const narrow = { ...rig.principal('ben'), userSessionId: 'token', within: { actions: ['view.live'] as const, devices: ['*'] } };
  await assert.rejects(rig.service.renew(narrow, sessionId), { status: 'SESSION_NOT_FOUND' });
  assert.throws(() => rig.service.end(narrow, sessionId), { status: 'SESSION_NOT_FOUND' });
  assert.equal((await rig.service.renew(rig.principal('ben'), sessionId)).sessionId, sessionId);
});
