import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createRandom, silentLogger } from '@cardea/core';
import { SegmentRing } from '../recording/segment-ring.ts';
import type { TestBench } from './test-bench.ts';

const MINUTE_MS = 60_000;

/**
 * Puts on the disk of a device what it recorded without a platform until a minute ago: a segment for each minute.
 * @returns the ids it gave them
 */
export async function recordOffline(
  { clock, stateDirectory }: TestBench,
  { minutes, quotaBytes }: { readonly minutes: number; readonly quotaBytes: number },
): Promise<ReadonlySet<string>> {
  await using ring = await SegmentRing.open({ stateDirectory, quotaBytes, logger: silentLogger });
  const random = createRandom(clock);
  const spanId = random.ulid();
  const ids = new Set<string>();
  for (let minute = 0; minute < minutes; minute += 1) {
    const clientSegmentId = random.ulid();
    const bytes = Buffer.from(`recording of minute ${minute}`);
    const startAt = clock.now() - (minutes + 1 - minute) * MINUTE_MS;
    const what = { clientSegmentId, channel: 1, stream: 'main', kind: 'continuous', container: 'fmp4', codecs: 'avc1.64001f' } as const;
    const create = { ...what, startAt, durationMs: MINUTE_MS, spanId, index: minute };
    await writeFile(ring.pathOfId(clientSegmentId), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await ring.put({ create, target: 'cloud', state: 'recorded', endAt: startAt + MINUTE_MS, sizeBytes: bytes.length, sha256 });
    ids.add(clientSegmentId);
  }
  return ids;
}
