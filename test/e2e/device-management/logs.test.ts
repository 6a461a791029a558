import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiProblem } from '@cardea/api';
import { eventually } from '../eventually.ts';
import { startSystem } from './system.ts';

test('log.upload: the owner asks a camera for its log and reads it as text', async () => {
  await using system = await startSystem();
  const { client, deviceId, owner, stateDirectory } = system;
  await eventually('the device has logged its binding', async () => {
    const text = await readFile(join(stateDirectory, 'logs', 'device.log'), 'utf8');
    return text.includes('the device is bound') ? true : undefined;
  });
  const answer = await client.command(deviceId, 'log.upload', { types: ['system', 'network', 'media', 'security'] });
  assert.equal(answer.accepted, true);
  const log = await eventually('the log is stored', async () => {
    const { items } = await client.call('deviceLog.list', { params: { id: deviceId } });
    return items.find(({ id, state }) => id === answer.taskId && state === 'stored');
  });
  assert.deepEqual(log.types, ['system', 'network', 'media', 'security']);
  const response = await fetch(client.urlOf('deviceLog.text', { params: { id: log.id } }), {
    headers: { authorization: `Bearer ${owner.token}` },
  });
  assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.match(response.headers.get('content-security-policy') ?? '', /sandbox/);
  const text = await response.text();
  assert.match(text, /"msg":"the device starts"/);
  assert.match(text, /"log":"security".*"msg":"the device is bound"/);
  assert.doesNotMatch(text, /eyJ|token=|signature=/);
  assert.equal((await fetch(client.urlOf('deviceLog.text', { params: { id: log.id } }))).status, 401);
});

test('log.uploadDone: a log there is none of is told as such, and a log nobody asked for is not found', async () => {
  await using system = await startSystem();
  const { client, deviceId, owner } = system;
  const { taskId } = await client.command(deviceId, 'log.upload', { types: ['crash'] });
  await eventually('the device has said that it has none', async () => {
    const { items } = await client.call('deviceLog.list', { params: { id: deviceId } });
    return items.find(({ id, state }) => id === taskId && state === 'noLogs');
  });
  const headers = { authorization: `Bearer ${owner.token}` };
  assert.equal((await fetch(client.urlOf('deviceLog.text', { params: { id: taskId } }), { headers })).status, 404);
  const { items } = await client.call('event.list', { query: { deviceId, type: 'log' } });
  assert.deepEqual(
    items.map(({ kind, state }) => [kind, state]),
    [['device', 'noLogs']],
  );
});

test('log.upload: a task the camera refuses with 1601 is not waited for', async () => {
  await using system = await startSystem({ device: { log: undefined } });
  const { client, deviceId } = system;
  await assert.rejects(client.command(deviceId, 'log.upload', { types: ['system'] }), { deviceError: 1601 });
  const { items } = await client.call('deviceLog.list', { params: { id: deviceId } });
  assert.deepEqual(
    items.map(({ state, error }) => [state, error]),
    [['failed', 1601]],
  );
});

test('log.upload: a ticket of somebody else is refused before the device hears of it', async () => {
  await using system = await startSystem();
  const upload = {
    ticketId: '01KDVBF9P1A8D0F2H4K6N8Q1T3',
    method: 'PUT',
    url: 'https://elsewhere.example/x',
    expiresAt: 4_000_000_000_000,
  } as const;
  await assert.rejects(system.client.command(system.deviceId, 'log.upload', { types: ['system'], upload }), (error) => {
    assert.ok(error instanceof ApiProblem);
    assert.equal(error.code, 1002);
    return true;
  });
});
