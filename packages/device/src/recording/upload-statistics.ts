import type { BodyOf, reportStatistics } from '@cardea/protocol';

type Report = BodyOf<typeof reportStatistics>;
export type UploadCounter = keyof Report['counters'];
export type UploadStep = 'create' | 'put' | 'confirm';

const MAX_SAMPLES = 1_000;
const MAX_ERROR_KINDS = 64;

/** Counts how well storing works between two reports (B7.6). */
export class UploadStatistics {
  private counters = noCounts();
  private latencies: Record<UploadStep, number[]> = { create: [], put: [], confirm: [] };
  private errors = new Map<string, { name: string; httpStatus?: number; count: number }>();
  private periodStartAt: number;
  private putMs = 0;

  constructor(startAt: number) {
    this.periodStartAt = startAt;
  }

  count(counter: UploadCounter, by = 1): void {
    this.counters[counter] += by;
  }

  took(step: UploadStep, ms: number): void {
    const samples = this.latencies[step];
    if (samples.length < MAX_SAMPLES) samples.push(ms);
    if (step === 'put') this.putMs += ms;
  }

  failed(name: string, httpStatus?: number): void {
    const key = `${name} ${httpStatus}`;
    const known = this.errors.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.errors.size < MAX_ERROR_KINDS) this.errors.set(key, { name, count: 1, ...(httpStatus !== undefined && { httpStatus }) });
  }

  /** The report of the period that ends at `now`; the next one begins then. */
  take(now: number, backlog: Report['backlog']): Report {
    const { counters, latencies, errors, putMs } = this;
    const report: Report = {
      periodStartAt: Math.min(this.periodStartAt, now),
      periodEndAt: now,
      counters,
      latencyMs: {
        createP50: percentile(latencies.create, 0.5),
        createP95: percentile(latencies.create, 0.95),
        putP50: percentile(latencies.put, 0.5),
        putP95: percentile(latencies.put, 0.95),
        confirmP95: percentile(latencies.confirm, 0.95),
      },
      backlog,
      ...(errors.size > 0 && { errors: [...errors.values()] }),
      ...(putMs > 0 && { throughputKbps: Math.round((counters.bytes * 8) / putMs) }),
    };
    this.counters = noCounts();
    this.latencies = { create: [], put: [], confirm: [] };
    this.errors = new Map();
    this.putMs = 0;
    this.periodStartAt = now;
    return report;
  }
}

function noCounts(): Record<UploadCounter, number> {
  return { created: 0, uploaded: 0, confirmed: 0, cancelled: 0, failed: 0, droppedTooLate: 0, retries: 0, bytes: 0 };
}

function percentile(samples: readonly number[], fraction: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0);
}
