import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { hostileAddresses } from '../../support/hostile-addresses.ts';
import { type HostileSite, openHostileSite } from '../../support/hostile-site.ts';
import { LightDevice } from '../../support/light-device.ts';
import { type PlatformHere, startPlatformHere } from '../device-management/platform-here.ts';
import { eventually } from '../eventually.ts';

let platform: PlatformHere;
let trap: HostileSite;
let device: LightDevice;
/** Every message the device got. */
const told: string[] = [];

const ticket = { ticketId: '01KDVB6R8ET7W9Z2C4F6H8K1N3', method: 'PUT', expiresAt: 9_000_000_000_000 };
const session = '01KDVAPJ7C5T9N3W1QX8Z6D0SG';

/** Every message with an address, and params that are right but for the address. */
const messages: Readonly<Record<string, (url: string) => object>> = {
  'live.push': (url) => ({
    sessionId: session,
    channel: 1,
    stream: 'main',
    target: { protocol: 'rtmp', url, expiresAt: 9_000_000_000_000 },
  }),
  'playback.start': (url) => ({
    ...{ sessionId: session, channel: 1, startAt: 1 },
    target: { protocol: 'wss-fmp4', url, token: 'x', expiresAt: 9_000_000_000_000 },
  }),
  'talk.start': (url) => ({
    ...{ sessionId: session, channel: 1, codec: 'opus', sampleRate: 48_000, ttlSec: 60 },
    source: { protocol: 'whep', url, token: 'x' },
  }),
  'snapshot.capture': (url) => ({ taskId: session, channel: 1, uploads: [{ ...ticket, url }] }),
  'log.upload': (url) => ({ taskId: session, types: ['system'], upload: { ...ticket, url } }),
  'firmware.upgrade': (url) => ({ taskId: session, version: '2', url, sizeBytes: 1, sha256: 'a'.repeat(64) }),
  'device.reschedule': (vsUrl) => ({ reason: 'operator', mode: 'immediate', target: { vsUrl } }),
};

before(async () => {
  const limits = { 'limits.schedulesPerMinute': 1_000_000, 'limits.schedulesPerSecond': 1_000_000 };
  const off = { 'rtsp.listen': 'off', 'rtmp.listen': 'off', 'wake.listen': 'off', 'webrtc.listen': 'off' };
  platform = await startPlatformHere({ ...limits, ...off });
  trap = await openHostileSite();
  device = new LightDevice({
    platformUrl: platform.url,
    methods: Object.keys(messages),
    answer: async (definition, params) => {
      told.push(`${definition.method} ${JSON.stringify(params)}`);
      return {};
    },
  });
  await device.start();
  const { client, homeId } = platform.owner;
  await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  await eventually('the device is known', async () => {
    const { capabilities } = await client.call('device.get', { params: { id: device.id } });
    return capabilities === null ? undefined : true;
  });
});

after(async () => {
  await device?.stop();
  await trap?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

async function command(method: string, body: object): Promise<number> {
  const response = await fetch(`${platform.url}/api/v1/devices/${device.id}/commands/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${platform.owner.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}

test('no camera is sent to an address that is not of the platform, however it is written', async () => {
  const addresses = hostileAddresses(platform.url, `127.0.0.1:${trap.port}`);
  assert.ok(addresses.length >= 300, `${addresses.length} addresses`);
  const kinds = Object.entries(messages);
  // Each message with addresses of every kind.
  const attempts = addresses.map((url, index) => ({ url, kind: kinds[index % kinds.length] }));
  for (const { url, kind: [method, paramsOf] = ['', () => ({})] } of attempts) {
    const status = await command(method, paramsOf(url));
    assert.ok(status === 422 || status === 400, `${method} ${JSON.stringify(url)}: ${status}`);
  }
  assert.deepEqual(told, []);
  assert.deepEqual(trap.hits, []);
  // The same message with an address of the platform gets there.
  await command('log.upload', messages['log.upload']?.(`${platform.url}/vr/v1/objects/x`) ?? {});
  assert.equal(told.length, 1);
});

test('the platform names itself by its own address, whatever a request calls it', async () => {
  const { homeId, token } = platform.owner;
  const evil = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' };
  const ask = async (method: string, path: string, body?: object): Promise<string> => {
    const headers = { ...evil, authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const asking = request(platform.url + path, { method, headers });
    asking.end(body && JSON.stringify(body));
    const [response] = await once(asking, 'response');
    const parts = await response.toArray();
    assert.ok(response.statusCode < 400, `${path}: ${response.statusCode}`);
    return JSON.stringify(response.headers) + Buffer.concat(parts).toString();
  };
  const answers = await Promise.all([
    ask('POST', `/api/v1/homes/${homeId}/members`, { role: 'guest' }),
    ask('POST', `/api/v1/homes/${homeId}/binding-codes`, {}),
    ask('POST', '/api/v1/shares', { kind: 'live', deviceId: device.id }),
    ask('POST', `/api/v1/devices/${device.id}/vod`, { channel: 1, from: 1, to: 2 }),
    ask('GET', '/api/v1/openapi.json'),
  ]);
  for (const answer of answers) assert.doesNotMatch(answer, /evil/);
  assert.ok(answers[0]?.includes(`${platform.url}/invitation`));
});
