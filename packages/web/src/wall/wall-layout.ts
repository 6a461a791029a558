/** More small pictures at once than a browser decodes in comfort, and keys 1 to 9 reach each. */
const MOST_AT_ONCE = 9;
/** How long each of several pages of cameras is on show. */
const PAGE_MS = 20_000;
const SHIFT_EVERY_MS = 60_000;
const SHIFTS_PX = [0, 2, 4, 6, 4, 2] as const;

/** Which of many cameras are on the wall at an instant: all, or one page after another in shares of like size. */
export function pageOfWall<T>(cameras: readonly T[], nowMs: number): readonly T[] {
  const pages = Math.ceil(cameras.length / MOST_AT_ONCE);
  if (pages <= 1) return cameras;
  const share = Math.ceil(cameras.length / pages);
  const from = (Math.floor(nowMs / PAGE_MS) % pages) * share;
  return cameras.slice(from, from + share);
}

/** Columns and rows in which `count` pictures of 16:9 are largest on a screen that is wide, or high. */
export function gridOfWall(count: number, isHigh: boolean): { readonly columns: number; readonly rows: number } {
  const root = Math.sqrt(Math.max(1, count));
  const columns = isHigh ? Math.floor(root) : Math.ceil(root);
  return { columns, rows: Math.max(1, Math.ceil(count / columns)) };
}

/** By how many pixels everything is moved at an instant, so that nothing burns into a screen that always shows the same. */
export function shiftOfWall(nowMs: number): number {
  return SHIFTS_PX[Math.floor(nowMs / SHIFT_EVERY_MS) % SHIFTS_PX.length] ?? 0;
}
