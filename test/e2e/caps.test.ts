import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiProblem, createClient } from '@cardea/api';
import { createRandom, SystemClock } from '@cardea/core';
import { bindingReport } from '@cardea/protocol';
import { makeFilm } from '../support/film.ts';
import { FirmwareMaker } from '../support/firmware-maker.ts';
import { LightDevice } from '../support/light-device.ts';
import { recorded, SegmentDevice } from '../support/segment-device.ts';
import { type PlatformHere, startPlatformHere } from './device-management/platform-here.ts';

const clock = new SystemClock();
let platform: PlatformHere;

before(async () => {
  const one = ['invitationsPerHome', 'sharesPerHome', 'lockedSegmentsPerHome', 'firmwareImagesPerHome', 'tokensPerUser'];
  platform = await startPlatformHere({
    ...Object.fromEntries(one.map((name) => [`limits.${name}`, 1])),
    'limits.homesPerUser': 2,
    'limits.membersPerHome': 2,
    'limits.devicesPerHome': 2,
    'limits.bindingCodesPerHome': 2,
    'limits.firmwareBytesPerHome': 1_000_000,
  });
});

after(() => platform[Symbol.asyncDispose]());

/** That `act` is refused by the cap, in words that say what to do. */
async function assertCapped(name: string, act: Promise<unknown>): Promise<void> {
  await assert.rejects(act, (error) => {
    assert.ok(error instanceof ApiProblem, String(error));
    assert.deepEqual([error.status, error.code, error.details?.limit], [429, 1009, `limits.${name}`]);
    assert.match(error.message, new RegExp(`are the most there may be: .+, or have whoever runs the platform raise limits\\.${name}$`));
    return true;
  });
}

test('homes of a user, and API tokens', async () => {
  const { client } = platform.owner;
  const home = { name: 'Cabin', timezone: 'UTC' };
  await client.call('home.create', { body: home });
  await assertCapped('homesPerUser', client.call('home.create', { body: home }));
  const body = { name: 'a program', actions: ['view.live' as const], devices: ['*'] };
  const { id } = await client.call('token.create', { body });
  await assertCapped('tokensPerUser', client.call('token.create', { body }));
  await client.call('token.delete', { params: { id } });
  await client.call('token.create', { body });
});

test('invitations and members of a home', async () => {
  const { client, homeId, url } = platform.owner;
  const invite = () => client.call('member.invite', { params: { id: homeId }, body: { role: 'guest' } });
  const accept = (inviteToken: string, name: string) => {
    const account = { name, email: `${name}@example.org`, password: 'a long enough password' };
    return createClient({ baseUrl: url }).call('invitation.accept', { body: { inviteToken, ...account } });
  };
  const { inviteToken } = await invite();
  await assertCapped('invitationsPerHome', invite());
  await accept(inviteToken, 'bob');
  await assertCapped('membersPerHome', accept((await invite()).inviteToken, 'eve'));
});

test('binding codes, devices, links and locked recordings of a home', async () => {
  const { client, homeId } = platform.owner;
  const createCode = () => client.call('bindingCode.create', { params: { id: homeId }, body: {} });
  using device = await SegmentDevice.bind(platform.owner);
  const early = [await createCode(), await createCode()];
  await assertCapped('bindingCodesPerHome', createCode());
  const [second, third] = [new LightDevice({ platformUrl: platform.url }), new LightDevice({ platformUrl: platform.url })];
  for (const each of [second, third]) await each.start();
  await second.bind(early[0]?.code ?? '');
  const late = { eventId: createRandom(clock).ulid(), occurredAt: clock.now(), state: 'requested' as const, bindToken: early[1]?.code };
  await assert.rejects(third.call(bindingReport, late), { status: 'LIMIT_EXCEEDED' }, 'a code made while there was room');
  await assertCapped('devicesPerHome', createCode());
  for (const each of [second, third]) await each.stop();

  const body = { kind: 'live' as const, deviceId: device.deviceId };
  await client.call('share.create', { body });
  await assertCapped('sharesPerHome', client.call('share.create', { body }));

  const film = recorded(await makeFilm({ seconds: 1, kbps: 100 }), 1_000);
  const lock = async () => {
    const { segmentId: id } = await device.store(film);
    return await client.call('segment.update', { params: { id }, body: { locked: true } });
  };
  const { id } = await lock();
  await assertCapped('lockedSegmentsPerHome', lock());
  await client.call('segment.update', { params: { id }, body: { locked: true } });
});

test('firmware images of a home, and their bytes', async () => {
  const { owner } = platform;
  const maker = new FirmwareMaker();
  const upload = async (version: string, payloadBytes: number): Promise<void> => {
    const answer = await maker.upload(owner, version, { payloadBytes });
    if (answer.status !== 201) throw await ApiProblem.fromResponse(answer);
  };
  await assertCapped('firmwareBytesPerHome', upload('1.0.0', 1_000_001));
  await upload('1.0.0', 1_000);
  await assertCapped('firmwareImagesPerHome', upload('1.1.0', 1_000));
});
