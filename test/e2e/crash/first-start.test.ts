import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openSqlite } from '../../../packages/platform/src/store/sql/sqlite.ts';
import { buildPowerCut, PowerCut, writeTree } from './power-cut.ts';

const MOMENTS = 24;
const SQLITE = join(import.meta.dirname, '..', '..', '..', 'packages', 'platform', 'src', 'store', 'sql', 'sqlite.ts');

test('whenever a platform is killed or loses its power while it makes its database, the next start finds one that it can use', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-first-start-'));
  t.after(() => rm(directory, { recursive: true }));
  const root = join(directory, 'data');
  const cut = await PowerCut.over({ root, library: await buildPowerCut(directory) });
  const program = `import { openSqlite } from ${JSON.stringify(SQLITE)}; await openSqlite(${JSON.stringify(join(root, 'cardea.db'))});`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env: { ...process.env, ...cut.env } });
  const all = await cut.moments();
  const moments = Array.from({ length: MOMENTS }, (_, index) => all[Math.floor((index * all.length) / MOMENTS)] ?? 0);
  const asked = moments.map((at, index) => ({ at, unsynced: index % 2 === 0 ? ('kept' as const) : ('lost' as const) }));
  let opened = 0;
  for await (const tree of cut.cuts(asked, () => 0)) {
    const copy = join(directory, `moment-${opened}`);
    await writeTree(tree, copy);
    await using db = await openSqlite(join(copy, 'cardea.db'));
    assert.deepEqual(await db.selectFrom('segment').select('id').execute(), []);
    opened += 1;
  }
  assert.equal(opened, MOMENTS);
});
