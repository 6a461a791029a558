import { readFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { makeFilm } from '../../support/film.ts';
import { type PlatformProcess, startPlatformProcess, unlimited } from '../../support/platform-process.ts';
import { type Recorded, recorded, SegmentDevice } from '../../support/segment-device.ts';
import { bareFilesPerSecond, hashedFilesPerSecond } from './bare-loop.ts';
import { fillCatalogue } from './fill-catalogue.ts';

/**
 * Segments confirmed a second by recorders of 2 Mbit/s that all store at once, beside a bare loop that makes the same files
 * durable on the same disk; then what the catalogue costs a segment when it holds a million.
 */
const { values } = parseArgs({
  options: {
    recorders: { type: 'string', default: '32' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '1000000' },
  },
});
const RECORDERS = Number(values.recorders);
const FOR_MS = Number(values.seconds) * 1_000;
const ROUNDS = Number(values.rounds);
const ROWS = Number(values.rows);

const KBPS = 2_000;
const BARE_FILES = 200;
const HASHED_FILES = 100;
const TARGET_RATIO = 0.8;
const TARGET_FLAT = 1.2;
const TICKS_PER_SECOND = 100;

interface Pace {
  readonly perSecond: number;
  /** Processor time of the platform for one segment. */
  readonly cpuMs: number;
  /** That of the recorders, which are in this process and on the same cores. */
  readonly clientCpuMs: number;
}

/** Each recorder stores the next segment when the last was confirmed. */
async function measurePace(platform: PlatformProcess, devices: readonly SegmentDevice[], segment: Recorded, forMs: number): Promise<Pace> {
  const cpuBeforeMs = cpuMsOf(platform.pid);
  const clientBeforeMs = cpuMsOf(process.pid);
  const startedMs = performance.now();
  let confirmed = 0;
  await Promise.all(
    devices.map(async (device) => {
      while (performance.now() - startedMs < forMs) {
        await device.store(segment);
        confirmed += 1;
      }
    }),
  );
  const elapsedMs = performance.now() - startedMs;
  return {
    perSecond: (confirmed / elapsedMs) * 1_000,
    cpuMs: (cpuMsOf(platform.pid) - cpuBeforeMs) / confirmed,
    clientCpuMs: (cpuMsOf(process.pid) - clientBeforeMs) / confirmed,
  };
}

function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000;
}

/** Without them a core hashes a fifth as much, and no disk is too slow for this. */
function hasShaInstructions(): boolean {
  return /^(flags|Features)\s*:.*\b(sha_ni|sha2)\b/m.test(readFileSync('/proc/cpuinfo', 'latin1'));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function verdict(met: boolean): string {
  return met ? 'met' : 'MISSED';
}

interface Round {
  readonly pace: Pace;
  /** Files a second of the bare loop, around the round. */
  readonly bare: number;
  /** Of the bare loop that hashes as well. */
  readonly hashed: number;
}

/** The disk is shared with others, so each round is held against the bare loops right before and after it. */
async function measureRound(platform: PlatformProcess, devices: readonly SegmentDevice[], segment: Recorded): Promise<Round> {
  const loops = (hashed: boolean): number => bareFilesPerSecond({ parent: tmpdir(), bytes: segment.bytes, count: BARE_FILES, hashed });
  const before = { bare: loops(false), hashed: loops(true) };
  const pace = await measurePace(platform, devices, segment, FOR_MS);
  return { pace, bare: (before.bare + loops(false)) / 2, hashed: (before.hashed + loops(true)) / 2 };
}

async function compareWithDisk(platform: PlatformProcess, devices: readonly SegmentDevice[], seconds: number): Promise<void> {
  const segment = recorded(await makeFilm({ seconds, kbps: KBPS }), seconds * 1_000);
  await measurePace(platform, devices, segment, FOR_MS / 3);
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureRound(platform, devices, segment));
  const of = (measure: (round: Round) => number): number => median(rounds.map(measure));
  const perSecond = of(({ pace }) => pace.perSecond);
  // The second floor: no disk lets a machine prove more than its cores can hash.
  const hashing = hashedFilesPerSecond({ bytes: segment.bytes, count: HASHED_FILES }) * availableParallelism();
  const ratio = of(({ pace, bare }) => pace.perSecond / bare);
  const ratioHashed = of(({ pace, hashed }) => pace.perSecond / hashed);
  console.log(
    `${seconds} s of video, ${(segment.bytes.length / 1_000).toFixed(0)} kB   bare loop ${of(({ bare }) => bare).toFixed(0)} files/s, ` +
      `with SHA-256 ${of(({ hashed }) => hashed).toFixed(0)}   confirmed ${perSecond.toFixed(0)} segments/s   ` +
      `${of(({ pace }) => pace.cpuMs).toFixed(2)} ms CPU each, and ${of(({ pace }) => pace.clientCpuMs).toFixed(2)} of the recorder's   ${(perSecond * seconds).toFixed(0)} recorders of 2 Mbit/s`,
  );
  console.log(
    `${ratio.toFixed(2)} x the bare loop, ${ratioHashed.toFixed(2)} x that with SHA-256; all cores hash ${hashing.toFixed(0)} files/s and no more, ` +
      `of which ${(perSecond / hashing).toFixed(2)}   ` +
      `target: at least ${TARGET_RATIO} x the bare loop ${verdict(ratio >= TARGET_RATIO)}`,
  );
}

/** Tiny segments, so that what is measured is catalogue and messages rather than bytes. */
async function compareCatalogues(platform: PlatformProcess, devices: readonly SegmentDevice[]): Promise<void> {
  const segment = recorded(await makeFilm({ seconds: 1, kbps: 50, width: 64, height: 48 }), 1_000);
  await measurePace(platform, devices, segment, FOR_MS);
  const empty = await measurePace(platform, devices, segment, FOR_MS);
  fillCatalogue(platform.data, ROWS);
  await measurePace(platform, devices, segment, FOR_MS);
  const full = await measurePace(platform, devices, segment, FOR_MS);
  const ratio = full.cpuMs / empty.cpuMs;
  console.log(
    `${(segment.bytes.length / 1_000).toFixed(0)} kB segments   ${empty.perSecond.toFixed(0)}/s, ${empty.cpuMs.toFixed(2)} ms CPU each`,
  );
  console.log(`the same beside ${ROWS} others   ${full.perSecond.toFixed(0)}/s, ${full.cpuMs.toFixed(2)} ms CPU each`);
  console.log(`${ratio.toFixed(2)} x the cost   target: at most ${TARGET_FLAT} ${verdict(ratio <= TARGET_FLAT)}`);
}

await using platform = await startPlatformProcess({ ...unlimited });
const devices: SegmentDevice[] = [];
for (let index = 0; index < RECORDERS; index += 1) devices.push(await SegmentDevice.bind(platform.owner));
console.log(`recording, ${RECORDERS} recorders at once, loopback, everything on one disk and one machine`);
console.log(`this processor ${hasShaInstructions() ? 'has' : 'has no'} instructions for SHA-256`);
for (const seconds of [2, 10]) await compareWithDisk(platform, devices, seconds);
if (ROWS > 0) await compareCatalogues(platform, devices);
for (const device of devices) device[Symbol.dispose]();
