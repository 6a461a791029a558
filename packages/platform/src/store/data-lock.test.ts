import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockDataDirectory } from './data-lock.ts';

test('a second platform on the same data directory is refused until the first has gone', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cardea-lock-'));
  const first = lockDataDirectory(directory, { shared: false });
  assert.throws(() => lockDataDirectory(directory, { shared: false }), /another platform is running on/);
  first[Symbol.dispose]();
  lockDataDirectory(directory, { shared: false })[Symbol.dispose]();
});

test('processes of one platform share a data directory, which none of them then has alone', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cardea-lock-'));
  const first = lockDataDirectory(directory, { shared: true });
  const second = lockDataDirectory(directory, { shared: true });
  assert.throws(() => lockDataDirectory(directory, { shared: false }), /another platform is running on/);
  first[Symbol.dispose]();
  second[Symbol.dispose]();
  const alone = lockDataDirectory(directory, { shared: false });
  assert.throws(() => lockDataDirectory(directory, { shared: true }), /another platform is running on/);
  alone[Symbol.dispose]();
});
