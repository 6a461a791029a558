import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiProblem } from '@cardea/api';
import { registerApart } from '../support/isolation/principals.ts';
import { CardeaProcess } from './cardea-process.ts';
import { startPlatformHere } from './device-management/platform-here.ts';

test('an owner lets whoever runs the platform into their home, sees that they are there, and ends it', async () => {
  await using platform = await startPlatformHere();
  const { owner: operator } = platform;
  const owner = await registerApart(operator, 'owner-two');
  const credentials = ['--url', platform.url, '--token', owner.token];
  const isIn = async (): Promise<boolean> =>
    await operator.client.call('home.get', { params: { id: owner.homeId } }).then(
      ({ role }) => role === 'support',
      (error: unknown) => !(error instanceof ApiProblem && error.status === 404),
    );
  const run = async (...args: string[]): Promise<CardeaProcess> => {
    const command = new CardeaProcess(['support', ...args, ...credentials]);
    assert.equal(await command.exited(), 0);
    return command;
  };
  assert.equal(await isIn(), false);
  await using granted = await run('grant', owner.homeId, 'owner@example.org', '--reason', 'No picture', '--hours', '1');
  const [, userId = ''] = await granted.printed(/"userId":"(\w+)"/);
  assert.equal(await isIn(), true);
  await using listed = await run('list');
  await listed.printed(/"homeName":"owner-two".*"reason":"No picture"/);
  await using _ = await run('end', owner.homeId, userId);
  assert.equal(await isIn(), false);
});
