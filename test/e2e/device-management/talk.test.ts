import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { ApiProblem, createClient } from '@cardea/api';
import { eventually } from '../eventually.ts';
import { EMAIL, PASSWORD } from './platform-here.ts';
import { type System, startSystem } from './system.ts';
import { HEARD_FILE, heardBy, opusTone, Talker } from './talker.ts';

let system: System;
before(async () => {
  system = await startSystem();
});
after(async () => {
  await system[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await rm(join(system.stateDirectory, HEARD_FILE), { force: true });
});

const open = (codecs?: ('opus' | 'g711u' | 'g711a' | 'aac')[]) =>
  system.client.call('talk.create', { params: { id: system.deviceId }, body: { channel: 1, ...(codecs && { codecs }) } });
const isPlaying = (talker: Talker) => async () => (talker.states.at(-1) === 'playing' ? true : undefined);
const heard = () => eventually('the loudspeaker is silent again', () => heardBy(system.stateDirectory));

async function refused(answer: Promise<unknown>, status: number, code: number): Promise<void> {
  await assert.rejects(answer, (error) => {
    assert.ok(error instanceof ApiProblem);
    assert.deepEqual([error.status, error.code], [status, code]);
    return true;
  });
}

test('talk.start: what a user says comes out of the loudspeaker, also what was said before the camera was there', async () => {
  const talk = await open(['g711u']);
  assert.deepEqual([talk.codec, talk.sampleRate, talk.duplex], ['g711u', 8_000, 'full']);
  using talker = await Talker.open(talk.url);
  talker.hum('g711u', 440, 25);
  await eventually('the camera plays', isPlaying(talker));
  talker.hum('g711u', 440, 25);
  await system.client.call('talk.delete', { params: { sessionId: talk.sessionId } });
  assert.deepEqual(await talker.closed, { code: 1_000, reason: 'ended' });
  assert.deepEqual(await heard(), { codec: 'pcm_mulaw', durationMs: 1_000, hertz: 440 });
});

test('talk.start: Opus goes through as it was coded, and is what a camera that knows it is asked to play', async () => {
  const talk = await open();
  assert.deepEqual([talk.codec, talk.sampleRate], ['opus', 48_000]);
  using talker = await Talker.open(talk.url);
  await eventually('the camera plays', isPlaying(talker));
  for (const frame of await opusTone(1_200, 25)) talker.say(frame);
  await system.client.call('talk.delete', { params: { sessionId: talk.sessionId } });
  const { codec, durationMs, hertz } = await heard();
  assert.deepEqual([codec, hertz], ['opus', 1_200]);
  assert.ok(durationMs > 450 && durationMs <= 500, `${durationMs} ms`);
});

test('talk.start: a device and a user that both know A-law talk in it', async () => {
  const talk = await open(['aac', 'g711a']);
  assert.equal(talk.codec, 'g711a');
  using talker = await Talker.open(talk.url);
  await eventually('the camera plays', isPlaying(talker));
  talker.hum('g711a', 1_000, 10);
  await system.client.call('talk.delete', { params: { sessionId: talk.sessionId } });
  assert.deepEqual(await heard(), { codec: 'pcm_alaw', durationMs: 200, hertz: 1_000 });
});

test('talk.start: asked for by a plain message the platform says where the sound comes from', async () => {
  const { state, sessionId, duplex } = await system.client.command(system.deviceId, 'talk.start', {
    channel: 1,
    codec: 'g711u',
    sampleRate: 8_000,
    ttlSec: 30,
  });
  assert.deepEqual([state, duplex], ['connecting', 'full']);
  const authorization = `Bearer ${system.owner.token}`;
  using talker = await Talker.open(`${system.url.replace('http', 'ws')}/talk/${sessionId}`, { authorization });
  await eventually('the camera plays', isPlaying(talker));
  talker.hum('g711u', 700, 5);
  assert.deepEqual(await system.client.command(system.deviceId, 'talk.stop', { sessionId }), { stopped: true });
  assert.deepEqual(await talker.closed, { code: 1_000, reason: 'the device ended it' });
  assert.deepEqual(await heard(), { codec: 'pcm_mulaw', durationMs: 100, hertz: 700 });
});

test('talk.start: in privacy mode nobody talks (1012), a codec, a lens or a carrier the device has not is refused (1106, 1100, 1003)', async () => {
  const set = (mode: string) => system.client.command(system.deviceId, 'config.set', { patch: { 'privacy.mode': mode } });
  await set('on');
  await refused(open(), 409, 1012);
  await set('off');
  const talk = await open();
  using talker = await Talker.open(talk.url);
  await set('on');
  assert.equal((await talker.closed).code, 1_000);
  await set('off');
  // It records in AAC and does not play it.
  await refused(open(['aac']), 409, 1106);
  await refused(system.client.call('talk.create', { params: { id: system.deviceId }, body: { channel: 2 } }), 422, 1100);
  const source = { protocol: 'whep', url: `${system.url}/vm/v1/talk/${talk.sessionId}`, token: 'T' } as const;
  const speech = { channel: 1, codec: 'g711u', sampleRate: 8_000, ttlSec: 30 } as const;
  await refused(system.client.command(system.deviceId, 'talk.start', { ...speech, source }), 422, 1003);
});

test('talk.start: whoever asks again talks in the newer session, and the older one is over', async () => {
  const older = await open();
  using first = await Talker.open(older.url);
  const newer = await open();
  assert.deepEqual(await first.closed, { code: 1_000, reason: 'replaced' });
  await assert.rejects(Talker.open(older.url), /401/);
  using second = await Talker.open(newer.url);
  await eventually('the camera plays', isPlaying(second));
  await system.client.call('talk.delete', { params: { sessionId: newer.sessionId } });
});

test('talk.start: while one person talks another one waits (1008), and then talks', async () => {
  const guest = { email: 'guest@example.org', name: 'Guest', password: PASSWORD };
  const role = { actions: ['view.live' as const, 'control' as const], devices: ['*'] };
  const { inviteToken } = await system.client.call('member.invite', {
    params: { id: system.owner.homeId },
    body: { email: guest.email, role },
  });
  const { token } = await createClient({ baseUrl: system.url }).call('invitation.accept', { body: { inviteToken, ...guest } });
  assert.ok(token !== undefined);
  const client = createClient({ baseUrl: system.url, token });
  const ask = () => client.call('talk.create', { params: { id: system.deviceId }, body: { channel: 1 } });
  const mine = await open();
  using talker = await Talker.open(mine.url);
  await eventually('the camera plays', isPlaying(talker));
  await refused(ask(), 409, 1008);
  await refused(client.call('talk.delete', { params: { sessionId: mine.sessionId } }), 404, 1108);
  await system.client.call('talk.delete', { params: { sessionId: mine.sessionId } });
  const { sessionId } = await ask();
  await client.call('talk.delete', { params: { sessionId } });
});

test('talk.start: when the login it was made with is logged out the talk ends at once', async () => {
  const anonymous = createClient({ baseUrl: system.url });
  const { token } = await anonymous.call('session.create', { body: { email: EMAIL, password: PASSWORD } });
  const client = createClient({ baseUrl: system.url, token });
  const { url } = await client.call('talk.create', { params: { id: system.deviceId }, body: { channel: 1 } });
  using talker = await Talker.open(url);
  await eventually('the camera plays', isPlaying(talker));
  const startedMs = performance.now();
  await client.call('session.delete', { params: { id: 'current' } });
  assert.deepEqual(await talker.closed, { code: 1_008, reason: 'revoked' });
  assert.ok(performance.now() - startedMs < 10_000, 'long before the next look at all rights');
});

test('talk.stop: a talk that ended, or never was, is no error; the next user may talk at once', async () => {
  const { sessionId } = await open();
  assert.deepEqual(await system.client.command(system.deviceId, 'talk.stop', { sessionId }), { stopped: true });
  assert.deepEqual(await system.client.command(system.deviceId, 'talk.stop', { sessionId }), { stopped: false });
  using talker = await Talker.open((await open()).url);
  await eventually('the camera plays', isPlaying(talker));
});

test('talk.start: who talked, and when, is written down', async () => {
  const { items } = await system.client.call('audit.list', {});
  const actions = items.filter(({ action }) => action === 'talk.create');
  assert.ok(actions.length >= 5);
  assert.equal(actions[0]?.deviceId, system.deviceId);
});
