import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

const packages = mkdtempSync(join(tmpdir(), 'cardea-entry-'));
after(() => rmSync(packages, { recursive: true }));
cpSync(join(import.meta.dirname, '..', 'bin'), join(packages, 'cli', 'bin'), { recursive: true });
writeFileSync(join(packages, 'package.json'), '{ "type": "module" }');

function write(path: string, changedAtSec: number): void {
  const file = join(packages, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `export const main = () => console.log('${path}');`);
  utimesSync(file, changedAtSec, changedAtSec);
}

function whatRuns(): string {
  return execFileSync(process.execPath, [join(packages, 'cli', 'bin', 'cardea.js')], { encoding: 'utf8' }).trim();
}

test('the command runs from its bundle until a source changes, and as it was published where there are no sources', () => {
  write('cli/dist/main.js', 1_000);
  assert.equal(whatRuns(), 'cli/dist/main.js');
  write('cli/src/main.ts', 1_000);
  assert.equal(whatRuns(), 'cli/src/main.ts');
  write('cli/bundle/main.js', 2_000);
  write('web/src/app.ts', 3_000);
  write('core/src/clock.test.ts', 3_000);
  assert.equal(whatRuns(), 'cli/bundle/main.js');
  write('core/src/time/clock.ts', 3_000);
  assert.equal(whatRuns(), 'cli/src/main.ts');
});
