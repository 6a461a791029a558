import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { ControlPlane } from '../testing/control-plane.ts';

test('a device nobody knows is let in unbound and told only where device management is', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { status, body, headers } = await device.schedule();
  assert.equal(status, 200);
  assert.equal(headers.get('cache-control'), 'no-store');
  const { scheduleId, vd, ...rest } = body;
  assert.match(scheduleId, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  assert.deepEqual(rest, { serverTime: 1_767_225_600_000, ttlSec: 86_400, retry: { baseMs: 2000, maxMs: 30_000 }, bound: false });
  const { token, ...vdRest } = vd;
  assert.deepEqual(vdRest, {
    urls: [`${plane.url.replace('http', 'ws')}/vd/v1`],
    subprotocol: 'hss.vd.v1.json',
    tokenExpiresAt: 1_767_226_200_000,
    keepAliveSec: 30,
    keepAliveMissed: 3,
  });
  assert.equal(decodeJwt(token).aud, 'vd');
  const row = await plane.row(device.id);
  assert.deepEqual([row.home_id, row.model, row.binding_epoch], [null, 'Raw 1', 0]);
  assert.equal(row.public_key, device.publicKey, 'what proves later what it signs');
});

test('a bound device is told the video service and the media servers too', async () => {
  await using plane = await ControlPlane.start();
  const { device } = await plane.boundDevice();
  const { body } = await device.schedule({ reason: 'reconnect' });
  assert.equal(body.bound, true);
  assert.equal(body.vr.baseUrl, `${plane.url}/vr/v1`);
  assert.deepEqual([decodeJwt(body.vr.token).aud, decodeJwt(body.vr.token).epoch], ['vr', 1]);
  assert.deepEqual(body.vm, { urls: [`${plane.url.replace('http', 'ws')}/vm/v1`] });
  const { body: some } = await device.schedule({ want: ['vr'] });
  assert.deepEqual([some.vd, some.vm, typeof some.vr], [undefined, undefined, 'object']);
});

const day = 86_400;
const now = 1_767_225_600;

for (const { what, claims, code } of [
  { what: 'a proof for another interface', claims: { aud: 'vd' }, code: 1702 },
  { what: 'a proof about another device', claims: { sub: '00000000000000000000000000' }, code: 1702 },
  { what: 'a proof that lives longer than five minutes', claims: { exp: now + 301 }, code: 1702 },
  { what: 'a proof without an id', claims: { jti: undefined }, code: 1702 },
  { what: 'a proof of a device whose clock is a day slow', claims: { iat: now - day, exp: now - day + 120 }, code: 1703 },
  { what: 'a proof of a device whose clock is a day fast', claims: { iat: now + day, exp: now + day + 120 }, code: 1703 },
  { what: 'a late proof that also lives too long', claims: { iat: now - day, exp: now - day + 301 }, code: 1702 },
]) {
  test(`${what} is refused with ${code} and the time`, async () => {
    await using plane = await ControlPlane.start();
    const device = plane.device();
    const answer = await device.schedule({}, await device.proof({ claims }));
    assert.equal(answer.status, 401);
    assert.equal(answer.body.error.code, code);
    assert.equal(answer.body.serverTime, 1_767_225_600_000);
  });
}

test('a clock that is half a minute off is good enough', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  assert.equal((await device.schedule({}, await device.proof({ claims: { iat: now + 30, exp: now + 90 } }))).status, 200);
  assert.equal((await device.schedule({}, await device.proof({ claims: { iat: now - 90, exp: now - 30 } }))).status, 200);
});

test('a proof signed by a key that is not the one in its header is refused', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { privateKey } = generateKeyPairSync('ed25519');
  const answer = await device.schedule({}, await device.proof({ key: privateKey }));
  assert.deepEqual([answer.status, answer.body.error.code], [401, 1702]);
});

test('a thief with a key of its own cannot use the id of a device', async () => {
  await using plane = await ControlPlane.start();
  const victim = plane.device();
  const thief = plane.device();
  const bySubject = await thief.schedule({ deviceId: victim.id }, await thief.proof({ claims: { sub: victim.id } }));
  const byBody = await thief.schedule({ deviceId: victim.id });
  assert.deepEqual([bySubject.body.error.code, byBody.body.error.code], [1702, 1702]);
  assert.equal(await plane.db.selectFrom('device').select('id').where('id', '=', victim.id).executeTakeFirst(), undefined);
});

test('only EdDSA is accepted, neither "none" nor a shared secret', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const [, payload, signature] = (await device.proof()).split('.');
  for (const alg of ['none', 'HS256', 'ES256']) {
    const header = Buffer.from(JSON.stringify({ alg, jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } })).toString('base64url');
    const answer = await device.schedule({}, `${header}.${payload}.${alg === 'none' ? '' : signature}`);
    assert.deepEqual([answer.status, answer.body.error.code], [401, 1702], alg);
  }
});

test('a proof is taken once, also after the platform restarted', async () => {
  const first = await ControlPlane.start();
  const device = first.device();
  const jwt = await device.proof();
  assert.equal((await device.schedule({}, jwt)).status, 200);
  assert.equal((await device.schedule({}, jwt)).body.error.code, 1702);
  await first.stop();
  await using again = await ControlPlane.start({ directory: first.directory });
  const response = await fetch(`${again.url}/vs/v1/schedule`, {
    method: 'POST',
    headers: { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' },
    body: JSON.stringify(device.scheduleBody()),
  });
  assert.equal(response.status, 401);
});

test('the same request brings back the same schedule, another content is refused', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const requestId = device.ulid();
  const first = await device.schedule({ requestId });
  await plane.clock.advance(5000);
  const repeat = await device.schedule({ requestId });
  assert.equal(repeat.body.scheduleId, first.body.scheduleId);
  assert.notEqual(repeat.body.vd.token, first.body.vd.token);
  const other = await device.schedule({ requestId, firmware: '2.0.0' });
  assert.deepEqual([other.status, other.body.error.code], [409, 1018]);
});

