import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

function nodeTests(name: string, args: readonly string[], concurrency: number): Tally {
  const tap = join(scratch, `${name}.tap`);
  const ok = run(process.execPath, [
    '--test',
    `--test-concurrency=${concurrency}`,
    '--test-reporter=dot',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${tap}`,
    ...args,
  ]);
  const text = readFileSync(tap, 'utf8');
  const count = (label: string): number => Number(new RegExp(`^# ${label} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  const tally = atLeastOneFailure(ok, { passed: count('pass'), failed: count('fail') + count('cancelled') });
  if (tally.failed > 0) printFailures(text);
  console.log(`\n${name}: ${tally.passed} passed, ${tally.failed} failed`);
  return tally;
}

function printFailures(tap: string): void {
  for (const block of tap.split(/^(?=\s*(?:not )?ok )/m)) if (/^\s*not ok /.test(block)) console.log(block.slice(0, 3_000));
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
  nodeTests('unit', [`--test-global-setup=${sharedGateway}`, 'packages/*/src/**/*.test.ts', 'test/*.test.ts'], 4),
  nodeTests('e2e', ['test/e2e/**/*.test.ts'], 5),
  browserTests(),
  ...(long ? [nodeTests('long', ['packages/*/src/**/*.long-test.ts', 'test/**/*.long-test.ts'], 1)] : []),
];
rmSync(scratch, { recursive: true });
const total = tallies.reduce((sum, tally) => ({ passed: sum.passed + tally.passed, failed: sum.failed + tally.failed }));
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
