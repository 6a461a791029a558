import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Track } from './access-unit.ts';
import { boxOf, bytesOf } from './box-bytes.test.ts';
import { BoxReader } from './box-reader.ts';
import { MediaError } from './media-error.ts';
import { plainAudio, plainVideo } from './plain-tracks.test.ts';
import { readSampleTable } from './sample-table.ts';

const oneChunkOfThree = [boxOf('stsc', '00000000 00000001 00000001 00000003 00000001'), boxOf('stco', '00000000 00000001 00000064')];
const evenTimes = boxOf('stts', '00000000 00000001 00000003 00000001');
const threeSizes = boxOf('stsz', '00000000 00000000 00000003 0000000a 0000000b 0000000c');

function read(
  tables: readonly Uint8Array[],
  { track = plainVideo, fileBytes = 1000 }: { track?: Track; fileBytes?: number } = {},
): string[] {
  const boxes = new BoxReader(boxOf('stbl', ...tables));
  const [stbl] = boxes.top();
  assert.ok(stbl !== undefined);
  return readSampleTable(boxes, stbl, { track, fileBytes }).map(
    ({ dts, pts, duration, keyframe, offset, sizeBytes }) => `${dts} ${pts} ${duration} ${keyframe ? 'key' : '-'} ${offset}+${sizeBytes}`,
  );
}

test('samples follow each other inside a chunk', () => {
  assert.deepEqual(read([evenTimes, threeSizes, ...oneChunkOfThree]), ['0 0 1 key 100+10', '1 1 1 key 110+11', '2 2 1 key 121+12']);
});

test('the table of key frames marks video samples, and never makes sound depend on others', () => {
  const second = boxOf('stss', '00000000 00000001 00000002');
  assert.deepEqual(
    read([evenTimes, threeSizes, second, ...oneChunkOfThree]).map((line) => line.split(' ')[3]),
    ['-', 'key', '-'],
  );
  assert.deepEqual(
    read([evenTimes, threeSizes, second, ...oneChunkOfThree], { track: plainAudio }).map((line) => line.split(' ')[3]),
    ['key', 'key', 'key'],
  );
});

test('composition offsets of version 0 and negative ones of version 1 move the presentation', () => {
  const times = (ctts: Uint8Array): (string | undefined)[] =>
    read([evenTimes, threeSizes, ctts, ...oneChunkOfThree]).map((line) => line.split(' ')[1]);
  assert.deepEqual(times(boxOf('ctts', '00000000 00000002 00000001 00000002 00000002 00000001')), ['2', '2', '3']);
  assert.deepEqual(times(boxOf('ctts', '01000000 00000002 00000001 00000001 00000002 fffffffe')), ['1', '-1', '0']);
});

test('chunk runs, 64 bit chunk offsets and one size for all are read', () => {
  const stsc = boxOf('stsc', '00000000 00000002 00000001 00000001 00000001 00000003 00000002 00000001');
  const co64 = boxOf('co64', '00000000 00000003 0000000100000000 0000000200000000 0000000300000000');
  const stsz = boxOf('stsz', '00000000 00000007 00000004');
  assert.deepEqual(
    read([boxOf('stts', '00000000 00000002 00000001 00000005 00000003 00000006'), stsz, stsc, co64], { fileBytes: 2 ** 40 }),
    ['0 0 5 key 4294967296+7', '5 5 6 key 8589934592+7', '11 11 6 key 12884901888+7', '17 17 6 key 12884901895+7'],
  );
});

test('compact sizes of 4, 8 and 16 bits are read', () => {
  const sizes = (stz2: Uint8Array): (string | undefined)[] => read([evenTimes, stz2, ...oneChunkOfThree]).map((line) => line.split('+')[1]);
  assert.deepEqual(sizes(boxOf('stz2', '00000000 00000004 00000003 1f20')), ['1', '15', '2']);
  assert.deepEqual(sizes(boxOf('stz2', '00000000 00000008 00000003 01ff20')), ['1', '255', '32']);
  assert.deepEqual(sizes(boxOf('stz2', '00000000 00000010 00000003 0001 0100 0020')), ['1', '256', '32']);
});

test('tables that declare more than is there are refused before anything is built', () => {
  const huge: Readonly<Record<string, readonly Uint8Array[]>> = {
    'sizes without their bytes': [evenTimes, boxOf('stsz', '00000000 00000000 ffffffff'), ...oneChunkOfThree],
    'one size, more samples than the file has bytes': [evenTimes, boxOf('stsz', '00000000 00000001 ffffffff'), ...oneChunkOfThree],
    'times without their bytes': [boxOf('stts', '00000000 ffffffff'), threeSizes, ...oneChunkOfThree],
    'key frames without their bytes': [evenTimes, threeSizes, boxOf('stss', '00000000 40000000'), ...oneChunkOfThree],
    'chunks without their bytes': [evenTimes, threeSizes, oneChunkOfThree[0] ?? bytesOf(''), boxOf('stco', '00000000 40000001')],
    'fewer chunks than samples': [evenTimes, threeSizes, oneChunkOfThree[0] ?? bytesOf(''), boxOf('stco', '00000000 00000000')],
    'compact sizes of a width that does not exist': [evenTimes, boxOf('stz2', '00000000 00000005 00000000'), ...oneChunkOfThree],
    'no sizes': [evenTimes, ...oneChunkOfThree],
  };
  for (const [title, tables] of Object.entries(huge)) assert.throws(() => read(tables), MediaError, title);
  assert.throws(() => read([evenTimes, threeSizes, ...oneChunkOfThree], { fileBytes: 132 }), MediaError);
});
