import type { Cue } from './ambience.ts';

// The moments follow what page/front-door.ts and page/garden.ts let happen.

const chirps = (moments: readonly number[], pitch: number): readonly Cue[] =>
  moments.map((at, index) => ({ sound: 'chirp', at, level: 0.5 + 0.25 * (index % 3), pitch: pitch + 180 * (index % 4) }));

/** Steps that come nearer or go away. */
function steps(from: number, to: number, levels: readonly [number, number]): readonly Cue[] {
  const count = Math.round((to - from) / 0.52);
  return Array.from({ length: count }, (_, index) => {
    const share = index / (count - 1);
    return { sound: 'step', at: from + 0.52 * index, level: levels[0] + (levels[1] - levels[0]) * share };
  });
}

export const FRONT_DOOR_CUES: readonly Cue[] = [
  ...chirps([2.4, 13.3, 27.6, 41.2, 49.5], 3600),
  { sound: 'pass', at: 6.6, level: 0.6, seconds: 5 },
  ...[16.8, 28.3, 46.8, 57.3].map((at): Cue => ({ sound: 'pass', at, level: 0.9, seconds: 4.6 })),
  { sound: 'pass', at: 35.4, level: 0.65, seconds: 6 },
  ...steps(11, 18.6, [0.25, 0.9]),
  { sound: 'step', at: 20.9, level: 1.6 },
  ...steps(23.3, 30.4, [0.9, 0.25]),
  ...steps(50.6, 52.9, [1, 0.8]),
  ...steps(56.5, 58.8, [0.8, 1]),
];

export const GARDEN_CUES: readonly Cue[] = [
  ...chirps([0.7, 3.3, 8.6, 14.4, 16.1, 22.7, 24.2, 29.5, 33.2, 38.8, 44.3, 50.6, 57.4], 3900),
  ...[9.1, 9.45, 36.4, 36.75, 45.3].map((at): Cue => ({ sound: 'bark', at, level: 0.8 })),
];
