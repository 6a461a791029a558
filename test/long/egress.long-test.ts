import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertNothingLeaves } from '../support/assert-nothing-leaves.ts';
import { WatchedHome } from '../support/ordinary-day.ts';

/** `CARDEA_EGRESS_MINUTES`; the promise is an hour. */
const MINUTES = Number(process.env.CARDEA_EGRESS_MINUTES ?? 60);

test(`in ${MINUTES} minutes of use, new firmware and power cuts nothing leaves that nobody set`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-egress-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await using home = await WatchedHome.open(directory);
  const over = AbortSignal.timeout(MINUTES * 60_000);
  while (!over.aborted) await home.spendADay();
  assertNothingLeaves(home.owner.url, await home.end());
});
