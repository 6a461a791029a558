import type { GapCause, GapReason, TimelineSpan } from '@cardea/api';
import { clip, intersect, lengthMs, type Span, subtract, union } from './spans.ts';

/** What is known about one channel; lists are in order and without overlap. */
export interface Evidence {
  /** Times that were to be recorded. */
  readonly wanted: readonly Span[];
  readonly video: readonly Span[];
  /** Known reasons for which nothing was recorded, the more telling first. */
  readonly absences: readonly { readonly reason: GapReason; readonly spans: readonly Span[] }[];
}

/** Segments this far apart follow one another: encoders and clocks are not exact. */
export const JOIN_MS = 1_000;
/** A known reason explains this much before and after it too: a loss is noticed late, and a recording needs a moment to begin. */
const MARGIN_MS = 90_000;
/** How long a recording may take to begin once it is wanted. */
const START_MS = 30_000;

const causes: Readonly<Record<GapReason, GapCause>> = {
  offline: 'network',
  noSignal: 'network',
  uploadFailed: 'network',
  restarted: 'power',
  asleep: 'power',
  lowBattery: 'power',
  platformDown: 'power',
  storageFull: 'disk-full',
  deviceDisk: 'disk-full',
  codec: 'codec',
  clock: 'time',
  privacy: 'policy',
  starting: 'policy',
  notKept: 'policy',
  expired: 'policy',
  deleted: 'policy',
  damaged: 'unknown',
  unbound: 'revoked',
  overload: 'overload',
  unknown: 'unknown',
};

/**
 * Accounts for `range` (reliability.md P37): every wanted moment before `settledBefore` is video or a gap with a cause; what
 * was recorded unasked is video too.
 */
export function accountFor(
  range: Span,
  settledBefore: number,
  { wanted, video, absences }: Evidence,
): { readonly spans: TimelineSpan[]; readonly coverage: number } {
  const seen = clip(union(video, JOIN_MS), range);
  const due = clip(wanted, { from: range.from, to: Math.min(range.to, settledBefore) });
  const missing = subtract(due, seen).filter(({ from, to }) => to - from > JOIN_MS);
  const starts = new Set(wanted.map(({ from }) => from));
  const gaps = missing.flatMap((gap) => explain(gap, absences, starts.has(gap.from)));
  const spans = [...seen.map((span): TimelineSpan => ({ ...span, kind: 'video' })), ...gaps];
  const dueMs = lengthMs(due);
  return {
    spans: spans.toSorted((one, other) => one.from - other.from),
    coverage: dueMs === 0 ? 1 : Math.max(0, 1 - lengthMs(missing) / dueMs),
  };
}

/** Divides a stretch without video among the reasons that hold in it. */
function explain(gap: Span, absences: Evidence['absences'], atStart: boolean): TimelineSpan[] {
  let left: Span[] = [gap];
  const parts: (Span & { readonly reason: GapReason })[] = [];
  for (const { reason, spans } of absences) {
    if (left.length === 0) break;
    const found = intersect(left, spans);
    parts.push(...found.map((span) => ({ ...span, reason })));
    left = subtract(left, spans);
  }
  parts.push(...left.map((span) => ({ ...span, reason: 'unknown' as const })));
  const ordered = parts.toSorted((one, other) => one.from - other.from);
  if (ordered.length === 1 && atStart && gap.to - gap.from <= START_MS) return [toGap(gap, known(ordered[0]?.reason) ?? 'starting')];
  return merged(ordered.map((part, index) => ({ ...part, reason: reasonOf(part, ordered[index - 1], ordered[index + 1]) })));
}

type Part = Span & { readonly reason: GapReason };

/** What nobody knows the reason of belongs to the known reason beside it, as far as that reaches. */
function reasonOf(part: Part, before: Part | undefined, after: Part | undefined): GapReason {
  if (part.reason !== 'unknown' || part.to - part.from > MARGIN_MS) return part.reason;
  return known(after?.reason) ?? known(before?.reason) ?? 'unknown';
}

function known(reason: GapReason | undefined): GapReason | undefined {
  return reason === 'unknown' ? undefined : reason;
}

function merged(parts: readonly Part[]): TimelineSpan[] {
  const gaps: TimelineSpan[] = [];
  for (const part of parts) {
    const last = gaps.at(-1);
    if (last !== undefined && last.reason === part.reason && last.to === part.from) gaps[gaps.length - 1] = { ...last, to: part.to };
    else gaps.push(toGap(part, part.reason));
  }
  return gaps;
}

function toGap({ from, to }: Span, reason: GapReason): TimelineSpan {
  return { from, to, kind: 'gap', cause: causes[reason], reason };
}
