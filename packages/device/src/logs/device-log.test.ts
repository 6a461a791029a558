import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLogger, VirtualClock } from '@cardea/core';
import { DeviceLog } from './device-log.ts';
import { scrub } from './scrub.ts';

const AT = 1_767_225_600_000;

async function inDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-log-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

const line = (fields: Record<string, unknown>): string => `${JSON.stringify({ level: 30, time: AT, ...fields })}\n`;

test('log.upload: lines are found again by type and time, and torn ones are passed over', async (t) => {
  const stateDirectory = await inDirectory(t);
  await using log = await DeviceLog.open({ stateDirectory, clock: new VirtualClock(AT) });
  log.write(line({ msg: 'one' }));
  log.write(line({ log: 'network', msg: 'two', time: AT + 1 }));
  log.write(line({ log: 'media', msg: 'three', time: AT + 2 }));
  log.write('{"level":30,"time":17');
  const texts = async (selection: Parameters<DeviceLog['lines']>[0]): Promise<string[]> =>
    (await log.lines(selection)).map((text) => (JSON.parse(text) as { msg: string }).msg);
  assert.deepEqual(await texts({ types: ['system'] }), ['one']);
  assert.deepEqual(await texts({ types: ['media', 'network'] }), ['two', 'three']);
  assert.deepEqual(await texts({ types: ['system', 'media', 'network'], fromAt: AT + 1, toAt: AT + 1 }), ['two']);
  assert.deepEqual(await texts({ types: ['crash', 'security'] }), []);
});

test('log.upload: the newest lines are kept in a bounded number of files', async (t) => {
  const stateDirectory = await inDirectory(t);
  await using log = await DeviceLog.open({ stateDirectory, clock: new VirtualClock(AT), maxFileBytes: 1_000 });
  for (let index = 0; index < 200; index += 1) {
    log.write(line({ msg: String(index).padStart(50, '0') }));
    await log.lines({ types: [] });
  }
  const kept = await log.lines({ types: ['system'] });
  assert.ok(kept.length >= 30 && kept.length <= 60, `${kept.length} lines are kept`);
  assert.match(kept.at(-1) ?? '', /0199"/);
  assert.deepEqual((await readdir(join(stateDirectory, 'logs'))).sort(), [
    'device.log',
    'device.log.1',
    'device.log.2',
    'device.log.3',
    'running',
  ]);
});

test('log.upload: a run that did not end in order shows as a crash in the next', async (t) => {
  const stateDirectory = await inDirectory(t);
  const clock = new VirtualClock(AT);
  // Never closed, as when the power goes.
  const first = await DeviceLog.open({ stateDirectory, clock });
  t.after(() => first[Symbol.asyncDispose]());
  {
    await using second = await DeviceLog.open({ stateDirectory, clock });
    const [crash, ...more] = await second.lines({ types: ['crash'] });
    assert.deepEqual(more, []);
    assert.deepEqual(JSON.parse(crash ?? ''), {
      level: 50,
      time: AT,
      log: 'crash',
      msg: 'the last run of the device did not end in order',
    });
  }
  await using third = await DeviceLog.open({ stateDirectory, clock });
  assert.equal((await third.lines({ types: ['crash'] })).length, 1);
});

test('log.upload: credentials never reach the disk, whatever field they come in', async (t) => {
  const stateDirectory = await inDirectory(t);
  await using log = await DeviceLog.open({ stateDirectory, clock: new VirtualClock(AT) });
  const logger = createLogger('silent', log).child({ log: 'security' });
  const jwt = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJDQU5BUlkxIn0.c2lnbmF0dXJlLUNBTkFSWTE';
  logger.info(
    { url: `wss://user:CANARY2@home.example/vm/1?token=CANARY3&x=1`, err: new Error(`no way to https://h/x?sig=CANARY4`) },
    'lost',
  );
  logger.warn({ bindToken: 'CANARY5', vdToken: 'CANARY6', headers: { authorization: 'Bearer CANARY7' } }, `with ${jwt}`);
  assert.equal((await log.lines({ types: ['security'] })).length, 2);
  assert.doesNotMatch(await readFile(join(stateDirectory, 'logs', 'device.log'), 'utf8'), /CANARY|Q0FOQVJZ/);
});

test('an address in a log keeps host and path', () => {
  assert.equal(
    scrub('{"url":"https://home.example/vr/v1/objects/1?expires=1&signature=abc"}'),
    '{"url":"https://home.example/vr/v1/objects/1"}',
  );
  assert.equal(scrub('asked with Bearer abc.def'), 'asked with Bearer [token]');
});
