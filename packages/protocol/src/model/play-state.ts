import { type Static, Type } from 'typebox';

/** starting -> playing <-> paused; both -> seeking and back; playing -> ended; any -> stopped or error. */
export const PlayState = Type.Enum(['starting', 'playing', 'paused', 'seeking', 'ended', 'stopped', 'error'] as const, {
  description: 'state of the playback',
});
export type PlayState = Static<typeof PlayState>;

/** Speeds every device that plays back offers, as a factor of real time. */
export const BASELINE_PLAY_SPEEDS = [0.25, 0.5, 1, 2, 4, 8] as const;

/** Which speeds a device really has stands in `CapabilitySet`; another one is answered with SPEED_UNSUPPORTED. */
export const PlaySpeed = Type.Number({ minimum: -32, maximum: 32, description: 'factor of real time; negative plays backwards' });
export type PlaySpeed = Static<typeof PlaySpeed>;
