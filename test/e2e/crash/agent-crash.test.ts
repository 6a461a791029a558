import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { silentLogger } from '@cardea/core';
import { SegmentRing } from '../../../packages/device/src/recording/segment-ring.ts';
import { seeded, seedOfRun } from '../../support/seeded.ts';
import { cutAgent, killAgent } from './agent-crashes.ts';
import { buildPowerCut, PowerCut, writeTree } from './power-cut.ts';

const POINTS = 40;
const KILLS = 2;
const seed = seedOfRun();

test(`killed or without power at ${POINTS} moments, a recording device loses at most a fragment and its disk is readable`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-agent-'));
  t.after(() => rm(directory, { recursive: true }));
  t.diagnostic(`SEED=${seed}`);
  const library = await buildPowerCut(directory);
  await cutAgent({ directory, library, points: POINTS, fraction: seeded(seed) });
  await killAgent({ directory: join(directory, 'killed'), library, points: KILLS, fraction: seeded(seed) });
});

const RING = join(import.meta.dirname, '..', '..', '..', 'packages', 'device', 'src', 'recording', 'segment-ring.ts');
const ID = '01KDVBW3GQ2T4W6Y8B0D1F3H50';
const OTHER_ID = '01KDVBW3GQ2T4W6Y8B0D1F3H51';
const BYTES = 'a recording';

/** A device has recorded something, and then gives it another id. */
const renaming = (root: string): string => `
  import { writeFileSync } from 'node:fs';
  import { createLogger } from '@cardea/core';
  import { SegmentRing } from ${JSON.stringify(RING)};
  import { syncDirectory } from ${JSON.stringify(RING.replace('recording/segment-ring', 'state/durable-file'))};
  const ring = await SegmentRing.open({ stateDirectory: ${JSON.stringify(root)}, quotaBytes: 1e6, logger: createLogger('error') });
  writeFileSync(ring.pathOfId('${ID}'), '${BYTES}', { flush: true });
  await syncDirectory(${JSON.stringify(join(root, 'ring'))});
  const what = { channel: 1, stream: 'main', kind: 'event', container: 'fmp4', codecs: 'avc1.64001f' };
  const create = { clientSegmentId: '${ID}', startAt: 1767225600000, durationMs: 10000, ...what };
  const entry = { create, target: 'cloud', state: 'recorded', endAt: 1767225610000, sizeBytes: ${BYTES.length}, sha256: '${'0'.repeat(64)}' };
  await ring.put(entry);
  process.stdout.write('recorded');
  process.stdin.once('data', async () => { await ring.rename(ring.get('${ID}'), '${OTHER_ID}'); process.exit(0); });`;

test('whenever a device stops while it gives a recording another id, it has that recording once', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-rename-'));
  t.after(() => rm(directory, { recursive: true }));
  const root = join(directory, 'device');
  const cut = await PowerCut.over({ root, library: await buildPowerCut(directory) });
  const env = { ...process.env, ...cut.env, UV_USE_IO_URING: '0' };
  const running = promisify(execFile)(process.execPath, ['--input-type=module', '-e', renaming(root)], { env, cwd: import.meta.dirname });
  let recordedAt = 0;
  running.child.stdout?.once('data', () => {
    recordedAt = cut.now();
    running.child.stdin?.end('now');
  });
  await running;
  const moments = (await cut.moments()).filter((at) => at >= recordedAt);
  const asked = moments.flatMap((at) => (['lost', 'kept'] as const).map((unsynced) => ({ at, unsynced })));
  let point = 0;
  for await (const tree of cut.cuts(asked, () => 0)) {
    const copy = join(directory, `point-${point}`);
    await writeTree(tree, copy);
    await using ring = await SegmentRing.open({ stateDirectory: copy, quotaBytes: 1_000_000, logger: silentLogger });
    const [recorded, ...others] = ring.recorded();
    assert.ok(recorded);
    assert.deepEqual(others, []);
    assert.equal(await readFile(ring.pathOf(recorded), 'utf8'), BYTES);
    point += 1;
  }
  assert.ok(point > 10);
});
