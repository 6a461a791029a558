import type { StormReport } from '../../support/light-fleet.ts';
import { summarise } from '../samples.ts';
import type { Memory } from './requests.ts';
import type { LoopDelay } from './server.ts';

const TARGET_RATIO = 0.45;
const TARGET_PER_CPU_SECOND = 15_000;
const TARGET_BYTES = { plain: 12_000, tls: 40_000 };
const TARGET_BACK_MS = 120_000;
const TARGET_ATTEMPTS = 1.5;
const TARGET_P99_MS = 1_000;

/** What a bare server needs for the same. */
export interface Floor {
  readonly cpuMsEach: number;
  readonly perSecond: number;
  readonly memory: MemoryGrowth;
}

export interface MemoryGrowth {
  readonly before: Memory;
  readonly after: Memory;
  readonly connections: number;
}

export interface Storm {
  readonly reports: readonly StormReport[];
  readonly pingsMs: readonly number[];
  /** Of all servers. */
  readonly cpuMs: number;
  /** Of each server. */
  readonly loopDelays: readonly LoopDelay[];
}

/** @param perSecond round trips in a second of processor time of the server; `echoPerSecond` of the bare one */
export function reportCalls(perSecond: number, echoPerSecond: number): void {
  const ratio = perSecond / echoPerSecond;
  console.log(`bare ws echo                 ${echoPerSecond.toFixed(0).padStart(7)} round trips per CPU-second`);
  console.log(`validated RPC of a device    ${perSecond.toFixed(0).padStart(7)} round trips per CPU-second   ${ratio.toFixed(2)} x echo`);
  const isMet = [ratio >= TARGET_RATIO, perSecond >= TARGET_PER_CPU_SECOND].map(verdict);
  console.log(`target: at least ${TARGET_RATIO} x echo ${isMet[0]}, ${TARGET_PER_CPU_SECOND} per CPU-second ${isMet[1]}`);
}

export function reportMemory(growth: MemoryGrowth, floor: Floor, { tls }: { readonly tls: boolean }): void {
  const targetBytes = tls ? TARGET_BYTES.tls : TARGET_BYTES.plain;
  const bytes = printMemory('memory of a connected device', growth);
  printMemory('memory of a bare connection', floor.memory);
  console.log(`target: at most ${targetBytes / 1_000} kB ${verdict(bytes <= targetBytes)}`);
}

function printMemory(name: string, { after, before, connections }: MemoryGrowth): number {
  const each = (kind: keyof Memory): number => (after[kind] - before[kind]) / connections;
  const text = (kind: keyof Memory): string => (each(kind) / 1_000).toFixed(1);
  console.log(
    `${name.padEnd(28)} ${text('rssBytes').padStart(7)} kB resident   ${text('heapBytes')} kB heap   ${text('externalBytes')} kB external   n ${connections}`,
  );
  return each('rssBytes');
}

export function reportStorm({ cpuMs, loopDelays, pingsMs, reports }: Storm, floor: Floor): void {
  const devices = reports.reduce((sum, report) => sum + report.devices, 0);
  const attempts = reports.reduce((sum, report) => sum + report.attempts, 0) / devices;
  const lastBackMs = Math.max(...reports.map((report) => report.lastBackMs));
  const { p99, median } = summarise(pingsMs);
  const cpuMsEach = cpuMs / devices;
  console.log(
    `storm of ${devices} devices        all back after ${(lastBackMs / 1_000).toFixed(1)} s   ${attempts.toFixed(2)} attempts per device`,
  );
  console.log(
    `bare connection and echo     ${floor.cpuMsEach.toFixed(2)} ms of processor time each, ${floor.perSecond.toFixed(0)} a second`,
  );
  console.log(
    `return of a device           ${cpuMsEach.toFixed(2)} ms of processor time, ${(cpuMsEach / floor.cpuMsEach).toFixed(1)} x bare`,
  );
  for (const { medianMs, p99Ms, maxMs } of loopDelays) {
    console.log(`a server is late by          median ${medianMs.toFixed(1)} ms   p99 ${p99Ms.toFixed(1)} ms   most ${maxMs.toFixed(1)} ms`);
  }
  console.log(`RPC of the others meanwhile  median ${median.toFixed(1)} ms   p99 ${p99.toFixed(1)} ms   n ${pingsMs.length}`);
  const isMet = [lastBackMs <= TARGET_BACK_MS, attempts <= TARGET_ATTEMPTS, p99 < TARGET_P99_MS].map(verdict);
  console.log(
    `target: back in ${TARGET_BACK_MS / 1_000} s ${isMet[0]}, at most ${TARGET_ATTEMPTS} attempts ${isMet[1]}, p99 under ${TARGET_P99_MS} ms ${isMet[2]}`,
  );
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED';
}
