import type { Vec3 } from './math3d.ts';

/** Where something stands on the ground at a second of the loop; `heading` 0 looks away from the camera, positive turns left. */
export interface TrackKey {
  readonly at: number;
  readonly x: number;
  readonly z: number;
  readonly y?: number;
  readonly heading?: number;
}

export interface TrackPoint {
  readonly place: Vec3;
  readonly heading: number;
  /** Metres gone since the first key, which is what steps and wheels turn by. */
  readonly travelled: number;
  /** Metres a second. */
  readonly speed: number;
}

const SAMPLES = 9;

/**
 * A road through keys: straight between them, rounded over `smoothSec` at each. Undefined before the first key and after the last.
 * Headings are those of the keys, else the direction of the road.
 */
export function followTrack(keys: readonly TrackKey[], second: number, smoothSec = 0.8): TrackPoint | undefined {
  const [first, last] = [keys[0], keys.at(-1)];
  if (first === undefined || last === undefined || second < first.at || second > last.at) return undefined;
  const points = Array.from({ length: SAMPLES }, (_, index) => straight(keys, second + smoothSec * (index / (SAMPLES - 1) - 0.5)));
  const mean = (value: (point: ReturnType<typeof straight>) => number): number =>
    points.reduce((sum, point) => sum + value(point), 0) / SAMPLES;
  const [before, after] = [points[0], points.at(-1)];
  return {
    place: [mean((point) => point.x), mean((point) => point.y), mean((point) => point.z)],
    heading: mean((point) => point.heading),
    travelled: mean((point) => point.travelled),
    speed: ((after?.travelled ?? 0) - (before?.travelled ?? 0)) / smoothSec,
  };
}

function straight(keys: readonly TrackKey[], second: number): { x: number; y: number; z: number; heading: number; travelled: number } {
  let travelled = 0;
  let here = { x: 0, y: 0, z: 0, heading: 0, travelled: 0 };
  for (const [index, key] of keys.entries()) {
    const next = keys[index + 1] ?? key;
    const span = next.at - key.at;
    const share = span > 0 ? Math.min(1, Math.max(0, (second - key.at) / span)) : 0;
    if (index > 0 && second < key.at) break;
    const reach = Math.hypot(next.x - key.x, next.z - key.z);
    const roadHeading = reach > 0 ? Math.atan2(key.x - next.x, key.z - next.z) : here.heading;
    const heading = key.heading === undefined ? roadHeading : key.heading + ((next.heading ?? key.heading) - key.heading) * share;
    const y = (key.y ?? 0) + ((next.y ?? 0) - (key.y ?? 0)) * share;
    here = { x: key.x + (next.x - key.x) * share, y, z: key.z + (next.z - key.z) * share, heading, travelled: travelled + reach * share };
    travelled += reach;
  }
  return here;
}
