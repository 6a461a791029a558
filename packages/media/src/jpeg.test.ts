import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jpegSize } from './jpeg.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

test('the size of a JPEG is read behind its other segments', () => {
  const picture = bytes('ffd8 ffe0 0004 4a46 ffdb 0003 00 ffc0 0011 08 02d0 0500 03 012200 021101 031101 ffda');
  assert.deepEqual(jpegSize(picture), { width: 1280, height: 720 });
});

test('a progressive JPEG has a size too, and a Huffman table is no frame', () => {
  assert.deepEqual(jpegSize(bytes('ffd8 ffc4 0005 010203 ffc2 000b 08 0168 0280 01 011100')), { width: 640, height: 360 });
});

test('what is no JPEG, or ends too early, has no size', () => {
  for (const hex of ['', 'ffd8', '89504e47', 'ffd8 ffe0 0010', 'ffd8 ffc0 0011 08 02d0', 'ffd8 0000 0000 ffc0 0011 08 02d0 0500']) {
    assert.equal(jpegSize(bytes(hex)), undefined, hex);
  }
});
