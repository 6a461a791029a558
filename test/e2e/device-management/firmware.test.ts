import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiProblem, type CommandParams } from '@cardea/api';
import { FirmwareMaker } from '../../support/firmware-maker.ts';
import { eventually } from '../eventually.ts';
import { type System, startSystem } from './system.ts';

const maker = new FirmwareMaker();
const device = { firmwareKeys: [maker.keyPem] };

async function upgrade({ client, deviceId }: System, params: CommandParams<'firmware.upgrade'>) {
  return await client.command(deviceId, 'firmware.upgrade', params);
}

async function runs({ client, deviceId }: System, version: string): Promise<void> {
  await eventually(`the device runs ${version}`, async () => {
    const { firmware, state } = await client.call('device.get', { params: { id: deviceId } });
    return firmware === version && state === 'online' ? true : undefined;
  });
}

function problem(code: number, status?: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ApiProblem);
    assert.equal(error.deviceError ?? error.code, code);
    if (status !== undefined) assert.equal(error.status, status);
    return true;
  };
}

test('firmware.upgrade: a version of the catalogue is installed on the camera, and its owner sees it come back with it', async () => {
  await using system = await startSystem({ device });
  const { owner, client, deviceId } = system;
  const image = await maker.offer(owner, '1.1.0');
  assert.deepEqual((await client.call('firmware.list')).items, [image]);
  const { state, taskId } = await upgrade(system, { version: '1.1.0' });
  assert.equal(state, 'downloading');
  await runs(system, '1.1.0');
  const status = await eventually('it succeeded', async () => {
    const now = await client.command(deviceId, 'firmware.getStatus', {});
    return now.state === 'succeeded' ? now : undefined;
  });
  assert.deepEqual([status.taskId, status.currentVersion], [taskId, '1.1.0']);
  await assert.rejects(upgrade(system, { version: '1.1.0' }), problem(1400));
});

test('firmware.upgrade: only images of the catalogue can be named, code 1408', async () => {
  await using system = await startSystem({ device });
  const { url } = system;
  const params = { version: '1.1.0', sizeBytes: 1, sha256: 'a'.repeat(64) };
  await assert.rejects(upgrade(system, { version: '1.1.0' }), problem(1408, 422));
  await assert.rejects(upgrade(system, { ...params, url: 'https://example.org/image' }), problem(1408, 422));
  await assert.rejects(upgrade(system, { ...params, url: `${url}/api/v1/me` }), problem(1408, 422));
  await maker.offer(system.owner, '1.1.0', { model: 'Doorbell' });
  await assert.rejects(upgrade(system, { version: '1.1.0' }), problem(1408, 422));
});

test('firmware.changed: each step of an upgrade is an event of the camera, each tenth of the download is not', async () => {
  await using system = await startSystem({ device });
  const { client, deviceId } = system;
  await maker.offer(system.owner, '1.1.0', { payloadBytes: 2_000_000 });
  await upgrade(system, { version: '1.1.0' });
  await runs(system, '1.1.0');
  const states = await eventually('success is told', async () => {
    const { items } = await client.call('event.list', { query: { deviceId, type: 'firmware' } });
    return items.some(({ state }) => state === 'succeeded') ? items.map(({ state }) => state) : undefined;
  });
  assert.deepEqual(states.sort(), ['downloaded', 'downloading', 'installing', 'rebooting', 'succeeded']);
});

test('firmware.getStatus: an image of a maker the camera does not trust fails with 1404 and nothing changes', async () => {
  await using system = await startSystem({ device });
  const { client, deviceId } = system;
  await new FirmwareMaker().offer(system.owner, '1.1.0');
  await upgrade(system, { version: '1.1.0' });
  const status = await eventually('it failed', async () => {
    const now = await client.command(deviceId, 'firmware.getStatus', {});
    return now.state === 'failed' ? now : undefined;
  });
  assert.deepEqual([status.error, status.currentVersion], [{ code: 1404, name: 'SIGNATURE_INVALID' }, '1.0.0']);
});

test('firmware: an image goes to devices in ranges at a signed address, and to nobody else', async () => {
  await using system = await startSystem({ device });
  const image = maker.build('1.1.0');
  const { id } = await maker.offer(system.owner, '1.1.0');
  assert.equal((await fetch(`${system.url}/vr/v1/firmware/${id}`)).status, 401);
  assert.equal((await maker.upload(system.owner, '1.1.0')).status, 201, 'the same again is answered with what is there');
  assert.equal((await maker.upload(system.owner, '1.1.0', { image: maker.build('1.1.1') })).status, 409);
  assert.equal((await maker.upload(system.owner, '1.2.0', { image: Buffer.alloc(0) })).status, 400);
  assert.ok(image.length > 0);
});

test('campaign: one camera is asked, comes back with the new version, proves that it works, and the campaign is done', async () => {
  await using system = await startSystem({ device });
  const { client, owner, deviceId } = system;
  const { id: firmwareId } = await maker.offer(owner, '1.1.0');
  const { id, waves } = await client.call('campaign.create', { body: { firmwareId } });
  assert.equal(waves.length, 1);
  const done = await eventually('the campaign is done', async () => {
    const now = await client.call('campaign.get', { params: { id } });
    return now.state === 'running' ? undefined : now;
  });
  assert.deepEqual([done.state, done.waves], ['done', [{ devices: 1, open: 0, succeeded: 1, failed: 0, skipped: 0 }]]);
  assert.deepEqual(
    done.devices.map((task) => [task.deviceId, task.state]),
    [[deviceId, 'succeeded']],
  );
  await assert.rejects(client.call('campaign.create', { body: { firmwareId } }), problem(1006));
});

test('campaign: a roll-out that is stopped asks nobody else, and is listed with the others', async () => {
  await using system = await startSystem({ device });
  const { client } = system;
  const { id: firmwareId } = await maker.offer(system.owner, '1.1.0');
  assert.deepEqual((await client.call('campaign.list')).items, []);
  const { id } = await client.call('campaign.create', { body: { firmwareId } });
  await runs(system, '1.1.0');
  await eventually('the roll-out is done', async () => {
    const { state } = await client.call('campaign.get', { params: { id } });
    return state === 'done' ? true : undefined;
  });
  assert.equal((await client.call('campaign.stop', { params: { id } })).state, 'done');
  await maker.offer(system.owner, '1.2.0');
  const { items } = await client.call('firmware.list');
  const next = items.find(({ version }) => version === '1.2.0')?.id ?? '';
  await system.device[Symbol.asyncDispose]();
  const second = await client.call('campaign.create', { body: { firmwareId: next } });
  const stopped = await client.call('campaign.stop', { params: { id: second.id } });
  assert.deepEqual([stopped.state, stopped.devices[0]?.state], ['halted', 'skipped']);
  assert.deepEqual(
    (await client.call('campaign.list')).items.map((campaign) => [campaign.id, campaign.state]),
    [
      [second.id, 'halted'],
      [id, 'done'],
    ],
  );
});
