import { test } from 'node:test';
import { assertNoFalseConfirmation } from './faulty-disk.ts';

const SEGMENTS = 32;

test(`while syncs and writes fail by chance, none of ${SEGMENTS} segments is confirmed that is not there afterwards`, async (t) => {
  await assertNoFalseConfirmation(t, SEGMENTS, { sync: 20, write: 100 });
});
