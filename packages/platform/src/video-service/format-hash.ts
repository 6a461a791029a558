import { createHash } from 'node:crypto';
import type { Track } from '@cardea/media';

/** Equal for segments whose tracks a player takes one after the other without starting anew; hex. */
export function formatHashOf(tracks: readonly Track[]): string {
  const hash = createHash('sha256');
  for (const { id, timescale, codecString, config } of tracks)
    hash.update(`${id} ${timescale} ${codecString} ${config.length}\n`).update(config);
  return hash.digest('hex').slice(0, 32);
}
