import { test } from 'node:test';
import { assertNoFalseConfirmation } from './faulty-disk.ts';

/** As reliability.md P7 has it. */
const SEGMENTS = 2_000;

test(`while syncs and writes fail by chance, none of ${SEGMENTS} segments is confirmed that is not there afterwards`, async (t) => {
  await assertNoFalseConfirmation(t, SEGMENTS, { sync: 50, write: 20 });
});
