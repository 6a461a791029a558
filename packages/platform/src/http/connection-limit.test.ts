import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionLimit } from './connection-limit.ts';

const limits = (files: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${files}   files\n`;

test('a process keeps a tenth of its descriptors for itself, and never less than it needs', () => {
  assert.equal(connectionLimit(limits('20000                20000')), 18_000);
  assert.equal(connectionLimit(limits('256                  1048576')), 192);
  assert.equal(connectionLimit(limits('60                   60')), 1);
  assert.equal(connectionLimit(limits('unlimited            unlimited')), undefined);
  assert.equal(connectionLimit(''), undefined);
});
