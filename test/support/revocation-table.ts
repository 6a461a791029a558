import type { Trial } from './revocation-trials.ts';

/** Trials of one kind, and what runs where. */
export interface Tried {
  readonly name: string;
  readonly trials: readonly Trial[];
}

type From = 'request' | 'answer';

/** What took longest in each trial since the request, or its answer; 0 where everything had ended before. */
export function longestMs(trials: readonly Trial[], from: From = 'request'): readonly number[] {
  return trials.map(({ lastBytes, revokedInMs }) => Math.max(0, ...lastBytes.values()) - (from === 'answer' ? revokedInMs : 0));
}

/** The `fraction` quantile in whole units. */
export function quantileOf(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? Number.NaN);
}

/**
 * Lines of a table: for each kind the milliseconds from the request until its answer, until the last byte of all forms, and of each form that was
 * watched, as p50 / p99 / most.
 */
export function tableOf(tried: readonly Tried[]): readonly string[] {
  const forms = [...new Set(tried.flatMap(({ trials }) => trials.flatMap(({ lastBytes }) => [...lastBytes.keys()])))];
  const rows = tried.map(({ name, trials }) => [
    name,
    String(trials.length),
    figuresOf(trials.map(({ revokedInMs }) => revokedInMs)),
    figuresOf(longestMs(trials)),
    ...forms.map((form) => figuresOf(trials.flatMap(({ lastBytes }) => lastBytes.get(form) ?? []))),
  ]);
  const table = [['ms, p50/p99/most', 'trials', 'answered', 'last byte', ...forms], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

function figuresOf(values: readonly number[]): string {
  if (values.length === 0) return '-';
  return [0.5, 0.99, 1].map((fraction) => quantileOf(values, fraction)).join('/');
}
