import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf as bytes, hexOf as hex } from './box-bytes.test.ts';
import { MediaError } from './media-error.ts';
import { annexBToLengthPrefixed, lengthPrefixedToAnnexB, rawPayload, splitAnnexB, splitLengthPrefixed } from './nal-units.ts';

test('start codes of three and four bytes and zero bytes between units are all taken for separators', () => {
  const units = splitAnnexB(bytes('00000001 6742 000001 68ce00 00 000000 00000001 6588010102'));
  assert.deepEqual(units.map(hex), ['6742', '68ce', '6588010102']);
});

test('a stream without start code holds no unit, and what comes before the first one is ignored', () => {
  assert.deepEqual(splitAnnexB(bytes('6742001e')), []);
  assert.deepEqual(splitAnnexB(bytes('ffff 000001 65')).map(hex), ['65']);
  assert.deepEqual(splitAnnexB(bytes('000001')), []);
  assert.deepEqual(splitAnnexB(bytes('01')), []);
});

test('an access unit goes from start codes to lengths and back', () => {
  const prefixed = annexBToLengthPrefixed(bytes('000001 0910 00000001 6588'));
  assert.equal(hex(prefixed), '000000020910' + '000000026588');
  assert.equal(hex(lengthPrefixedToAnnexB(prefixed)), '000000010910' + '000000016588');
});

test('a length that points outside its access unit is refused', () => {
  for (const torn of ['00000003 6588', '0000', '00000001 65 00']) {
    assert.throws(() => splitLengthPrefixed(bytes(torn)), MediaError, torn);
  }
});

test('emulation prevention bytes are taken out', () => {
  assert.equal(hex(rawPayload(bytes('67 000003 01 000003 000003 03 0003'))), '67000001' + '00000000' + '030003');
});
