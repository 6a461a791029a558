import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasStatus } from '@cardea/core';
import { codeOf } from '../testing/authenticator-app.ts';
import { principalOf, UserSide } from '../testing/user-side.ts';
import type { Source } from './accounts.ts';
import { createBindingCode } from './binding-code.ts';
import { KnownDevices } from './known-devices.ts';

const GUESSES = 10_000;
const PASSWORD = 'correct horse battery';
/** Each guess comes from a network of its own. */
const sourceOf = (guess: number): Source => ({ address: `2001:db8:${(guess >> 8).toString(16)}:${(guess & 255).toString(16)}::1` });

interface Outcome {
  readonly accepted: number;
  readonly judged: number;
  readonly limited: number;
}

/** Runs every guess and tells how each ended. */
async function outcomeOf(guess: (n: number) => Promise<unknown>): Promise<Outcome> {
  const outcome = { accepted: 0, judged: 0, limited: 0 };
  for (let n = 0; n < GUESSES; n += 1) {
    try {
      await guess(n);
      outcome.accepted += 1;
    } catch (error) {
      if (hasStatus(error, 'RATE_LIMITED')) outcome.limited += 1;
      else outcome.judged += 1;
    }
  }
  return outcome;
}

/** A user, and the mark of a browser in which they logged in. */
async function knownUser(side: UserSide) {
  const ann = await side.settle('Ann');
  const login = (password: string, source: Source, code?: string) => side.accounts.login({ email: ann.email, password, code }, source);
  const device = await side.accounts.rememberDevice(ann, undefined);
  return { ann, login, known: { address: sourceOf(0).address, device } };
}

test('10,000 guesses at a password from as many networks: a hundred are judged, none gets in, and the known browser does', async () => {
  await using side = await UserSide.open();
  const { ann, login, known } = await knownUser(side);
  const outcome = await outcomeOf((n) => login(`guess ${n}`, sourceOf(n)));
  assert.deepEqual(outcome, { accepted: 0, judged: 100, limited: GUESSES - 100 });
  await assert.rejects(login(PASSWORD, { address: '192.0.2.77' }), { status: 'RATE_LIMITED' });
  assert.equal((await login(PASSWORD, known)).user.id, ann.userId);
  await side.clock.advance(15 * 60_000);
  assert.equal((await login(PASSWORD, { address: '192.0.2.77' })).user.id, ann.userId);
});

test('10,000 guesses at the code of a second factor, with the right password: ten are judged, none gets in, the known browser does', async () => {
  await using side = await UserSide.open();
  const { ann, known } = await knownUser(side);
  const begun = await side.send('POST', '/me/second-factor', { body: { password: PASSWORD }, token: ann.token });
  const secret = new URL(begun.body.uri).searchParams.get('secret') ?? '';
  await side.send('POST', '/me/second-factor/confirm', { body: { code: codeOf(secret) }, token: ann.token });
  const login = (code: string, source: Source) => side.accounts.login({ email: ann.email, password: PASSWORD, code }, source);
  const right = codeOf(secret);
  const outcome = await outcomeOf((n) => login(String((Number(right) + 5_000 + n) % 1_000_000).padStart(6, '0'), sourceOf(n)));
  assert.deepEqual([outcome.accepted, outcome.judged], [0, 10]);
  await assert.rejects(login(codeOf(secret), { address: '192.0.2.77' }), { status: 'RATE_LIMITED' });
  assert.equal((await login(codeOf(secret), known)).user.id, ann.userId);
});

test('10,000 guesses at a binding code, ten of each camera: none binds, and the right code goes on to work', async () => {
  await using side = await UserSide.open();
  const { ann } = await knownUser(side);
  const proof = await side.authorizer.home(await principalOf(side, ann.token), 'manage', ann.homeId);
  const { code } = await side.bindings.createCode(proof);
  const [attacker, camera] = [await side.addDevice(null), await side.addDevice(null)];
  const outcome = await outcomeOf(() => side.bindings.claim(createBindingCode(side.random), { deviceId: attacker }));
  assert.deepEqual(outcome, { accepted: 0, judged: 10, limited: GUESSES - 10 });
  assert.equal((await side.bindings.claim(code, { deviceId: camera })).homeId, ann.homeId);
});

test('a known browser has ten failures of its own, under none of the limits of others', async () => {
  await using side = await UserSide.open();
  const { login, known } = await knownUser(side);
  for (let n = 0; n < 10; n += 1) await assert.rejects(login(`guess ${n}`, known), { status: 'UNAUTHORIZED' });
  await assert.rejects(login(PASSWORD, known), { status: 'RATE_LIMITED' });
  await login(PASSWORD, { address: known.address });
});

test('a browser is known for its account alone, until its login is ended elsewhere, the password changes or ninety days pass', async () => {
  await using side = await UserSide.open();
  const { ann, login, known } = await knownUser(side);
  const devices = new KnownDevices(side);
  const isKnown = async (email: string, device: string): Promise<boolean> => (await devices.find(email, device)) !== undefined;
  const visitorOf = async (token: string) => (await side.accounts.authenticate(token)) ?? assert.fail();
  assert.deepEqual([await isKnown('Ann@example.org', known.device), await isKnown('ben@example.org', known.device)], [true, false]);
  const here = await login(PASSWORD, known);
  const mine = await side.accounts.rememberDevice(here, undefined);
  const visitor = await visitorOf(here.token);
  const [other] = (await side.accounts.sessions(visitor)).filter(({ current }) => !current);
  await side.accounts.endSession(visitor, other?.id ?? '');
  assert.deepEqual([await isKnown(ann.email, known.device), await isKnown(ann.email, mine)], [false, true]);
  const second = await side.accounts.rememberDevice(await login(PASSWORD, known), undefined);
  await side.accounts.changePassword(visitor, { current: PASSWORD, next: 'another good one' }, { ...known, device: mine });
  assert.deepEqual([await isKnown(ann.email, second), await isKnown(ann.email, mine)], [false, true]);
  await side.clock.advance(90 * 24 * 3_600_000);
  assert.equal(await isKnown(ann.email, mine), false);
  await side.accounts.purgeExpired();
  assert.deepEqual(await side.db.selectFrom('known_device').select('token_hash').execute(), []);
});

test('a browser is given a mark with each login, which takes the place of the one it shows', async () => {
  await using side = await UserSide.open();
  const { email } = await side.settle('Ann');
  const devices = new KnownDevices(side);
  const login = async (headers: Record<string, string> = {}): Promise<string> => {
    const answer = await side.send('POST', '/sessions', { body: { email, password: PASSWORD }, headers });
    const mark = answer.headers.getSetCookie().find((line) => line.startsWith('cardea-device='));
    assert.match(mark ?? '', /^cardea-device=device_[\w-]{43}; Path=\/; Max-Age=7776000; HttpOnly; SameSite=Strict$/);
    return mark?.split(/[=;]/, 2)[1] ?? '';
  };
  const first = await login();
  const second = await login({ cookie: `cardea-device=${first}` });
  assert.deepEqual([await devices.find(email, first), (await devices.find(email, second)) !== undefined], [undefined, true]);
});
