import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '../api/queries.ts';
import { choiceOf, freshChoice, wishOf } from './role-wish.ts';

const member: Member = { id: 'u', state: 'joined', role: 'member', actions: ['view.live'], devices: ['*'], since: 1 };

test('a preset without limits is asked for by its name', () => {
  assert.deepEqual(wishOf({ ...freshChoice, preset: 'admin' }), { role: 'admin' });
});

test('cameras and hours make a right of its own, a last day ends it with that day', () => {
  const wish = wishOf({ preset: 'guest', devices: ['d1'], from: '08:00', to: '18:00', lastDay: '2026-07-06' });
  assert.deepEqual(wish.role, { actions: ['view.live'], devices: ['d1'], hours: [{ from: '08:00', to: '18:00' }] });
  assert.equal(new Date(wish.accessUntil ?? 0).getHours(), 0);
  assert.equal(new Date((wish.accessUntil ?? 0) - 1).getDate(), 6);
});

test('the form shows what a member may do now', () => {
  const { accessUntil } = wishOf({ ...freshChoice, lastDay: '2026-07-06' });
  assert.deepEqual(choiceOf({ ...member, devices: ['d1'], hours: [{ from: '22:00', to: '06:00' }], ...(accessUntil && { accessUntil }) }), {
    ...{ preset: 'guest', devices: ['d1'], from: '22:00', to: '06:00', lastDay: '2026-07-06' },
  });
  assert.equal(choiceOf({ ...member, actions: ['view.live', 'control'] }).preset, 'member');
});
