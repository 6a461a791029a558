import { readdirSync, readFileSync } from 'node:fs';

/** Memory of a process that stands in RAM, in MB. Linux only. */
export function residentMb(pid: number): number {
  const [, kb = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1_024;
}

/** Files and sockets a process has open. Linux only. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How much `values` grow per step, by least squares. */
export function slopeOf(values: readonly number[]): number {
  const meanX = (values.length - 1) / 2;
  const meanY = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = values.reduce((sum, _, x) => sum + (x - meanX) ** 2, 0);
  return values.reduce((sum, y, x) => sum + (x - meanX) * (y - meanY), 0) / spread;
}
