/** A stretch of time, Unix milliseconds; `to` is not part of it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What at least one covers, in order; stretches at most `joinMs` apart become one. */
export function union(spans: readonly Span[], joinMs = 0): Span[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((one, other) => one.from - other.from)) {
    if (to <= from) continue;
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to + joinMs) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** What both cover; both are in order and without overlap. */
export function intersect(some: readonly Span[], others: readonly Span[]): Span[] {
  const common: Span[] = [];
  for (let one = 0, other = 0; ; ) {
    const [a, b] = [some[one], others[other]];
    if (a === undefined || b === undefined) return common;
    const span = { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
    if (span.from < span.to) common.push(span);
    if (a.to < b.to) one += 1;
    else other += 1;
  }
}

/** What `some` cover and `others` do not; both are in order and without overlap. */
export function subtract(some: readonly Span[], others: readonly Span[]): Span[] {
  const left: Span[] = [];
  let first = 0;
  for (const { from, to } of some) {
    let at = from;
    for (let other = others[first]; other !== undefined && other.to <= from; other = others[first]) first += 1;
    for (let index = first; ; index += 1) {
      const other = others[index];
      if (other === undefined || other.from >= to) break;
      if (other.from > at) left.push({ from: at, to: other.from });
      at = Math.max(at, other.to);
    }
    if (at < to) left.push({ from: at, to });
  }
  return left;
}

export function clip(spans: readonly Span[], range: Span): Span[] {
  return range.from < range.to ? intersect(spans, [range]) : [];
}

export function lengthMs(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}
