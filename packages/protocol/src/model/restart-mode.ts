import { type Static, Type } from 'typebox';

/** `graceful` waits up to 30 s for open video segments to be closed. */
export const RestartMode = Type.Enum(['graceful', 'immediate'] as const, {
  description: 'graceful (default) waits up to 30 s for open video segments',
  default: 'graceful',
});
export type RestartMode = Static<typeof RestartMode>;
