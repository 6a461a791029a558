import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SampleDefaults, Track } from './access-unit.ts';
import { boxOf, hexOf, joined } from './box-bytes.test.ts';
import { parseFragment } from './fmp4-reader.ts';
import { MediaError } from './media-error.ts';
import { plainAudio, plainVideo } from './plain-tracks.test.ts';

const baseIsMoof = '00020000';
const tfdt = boxOf('tfdt', '00000000 00000064');
const mdat = boxOf('mdat', '0102030405060708');

function read(bytes: Uint8Array, tracks: readonly Track[] = [plainVideo, plainAudio]): string[] {
  return parseFragment(bytes, tracks).map(
    ({ trackId, dts, pts, duration, keyframe, data }) => `${trackId}: ${dts} ${pts} ${duration} ${keyframe ? 'key' : '-'} ${hexOf(data)}`,
  );
}

/** A moof with these trafs, whose size `data` (the offset of the mdat body) the caller writes as `DATA`. */
function fragmentOf(...trafs: readonly (readonly string[])[]): Uint8Array {
  const build = (dataOffset: number): Uint8Array => {
    const content = trafs.map(([tfhd = '', ...truns]) => {
      const runs = truns.map((trun) => boxOf('trun', trun.replace('DATA', dataOffset.toString(16).padStart(8, '0'))));
      return boxOf('traf', boxOf('tfhd', tfhd), tfdt, ...runs);
    });
    return boxOf('moof', boxOf('mfhd', '00000000 00000001'), ...content);
  };
  return joined(build(build(0).length + 8), mdat);
}

test('samples take duration, size and flags from the fragment header, the first its own flags', () => {
  const header = `00020038 00000001 00000005 00000002 01010000`;
  assert.deepEqual(read(fragmentOf([header, '00000005 00000003 DATA 02000000'])), [
    '1: 100 100 5 key 0102',
    '1: 105 105 5 - 0304',
    '1: 110 110 5 - 0506',
  ]);
});

test('what the fragment leaves out comes from the init segment', () => {
  const defaults: SampleDefaults = { duration: 7, sizeBytes: 3, flags: 0x0101_0000 };
  const bytes = fragmentOf([`${baseIsMoof} 00000001`, '00000001 00000002 DATA']);
  assert.deepEqual(read(bytes, [{ ...plainVideo, defaults }]), ['1: 100 100 7 - 010203', '1: 107 107 7 - 040506']);
});

test('runs of one track and trafs of several tracks follow each other when they give no offsets', () => {
  const run = (samples: string): string => `00000300 ${samples}`;
  const bytes = fragmentOf(
    [`${baseIsMoof} 00000001`, '00000301 00000001 DATA 00000001 00000001', run('00000001 00000002 00000002')],
    ['00000000 00000002', run('00000001 00000003 00000001')],
  );
  assert.deepEqual(read(bytes), ['1: 100 100 1 key 01', '1: 101 101 2 key 0203', '2: 100 100 3 key 04']);
});

test('an explicit base offset counts from the start of the fragment', () => {
  const bytes = fragmentOf(['00000001 00000001 0000000000000000', '00000301 00000001 DATA 00000001 00000004']);
  assert.deepEqual(read(bytes), ['1: 100 100 1 key 01020304']);
});

test('boxes before the moof, other tracks and composition offsets are understood', () => {
  const fragment = fragmentOf(
    [`${baseIsMoof} 00000009`, '00000301 00000001 DATA 00000001 00000002'],
    ['00000000 00000001', '01000b00 00000001 00000001 00000002 fffffffe'],
  );
  const before = ['styp', 'sidx', 'prft', 'emsg'].map((type) => boxOf(type, '00'));
  const shifted = joined(...before, fragment);
  assert.deepEqual(read(shifted), ['1: 100 98 1 key 0304']);
});

test('the data of a unit is a view of the fragment', () => {
  const bytes = fragmentOf([`${baseIsMoof} 00000001`, '00000301 00000001 DATA 00000001 00000004']);
  const [unit] = parseFragment(bytes, [plainVideo]);
  assert.equal(unit?.data.buffer, bytes.buffer);
});

test('a fragment that lies about its contents is refused', () => {
  const lies: Readonly<Record<string, Uint8Array>> = {
    'more samples than entries': fragmentOf([`${baseIsMoof} 00000001`, '00000301 00000002 DATA 00000001 00000004']),
    'four billion samples without a byte each': fragmentOf([`${baseIsMoof} 00000001`, '00000001 ffffffff DATA']),
    'two hundred thousand samples of one byte': fragmentOf(['00020010 00000001 00000001', '00000001 00030d40 DATA']),
    'a sample beyond the end': fragmentOf([`${baseIsMoof} 00000001`, '00000301 00000001 DATA 00000001 00000009']),
    'a sample before the beginning': fragmentOf([`${baseIsMoof} 00000001`, '00000301 00000001 80000000 00000001 00000001']),
    'a time beyond 2^53': joined(
      boxOf('moof', boxOf('traf', boxOf('tfhd', `${baseIsMoof} 00000001`), boxOf('tfdt', '01000000 ffffffffffffffff'))),
    ),
    'no decode time': joined(boxOf('moof', boxOf('traf', boxOf('tfhd', `${baseIsMoof} 00000001`)))),
    'no fragment header': joined(boxOf('moof', boxOf('traf'))),
    'no moof': mdat,
  };
  for (const [title, bytes] of Object.entries(lies)) assert.throws(() => parseFragment(bytes, [plainVideo, plainAudio]), MediaError, title);
});
