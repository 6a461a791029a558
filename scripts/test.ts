import { spawn, spawnSync } from 'node:child_process';
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

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): boolean {
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } }).status === 0;
}

function step(name: string, command: string, ...args: string[]): Tally {
  const ok = run(command, args);
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name}`);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

/** A run that died before it counted anything is one failure. */
function atLeastOneFailure(ok: boolean, tally: Tally): Tally {
  return ok || tally.failed > 0 ? tally : { ...tally, failed: 1 };
}

async function nodeTests(name: string, args: readonly string[], concurrency: number): Promise<Tally> {
  const tap = join(scratch, `${name}.tap`);
  const options = [
    '--test',
    `--test-concurrency=${concurrency}`,
    '--test-reporter=dot',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${tap}`,
    ...args,
  ];
  const [status] = await once(spawn(process.execPath, options, { stdio: ['ignore', 'inherit', 'inherit'] }), 'close');
  const text = readFileSync(tap, 'utf8');
  const count = (label: string): number => Number(new RegExp(`^# ${label} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  const ok = status === 0 && /^# pass /m.test(text);
  const tally = atLeastOneFailure(ok, { passed: count('pass'), failed: count('fail') + count('cancelled') });
  if (tally.failed > 0) printFailures(text);
  console.log(`\n${name}: ${tally.passed} passed, ${tally.failed} failed`);
  return tally;
}

function printFailures(tap: string): void {
  for (const block of tap.split(/^(?=\s*(?:not )?ok )/m)) if (/^\s*not ok /.test(block)) console.log(block.slice(0, 3_000));
}

/**
 * Files whose tests leave nothing behind share a process, which loads what they import once; the others have one each.
 * A process that dies takes the rest of its files with it, and fails.
 */
async function unitTests(): Promise<Tally> {
  const files = globSync(['packages/*/src/**/*.test.ts', 'test/*.test.ts']).sort();
  const shared = [
    /^packages\/(protocol|media|core|api|web)\//,
    /^packages\/platform\/src\/homes\//,
    /^packages\/platform\/src\/(device-management|scheduling|user-api)\//,
  ];
  const alone = files.filter((file) => !shared.some((place) => place.test(file)));
  const together = shared.map((place, index) =>
    nodeTests(`unit-${index + 1}`, ['--test-isolation=none', ...files.filter((file) => place.test(file))], 1),
  );
  return sum(await Promise.all([...together, nodeTests('unit', [`--test-global-setup=${sharedGateway}`, ...alone], 3)]));
}

function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((total, { passed, failed }) => ({ passed: total.passed + passed, failed: total.failed + failed }));
}

function browserTests(): Tally {
  const report = join(scratch, 'browser.json');
  const ok = run(bin('playwright'), ['test', '--config', 'test/browser/playwright.config.ts', '--reporter', 'list,json'], {
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
const tallies = [
  step('build', process.execPath, 'scripts/prepare.mjs'),
  step('types', process.execPath, 'node_modules/@typescript/native/bin/tsc', '-b'),
  step('lint and format', bin('biome'), 'check', '.'),
  step('promises', bin('oxlint'), '--type-aware', 'packages', 'test', 'scripts'),
  await unitTests(),
  await nodeTests('e2e', ['test/e2e/**/*.test.ts'], 5),
  browserTests(),
  ...(long ? [await nodeTests('long', ['packages/*/src/**/*.long-test.ts', 'test/**/*.long-test.ts'], 1)] : []),
];
rmSync(scratch, { recursive: true });
const total = sum(tallies);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
