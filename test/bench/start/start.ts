import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CardeaProcess } from '../../e2e/cardea-process.ts';
import { setUpOwner } from '../../e2e/owner.ts';
import { makeFilm } from '../../support/film.ts';
import { recorded, SegmentDevice } from '../../support/segment-device.ts';
import { fillCatalogue } from '../record/fill-catalogue.ts';

/** How long `cardea serve` takes until it is ready on a store of 100,000 segments, beside a `node` that opens the same database. */
const { values } = parseArgs({ options: { rows: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '5' } } });
const ROWS = Number(values.rows);
const ROUNDS = Number(values.rounds);
const TARGET_MS = 2_000;

const OPEN = "new (require('node:sqlite').DatabaseSync)(process.argv[1]).prepare('SELECT count(*) FROM home').get()";

function serve(data: string): CardeaProcess {
  return new CardeaProcess(['serve', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'error']);
}

/** Of a process after one that was killed. */
async function startMs(data: string): Promise<number> {
  const startedMs = performance.now();
  await using platform = serve(data);
  await platform.printed(/^Cardea is ready at /);
  return performance.now() - startedMs;
}

function floorMs(data: string): number {
  const startedMs = performance.now();
  execFileSync(process.execPath, ['-e', OPEN, join(data, 'cardea.db')]);
  return performance.now() - startedMs;
}

async function prepare(data: string): Promise<void> {
  await using platform = serve(data);
  using device = await SegmentDevice.bind(await setUpOwner(platform));
  await device.store(recorded(await makeFilm({ seconds: 1, kbps: 50, width: 64, height: 48 }), 1_000));
  await platform.stop('SIGKILL');
  fillCatalogue(data, ROWS);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

const data = mkdtempSync(join(tmpdir(), 'cardea-start-'));
try {
  await prepare(data);
  await startMs(data);
  const starts: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    floors.push(floorMs(data));
    starts.push(await startMs(data));
  }
  const [start, floor] = [median(starts), median(floors)];
  console.log(
    `ready on ${ROWS} segments after ${start.toFixed(0)} ms, ${(start / floor).toFixed(1)} x node opening the database (${floor.toFixed(0)} ms)`,
  );
  console.log(`target: at most ${TARGET_MS} ms ${start <= TARGET_MS ? 'met' : 'MISSED'}`);
} finally {
  rmSync(data, { recursive: true, force: true });
}
