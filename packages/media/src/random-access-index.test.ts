import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomAccessIndex } from './random-access-index.ts';

test('the index names time and place of every key frame and ends with its own size', () => {
  const index = randomAccessIndex([
    { trackId: 1, time: 0, moofOffset: 640 },
    { trackId: 1, time: 90_000, moofOffset: 0x1_0000_0000 },
  ]);
  const expected = [
    '000000566d667261',
    '0000003e74667261',
    '01000000',
    '00000001',
    '00000000',
    '00000002',
    '0000000000000000' + '0000000000000280' + '010101',
    '0000000000015f90' + '0000000100000000' + '010101',
    '000000106d66726f',
    '00000000',
    '00000056',
  ];
  assert.equal(Buffer.from(index).toString('hex'), expected.join(''));
});
