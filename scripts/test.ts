import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installSystemTools } from './system-tools.ts';

/** Runs every check and test and ends with one line, `N passed, N failed`. `--long` adds the long runs. */

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const bin = (name: string): string => join(import.meta.dirname, '..', 'node_modules', '.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'cardea-test-'));

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
  const [status] = await once(child, 'close');
  return status === 0;
}

async function step(name: string, command: string, ...args: string[]): Promise<Tally> {
  const ok = await run(command, args);
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name}`);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

/** A run that died before it counted anything is one failure. */
function atLeastOneFailure(ok: boolean, tally: Tally): Tally {
  return ok || tally.failed > 0 ? tally : { ...tally, failed: 1 };
}

/** @param reporters where else than in the file that is read afterwards its course is told */
async function nodeTests(name: string, args: readonly string[], reporters: readonly string[] = []): Promise<Tally> {
  const tap = join(scratch, `${name.replaceAll('/', '-')}.tap`);
  const options = ['--test', ...reporters, '--test-reporter=tap', `--test-reporter-destination=${tap}`, ...args];
  const ended = await run(process.execPath, options);
  const text = readFileSync(tap, 'utf8');
  const count = (label: string): number => Number(new RegExp(`^# ${label} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  const ok = ended && /^# pass /m.test(text);
  const tally = atLeastOneFailure(ok, { passed: count('pass'), failed: count('fail') + count('cancelled') });
  if (tally.failed > 0) printFailures(text);
  console.log(`${name}: ${tally.passed} passed, ${tally.failed} failed`);
  return tally;
}

function printFailures(tap: string): void {
  for (const block of tap.split(/^(?=\s*(?:not )?ok )/m)) if (/^\s*not ok /.test(block)) console.log(block.slice(0, 3_000));
}

/** Hooks at the root of a file are run for every test of its process. */
const hooksAtRoot = /^(?:before|after)(?:Each)?\(/m;

/**
 * Unit tests by what they are of. The files of one part share a process, which loads what they import once; those with hooks have one each,
 * and so have those of the agent, whose virtual days leave others no time. A process that dies takes the rest of its files with it, and fails.
 */
function unitTests(): readonly Job[] {
  const parts: readonly (readonly [string, RegExp])[] = [
    ['platform/user-api', /^packages\/platform\/src\/(?:device-management|scheduling|user-api)\//],
    ['platform/homes', /^packages\/platform\/src\/homes\//],
    ['platform/media', /^packages\/platform\/src\/(?:media-broadcasting|pictures|shares|store|video-service)\//],
    ['platform', /^packages\/platform\//],
    ['pure', /^packages\/(?:api|core|media|protocol|web)\//],
  ];
  const files = globSync(['packages/*/src/**/*.test.ts', 'test/*.test.ts']).sort();
  const partOf = (file: string): string | undefined => parts.find(([, place]) => place.test(file))?.[0];
  const byPart = Map.groupBy(files, (file) => (hooksAtRoot.test(readFileSync(file, 'utf8')) ? undefined : partOf(file)));
  const of = (part?: string): readonly string[] => byPart.get(part) ?? [];
  return [
    () => nodeTests('unit', [`--test-global-setup=${sharedGateway}`, '--test-concurrency=3', ...of()]),
    ...parts.map(
      ([part]) =>
        () =>
          nodeTests(`unit ${part}`, ['--test-isolation=none', ...of(part)]),
    ),
  ];
}

type Job = () => Promise<Tally>;

/** Runs `jobs` in their order, so many at a time. */
async function inLanes(count: number, jobs: readonly Job[]): Promise<Tally> {
  const waiting = [...jobs];
  const tallies: Tally[] = [];
  const lane = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) tallies.push(await job());
  };
  await Promise.all(Array.from({ length: count }, lane));
  return sum(tallies);
}

function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((total, { passed, failed }) => ({ passed: total.passed + passed, failed: total.failed + failed }));
}

async function browserTests(): Promise<Tally> {
  const report = join(scratch, 'browser.json');
  const ok = await run(bin('playwright'), ['test', '--config', 'test/browser/playwright.config.ts', '--reporter', 'list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
  const { stats } = JSON.parse(readFileSync(report, 'utf8')) as { stats: { expected: number; unexpected: number; flaky: number } };
  return atLeastOneFailure(ok, { passed: stats.expected + stats.flaky, failed: stats.unexpected });
}

// Hundreds of processes load the same sources; what the first ones compiled serves the others.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile');
installSystemTools();
/** Starting it costs more than any test that needs it. */
const sharedGateway = 'packages/platform/src/store/objects/fixtures/shared-radosgw.ts';
const long = process.argv.includes('--long');
const checks: Job = async () =>
  sum([
    await step('types', process.execPath, 'node_modules/@typescript/native/bin/tsc', '-b'),
    await step('lint and format', bin('biome'), 'check', '.'),
    await step('promises', bin('oxlint'), '--type-aware', 'packages', 'test', 'scripts'),
  ]);
const dots = ['--test-reporter=dot', '--test-reporter-destination=stdout'];
const tallies = [
  await step('build', process.execPath, 'scripts/prepare.mjs'),
  await inLanes(3, [...unitTests(), checks]),
  await nodeTests('e2e', ['--test-concurrency=5', 'test/e2e/**/*.test.ts'], dots),
  await browserTests(),
  ...(long ? [await nodeTests('long', ['--test-concurrency=1', 'packages/*/src/**/*.long-test.ts', 'test/**/*.long-test.ts'], dots)] : []),
];
rmSync(scratch, { recursive: true });
const total = sum(tallies);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
