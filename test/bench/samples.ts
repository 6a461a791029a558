/** Middle and tail of measured values, in the unit they were given. */
export interface Summary {
  readonly median: number;
  readonly p99: number;
  readonly count: number;
}

export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), p99: at(0.99), count: sorted.length };
}

/** One line of a table: a name, the summary, and how it compares with `reference`. */
export function row(name: string, { median, p99, count }: Summary, reference?: Summary): string {
  const ratio = reference === undefined ? '' : `  ${(median / reference.median).toFixed(1)} x floor`;
  return `${name.padEnd(28)} median ${median.toFixed(1).padStart(7)} ms   p99 ${p99.toFixed(1).padStart(7)} ms   n ${count}${ratio}`;
}
