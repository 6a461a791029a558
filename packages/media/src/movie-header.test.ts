import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxOf } from './box-bytes.test.ts';
import { BoxReader } from './box-reader.ts';
import { MediaError } from './media-error.ts';
import { readMovieHeader } from './movie-header.ts';

const mvhd = boxOf('mvhd', '00000000 00000000 00000000 000003e8');
const g711 = boxOf('alaw', '000000000000 0001 0000000000000000 0001 0010 00000000 1f400000');

interface TrakParts {
  readonly elst?: string;
  readonly id?: string;
  readonly entries?: readonly Uint8Array[];
}

function trakOf({ elst, id = '00000002', entries = [g711] }: TrakParts): Uint8Array {
  const stsd = boxOf('stsd', '00000000', `0000000${entries.length}`, ...entries);
  const mdhd = boxOf('mdhd', '01000000 0000000000000000 0000000000000000 00001f40');
  const tkhd = boxOf('tkhd', `01000003 0000000000000000 0000000000000000 ${id}`);
  const edts = elst === undefined ? [] : [boxOf('edts', boxOf('elst', elst))];
  return boxOf('trak', tkhd, ...edts, boxOf('mdia', mdhd, boxOf('minf', boxOf('stbl', stsd))));
}

function read(...boxes: readonly Uint8Array[]): ReturnType<typeof readMovieHeader> {
  const reader = new BoxReader(boxOf('moov', mvhd, ...boxes));
  const [moov] = reader.top();
  assert.ok(moov !== undefined);
  return readMovieHeader(reader, moov);
}

test('headers of version 1 give id and timescale', () => {
  const [entry] = read(trakOf({}));
  assert.deepEqual([entry?.track.id, entry?.track.timescale, entry?.track.codec, entry?.presentationOffset], [2, 8000, 'g711a', 0]);
});

test('an edit list skips to its media time, after the empty edits before it', () => {
  const skip = '00000000 00000001 00000bb8 00000190 00010000';
  const pauseAndSkip = '00000000 00000002 000001f4 ffffffff 00010000 00000bb8 00000190 00010000';
  const longPause = '01000000 00000002 00000000000001f4 ffffffffffffffff 00010000 0000000000000bb8 0000000100000000 00010000';
  const onlyPause = '00000000 00000001 000001f4 ffffffff 00010000';
  const offsets = [skip, pauseAndSkip, longPause, onlyPause].map((elst) => read(trakOf({ elst }))[0]?.presentationOffset);
  assert.deepEqual(offsets, [-400, 4000 - 400, 4000 - 4_294_967_296, 4000]);
});

test('a track with several sample descriptions, or of an unknown kind, is left out', () => {
  assert.equal(read(trakOf({ entries: [g711, g711] })).length, 0);
  assert.equal(read(trakOf({ entries: [boxOf('mp4v', '00')] })).length, 0);
  assert.equal(read(trakOf({ entries: [] })).length, 0);
});

test('an H.264 track whose NAL lengths are not of 4 bytes is left out', () => {
  const fields = `000000000000 0001 ${'00'.repeat(16)} 0140 00f0 ${'00'.repeat(50)}`;
  const entry = (lengthSize: string): Uint8Array => boxOf('avc1', fields, boxOf('avcC', `014d400d ${lengthSize} e0 00`));
  assert.equal(read(trakOf({ entries: [entry('fd')] })).length, 0);
  assert.equal(read(trakOf({ entries: [entry('ff')] })).length, 1);
});

test('two tracks of one id, an id of 0 and an edit list without its edits are refused', () => {
  assert.throws(() => read(trakOf({}), trakOf({})), MediaError);
  assert.throws(() => read(trakOf({ id: '00000000' })), MediaError);
  assert.throws(() => read(trakOf({ elst: '00000000 ffffffff' })), MediaError);
});
