import { setTimeout as delay } from 'node:timers/promises';
import type { AccessUnit, Track } from '@cardea/media';
import type { Film } from './film.ts';

/** When each picture of a film left its camera, in milliseconds of `performance.now`. */
export type SentAt = Map<number, number>;

/** Hands over the units of a film at their own pace until `signal` aborts or the film ends. */
export async function play(
  { tracks, units }: Film,
  { signal, onUnit }: { readonly signal: AbortSignal; readonly onUnit: (unit: AccessUnit, track: Track) => void },
): Promise<void> {
  const byId = new Map(tracks.map((track) => [track.id, track]));
  const startedMs = performance.now();
  for (const unit of units) {
    const track = byId.get(unit.trackId);
    if (track === undefined) continue;
    const dueMs = startedMs + (unit.dts / track.timescale) * 1_000 - performance.now();
    if (dueMs > 1) await delay(dueMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    onUnit(unit, track);
  }
}
