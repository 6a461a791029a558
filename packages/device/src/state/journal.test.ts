import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Journal } from './journal.ts';

const decode = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

async function inDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-journal-'));
  try {
    await run(join(directory, 'journal'));
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function recordsOf(path: string): Promise<readonly number[]> {
  const { journal, records } = await Journal.open({ path, decode });
  await journal[Symbol.asyncDispose]();
  return records;
}

test('what was appended is there after a restart, in order', async () => {
  await inDirectory(async (path) => {
    const { journal } = await Journal.open<number>({ path, decode });
    await Promise.all([journal.append(1, 2), journal.append(3)]);
    await journal[Symbol.asyncDispose]();
    assert.deepEqual(await recordsOf(path), [1, 2, 3]);
    assert.equal(await readFile(path, 'utf8'), '83dcefb7 1\n1ad5be0d 2\n6dd28e9b 3\n');
  });
});

test('a torn end is discarded, wherever it was torn, and appending goes on behind what is whole', async () => {
  await inDirectory(async (path) => {
    for (let cut = 1; cut <= 11; cut += 1) {
      await rm(path, { force: true });
      const first = await Journal.open<number>({ path, decode });
      await first.journal.append(1, 2);
      await first.journal[Symbol.asyncDispose]();
      await truncate(path, 22 - cut);
      const second = await Journal.open<number>({ path, decode });
      assert.deepEqual(second.records, [1]);
      await second.journal.append(9);
      await second.journal[Symbol.asyncDispose]();
      assert.deepEqual(await recordsOf(path), [1, 9]);
    }
  });
});

test('a damaged line ends the journal there', async () => {
  await inDirectory(async (path) => {
    const { journal } = await Journal.open<number>({ path, decode });
    await journal.append(1);
    await journal[Symbol.asyncDispose]();
    await appendFile(path, '00000000 2\n6dd28e9b 3\n');
    assert.deepEqual(await recordsOf(path), [1]);
  });
});

test('rewriting keeps only what still matters', async () => {
  await inDirectory(async (path) => {
    const { journal } = await Journal.open<number>({ path, decode });
    await journal.append(1, 2, 3);
    await journal.rewrite(() => [3]);
    await journal.append(4);
    assert.equal(journal.lineCount, 2);
    await journal[Symbol.asyncDispose]();
    assert.deepEqual(await recordsOf(path), [3, 4]);
  });
});
