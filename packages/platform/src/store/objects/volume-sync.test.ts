import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, silentLogger } from '@cardea/core';
import { VolumeSync } from './volume-sync.ts';

test('after one failed sync nothing is durable any more, whatever a second try would say', async () => {
  const root = await mkdtemp(join(tmpdir(), 'cardea-sync-'));
  const sync = new VolumeSync(root, silentLogger);
  let tries = 0;
  const handle = {
    sync: async () => {
      tries += 1;
      if (tries === 1) throw new TypeError('EIO');
    },
  };
  await assert.rejects(sync.file(handle, 'part'), (error) => error instanceof AppError && error.status === 'INTERNAL_ERROR');
  assert.equal(sync.sound, false);
  await assert.rejects(sync.file(handle, 'part'), (error) => error instanceof AppError && error.status === 'NO_CAPACITY');
  await assert.rejects(sync.directory(root), (error) => error instanceof AppError && error.status === 'NO_CAPACITY');
  assert.equal(tries, 1);
  sync.reset();
  await sync.directory(root);
  assert.equal(sync.sound, true);
  await rm(root, { recursive: true });
});

test('a directory that cannot be synced fails all who waited for it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'cardea-sync-'));
  await mkdir(join(root, 'a'));
  const sync = new VolumeSync(root, silentLogger);
  await sync.directory(join(root, 'a'));
  await rm(join(root, 'a'), { recursive: true });
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => sync.directory(join(root, 'a'))));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected', 'rejected', 'rejected'],
  );
  await rm(root, { recursive: true });
});
