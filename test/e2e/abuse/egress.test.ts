import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertNothingLeaves } from '../../support/assert-nothing-leaves.ts';
import { WatchedHome } from '../../support/ordinary-day.ts';

test('as it comes, the platform connects to nobody and a camera to its platform alone, whatever people do all day', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-egress-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await using home = await WatchedHome.open(directory);
  await home.spendADay();
  assertNothingLeaves(home.owner.url, await home.end());
});
