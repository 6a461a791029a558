import { type Static, Type } from 'typebox';

/** One encoding of a channel: `main` in full quality, `sub` and `third` smaller. */
export const StreamName = Type.Enum(['main', 'sub', 'third'] as const, { description: 'encoding of the channel' });
export type StreamName = Static<typeof StreamName>;
