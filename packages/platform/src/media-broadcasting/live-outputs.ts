import type { LiveOutput, LiveOutputContext } from './live-output.ts';

/** The ways to watch live besides WebSocket: one line each. */
export function createLiveOutputs(_context: LiveOutputContext): readonly LiveOutput[] {
  return [];
}
