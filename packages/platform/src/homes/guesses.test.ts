import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';
import { knownUser, PASSWORD, testGuesses } from './fixtures/guess-trials.ts';
import { KnownDevices } from './known-devices.ts';

testGuesses(1_000);

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
