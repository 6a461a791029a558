import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { catalogue } from './docs/catalogue.ts';
import { contentsPage, sourceFileOf } from './docs/contents-page.ts';
import { generateDocs, generatedPaths } from './docs/generate-docs.ts';

const source = import.meta.dirname;
const root = join(source, '../../..');
const STALE = 'run npm run generate';

test('the documents of the wire profile say what the definitions say', async () => {
  for (const [path, text] of generateDocs()) {
    assert.equal(await readFile(join(root, path), 'utf8').catch(() => 'missing'), text, `${path}: ${STALE}`);
  }
});

test('no document is left over from a message that is gone', async () => {
  const expected = generateDocs();
  for (const path of generatedPaths) {
    if (!(await stat(join(root, path))).isDirectory()) continue;
    const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length));
    for (const file of files) assert.ok(expected.has(file.replace(/^\//, '')), `${file}: ${STALE}`);
  }
});

test('every message has a page that shows an example, and a schema for each part', () => {
  const files = generateDocs();
  for (const { name, parts } of catalogue) {
    assert.match(files.get(`docs/protocol/${name}.md`) ?? '', /## Example/);
    const schemas = parts.filter((part) => files.has(`docs/protocol/schemas/${name}.${part.name}.json`));
    const bodiless = name === 'vs.releaseSchedule';
    assert.equal(schemas.length > 0, !bodiless, name);
  }
});

test('every file the contents page points to exists', () => {
  for (const entry of catalogue) assert.ok(existsSync(join(source, sourceFileOf(entry))), sourceFileOf(entry));
  const links = [...contentsPage().matchAll(/\(\.\.\/\.\.\/([^)]+)\)/g)].map(([, path]) => path ?? '');
  assert.ok(links.length > 60);
  for (const path of links) assert.ok(existsSync(join(root, path)), path);
});

test('no schema keeps a form that JSON Schema 2020-12 has dropped', () => {
  for (const [path, text] of generateDocs()) {
    if (!path.endsWith('.json')) continue;
    assert.doesNotMatch(text, /"items": \[/, path);
    assert.match(text, /"\$schema": "https:\/\/json-schema\.org\/draft\/2020-12\/schema"/, path);
    assert.match(text, /"\$id": "urn:hss-open-1:/, path);
  }
});

test('no page claims more of H.627.2 than its titles', () => {
  for (const [path, text] of generateDocs()) assert.doesNotMatch(text, /(conforms|compliant|complies) (to|with)/i, path);
});
