import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Tree, Unsynced } from './disk-history.ts';
import { buildPowerCut, PowerCut, writeTree } from './power-cut.ts';

let directory: string;
let library: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-power-cut-'));
  library = await buildPowerCut(directory);
});

after(async () => {
  await rm(directory, { recursive: true });
});

/** Runs a program to its end, be it by its own hand, in a directory of its own; `root` is its first argument. */
async function run(name: string, program: string): Promise<{ readonly cut: PowerCut; readonly root: string }> {
  const root = join(directory, name);
  const cut = await PowerCut.over({ root, library });
  const script = `import { DatabaseSync } from 'node:sqlite'; import * as fs from 'node:fs'; import * as promises from 'node:fs/promises';
    const root = process.argv[1]; ${program}`;
  const env = { ...process.env, ...cut.env, UV_USE_IO_URING: '0' };
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, root], { env }).catch((error: unknown) => {
    if (!(error instanceof Error && 'signal' in error && error.signal === 'SIGKILL')) throw error;
  });
  return { cut, root };
}

async function afterAll(cut: PowerCut, unsynced: Unsynced): Promise<Tree> {
  for await (const tree of cut.cuts([{ at: cut.now(), unsynced }], () => 0)) return tree;
  throw new TypeError('no cut');
}

const textOf = (tree: Tree, name: string): string | undefined => {
  const content = tree.get(name);
  return content instanceof Uint8Array ? Buffer.from(content).toString() : undefined;
};

const written = `
  const file = await promises.open(root + '/file', 'wx');
  await file.writeFile('bytes');`;
const syncNames = `const names = fs.openSync(root, 'r'); fs.fsyncSync(names);`;

test('what was not synced is gone: the bytes without a sync of the file, the name without one of the directory', async () => {
  const neither = await run('neither', written);
  assert.deepEqual([...(await afterAll(neither.cut, 'lost')).keys()], []);
  const file = await run('file', `${written} await file.sync();`);
  assert.deepEqual([...(await afterAll(file.cut, 'lost')).keys()], []);
  const name = await run('name', `${written} ${syncNames}`);
  assert.equal(textOf(await afterAll(name.cut, 'lost'), 'file'), '');
  const both = await run('both', `${written} await file.sync(); await file.writeFile(' and more'); ${syncNames}`);
  assert.equal(textOf(await afterAll(both.cut, 'lost'), 'file'), 'bytes');
});

test('a file that replaces another one does so when the directory is synced, and is empty then unless it was synced itself', async () => {
  const replace = (sync: string): string => `
    fs.writeFileSync(root + '/file', 'old', { flush: true }); ${syncNames}
    const file = await promises.open(root + '/new', 'wx'); await file.writeFile('new'); ${sync}
    fs.renameSync(root + '/new', root + '/file');`;
  const early = await run('early', replace('await file.sync();'));
  assert.equal(textOf(await afterAll(early.cut, 'lost'), 'file'), 'old');
  const whole = await run('whole', `${replace('await file.sync();')} fs.fsyncSync(names);`);
  assert.equal(textOf(await afterAll(whole.cut, 'lost'), 'file'), 'new');
  const empty = await run('empty', `${replace('')} fs.fsyncSync(names);`);
  assert.equal(textOf(await afterAll(empty.cut, 'lost'), 'file'), '');
});

test('a database keeps what it committed with full syncs, and loses it without', async () => {
  for (const [synchronous, expected] of [
    ['FULL', 300],
    ['NORMAL', 0],
  ] as const) {
    const { cut } = await run(
      `database-${synchronous}`,
      `const db = new DatabaseSync(root + '/db'); db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}');
       db.exec('CREATE TABLE t (n INTEGER)'); db.exec('PRAGMA wal_checkpoint(TRUNCATE)'); ${syncNames}
       for (let n = 0; n < 300; n += 1) db.exec('INSERT INTO t VALUES (' + n + ')');
       process.kill(process.pid, 'SIGKILL');`,
    );
    const copy = join(directory, `copy-${synchronous}`);
    await writeTree(await afterAll(cut, 'lost'), copy);
    const db = new DatabaseSync(join(copy, 'db'));
    assert.equal(db.prepare('SELECT count(*) AS count FROM t').get()?.count, expected);
    db.close();
  }
});

/** All files below a directory, by their paths. */
async function filesIn(root: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.endsWith('-shm'));
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path.slice(root.length), await readFile(path, 'hex')] as const)));
}

test('nothing a program does to its files escapes the log', async () => {
  const { cut, root } = await run(
    'everything',
    `const db = new DatabaseSync(root + '/db'); db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER)');
     for (let n = 0; n < 2000; n += 1) db.exec('INSERT INTO t VALUES (' + n + ')');
     fs.mkdirSync(root + '/a/b/c', { recursive: true });
     await Promise.all(Array.from({ length: 20 }, async (_, n) => {
       const path = root + '/a/b/c/' + n;
       const file = await promises.open(path, 'wx');
       for (let part = 0; part < 20; part += 1) await file.write(Buffer.alloc(1 + 997 * part, n));
       await file.write(Buffer.from('in the middle'), 0, 13, 500);
       await file.writev([Buffer.from('one'), Buffer.from('two')]);
       await file.sync(); await file.close();
       if (n % 3 === 0) await promises.rename(path, path + '-renamed');
       if (n % 3 === 1) await promises.rm(path);
       if (n % 5 === 0) await promises.appendFile(path + '-more', 'appended').then(() => promises.appendFile(path + '-more', ' twice'));
     }));
     fs.writeFileSync(root + '/cut', 'a long text'); fs.truncateSync(root + '/cut', 3);
     fs.writeFileSync(root + '/again', 'a long text'); fs.writeFileSync(root + '/again', 'short');
     fs.mkdirSync(root + '/gone/below', { recursive: true }); fs.writeFileSync(root + '/gone/below/file', 'x'); fs.rmSync(root + '/gone', { recursive: true });
     const stream = fs.createWriteStream(root + '/stream'); stream.cork(); stream.write('one'); stream.write('two'); stream.uncork(); stream.end();
     await new Promise((resolve) => stream.on('close', resolve));`,
  );
  const copy = join(directory, 'copy');
  await writeTree(await afterAll(cut, 'kept'), copy);
  assert.deepEqual(await filesIn(copy), await filesIn(root));
  const db = new DatabaseSync(join(copy, 'db'));
  assert.equal(db.prepare('SELECT count(*) AS count FROM t').get()?.count, 2000);
  db.close();
});
