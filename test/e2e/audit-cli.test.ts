import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { CardeaProcess } from './cardea-process.ts';
import { startPlatformHere } from './device-management/platform-here.ts';

test('whoever runs the platform checks its audit log, and sees that somebody changed it', async () => {
  await using platform = await startPlatformHere();
  const { data, owner } = platform;
  await owner.client.call('home.update', { params: { id: owner.homeId }, body: { name: 'House' } });
  let head = '';
  {
    await using verify = new CardeaProcess(['audit', 'verify', '--data', data]);
    await verify.printed(/^entries +2$/);
    head = (await verify.printed(/^head +(\d+:[0-9a-f]{64})$/))[1] ?? '';
  }
  const db = new DatabaseSync(join(data, 'cardea.db'));
  db.exec("UPDATE audit SET user_id = 'nobody' WHERE seq = 1");
  {
    await using verify = new CardeaProcess(['audit', 'verify', '--data', data, '--json']);
    const [report = ''] = await verify.printed(/^\{.*\}$/);
    assert.deepEqual(JSON.parse(report).fault, { seq: 1, kind: 'changed' });
  }
  db.exec('DELETE FROM audit');
  db.close();
  await using verify = new CardeaProcess(['audit', 'verify', '--data', data, '--head', head]);
  await verify.printed(/^fault +entry 1 is cut off$/);
});
