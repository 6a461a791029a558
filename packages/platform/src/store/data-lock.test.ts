import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockDataDirectory } from './data-lock.ts';

test('a second platform on the same data directory is refused until the first has gone', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cardea-lock-'));
  const first = lockDataDirectory(directory);
  assert.throws(() => lockDataDirectory(directory), /another platform is running on/);
  first[Symbol.dispose]();
  lockDataDirectory(directory)[Symbol.dispose]();
});
