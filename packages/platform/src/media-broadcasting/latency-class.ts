/** How late pictures may be for the sake of the server: `low` follows the camera closely, `relaxed` is for walls of pictures. */
export type LatencyClass = 'low' | 'relaxed';

/** The number of viewers up to which every batch leaves at once, and from which batches wait the longest (performance.md 1). */
const FEW_VIEWERS = 50;
const MANY_VIEWERS = 200;
/** Pictures wait half of these in the middle: at most 30 ms, and 120 ms where latency is relaxed (performance.md 5). */
const LONGEST_WINDOW_MS = 50;
const RELAXED_WINDOW_MS = 220;

/** What a viewer asked for by `?latency=relaxed`. */
export function latencyOf(url: URL): LatencyClass {
  return url.searchParams.get('latency') === 'relaxed' ? 'relaxed' : 'low';
}

/** How long pictures wait for more of them before they leave together, in milliseconds: a write costs much more than its bytes. */
export function windowMsOf(latency: LatencyClass, viewers: number): number {
  if (latency === 'relaxed') return RELAXED_WINDOW_MS;
  const share = (viewers - FEW_VIEWERS) / (MANY_VIEWERS - FEW_VIEWERS);
  return LONGEST_WINDOW_MS * Math.min(1, Math.max(0, share));
}
