import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateConformance } from '../scripts/generate-conformance.ts';

test('docs/conformance.md says what the tests prove now', () => {
  for (const [path, text] of generateConformance()) {
    assert.equal(readFileSync(join(import.meta.dirname, '..', path), 'utf8'), text, `${path} is stale; run: npm run generate`);
  }
});