test('a device gives its own schedule back, as often as it likes, but not a foreign one', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  assert.equal((await device.release(body.scheduleId)).status, 204);
  assert.equal((await device.release(body.scheduleId)).status, 204);
  assert.equal((await plane.device().release(body.scheduleId)).status, 404);
  assert.equal((await device.release('01KDVAF02W6Y8B0D1F3H5K7N9Q')).status, 404);
  await assert.rejects(device.open(body.vd.token), { status: 401 });
});

test('closed enrolment keeps strangers out and lets listed and bound devices in', async () => {
  const listed = new Set<string>();
  let open = true;
  await using plane = await ControlPlane.start({ scheduling: { admits: (id) => open || listed.has(id) } });
  const { device: bound } = await plane.boundDevice();
  open = false;
  const stranger = plane.device();
  const refused = await stranger.schedule();
  assert.deepEqual([refused.status, refused.body.error.code], [404, 1700]);
  assert.equal((await bound.schedule()).status, 200);
  listed.add(stranger.id);
  assert.equal((await stranger.schedule()).status, 200);
});

test('a disabled device is refused with 1701', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  await device.schedule();
  await plane.db.updateTable('device').set({ disabled: 1 }).where('id', '=', device.id).execute();
  const { status, body } = await device.schedule();
  assert.deepEqual([status, body.error.code], [403, 1701]);
});

test('a device of another profile is refused with 426', async () => {
  await using plane = await ControlPlane.start();
  const { status, body } = await plane.device().schedule({ profiles: ['hss-closed-9'] });
  assert.deepEqual([status, body.error.code, body.error.data.name], [426, 1705, 'VERSION_UNSUPPORTED']);
});

test('a body outside the schema names what is wrong', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { status, body } = await device.schedule({ reason: 'because' });
  assert.deepEqual([status, body.error.code], [400, -32602]);
  assert.equal(body.error.data.details.problems[0]?.path, '/reason');
  assert.equal((await device.send('POST', '/vs/v1/schedule', await device.proof(), '{"requestId":')).status, 400);
});

test('the eleventh request of a device within a minute waits, other devices do not', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  for (let i = 0; i < 10; i += 1) assert.equal((await device.schedule()).status, 200);
  const { status, body, headers } = await device.schedule();
  assert.deepEqual([status, body.error.code, headers.get('retry-after')], [429, 1010, '6']);
  assert.equal((await plane.device().schedule()).status, 200);
  await plane.clock.advance(6000);
  assert.equal((await device.schedule()).status, 200);
});

test('one source may not ask for more than its rate, whatever it shows', async () => {
  await using plane = await ControlPlane.start({ scheduling: { limits: { perDeviceAndMinute: 10, perSourceAndSecond: 2 } } });
  const device = plane.device();
  await device.schedule({}, 'not-a-proof');
  await device.schedule({}, 'not-a-proof');
  const { status, body } = await device.schedule();
  assert.deepEqual([status, body.error.code], [429, 1010]);
});

test('a platform without room says when to come back', async () => {
  await using plane = await ControlPlane.start({ hasRoom: () => false });
  const { status, body, headers } = await plane.device().schedule();
  assert.deepEqual([status, body.error.code, headers.get('retry-after')], [503, 1704, '30']);
});

test('devices take the longer to come back the more there are, and none longer than a minute', async () => {
  let devices = 0;
  await using plane = await ControlPlane.start({ deviceCount: () => devices });
  const told = async (): Promise<unknown> => (await plane.device().schedule()).body.retry;
  assert.deepEqual(await told(), { baseMs: 2_000, maxMs: 30_000 });
  devices = 500;
  assert.deepEqual(await told(), { baseMs: 2_000, maxMs: 30_000 });
  devices = 10_000;
  assert.deepEqual(await told(), { baseMs: 40_000, maxMs: 40_000 });
  devices = 100_000;
  assert.deepEqual(await told(), { baseMs: 60_000, maxMs: 60_000 });
});

test('a platform that moved sends devices on in the answer, not with an HTTP redirect', async () => {
  const redirect = { vsUrl: 'https://eu.example/vs/v1', permanent: true };
  await using plane = await ControlPlane.start({ scheduling: { redirect } });
  const { status, body } = await plane.device().schedule();
  assert.deepEqual([status, body.redirect, body.vd], [200, redirect, undefined]);
});

test('dead schedules, old proofs and devices that never came back are forgotten', async () => {
  await using plane = await ControlPlane.start();
  const stranger = plane.device();
  await stranger.schedule();
  const { device } = await plane.boundDevice();
  await plane.clock.advance(86_400_000 + 600_000);
  const count = async (table: 'schedule' | 'used_proof' | 'device') =>
    (
      await plane.db
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow()
    ).n;
  await plane.until(async () => (await count('device')) === 1);
  assert.deepEqual([await count('schedule'), await count('used_proof')], [0, 0]);
  assert.equal((await plane.row(device.id)).home_id, 'home-1');
});
