import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, hexOf } from '../box-bytes.test.ts';
import { MediaError } from '../media-error.ts';
import { ChunkReader } from './chunk-reader.ts';
import { writeChunks } from './chunk-writer.ts';
import type { RtmpMessage } from './rtmp-message.ts';

/** The messages in `bytes`, given in pieces of `pieceBytes`. */
function read(bytes: Uint8Array, pieceBytes = bytes.length): readonly RtmpMessage[] {
  const messages: RtmpMessage[] = [];
  const reader = new ChunkReader((message) => messages.push(message));
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.push(bytes.slice(at, at + pieceBytes));
  return messages;
}

const summary = (messages: readonly RtmpMessage[]) =>
  messages.map(({ type, streamId, timestampMs, data }) => [type, streamId, timestampMs, hexOf(data)]);

test('a chunk with a full header is one message', () => {
  const bytes = bytesOf('04 0003e8 000002 09 01000000 1701');
  assert.deepEqual(summary(read(bytes)), [[9, 1, 1_000, '1701']]);
  const message = { type: 9, streamId: 1, timestampMs: 1_000, data: bytesOf('1701') };
  assert.equal(hexOf(writeChunks(message, { chunkStreamId: 4, chunkSizeBytes: 128 })), hexOf(bytes));
});

test('later messages leave out what stays the same', () => {
  const full = '04 000064 000001 08 01000000 aa';
  const sameStream = '44 000015 000002 09 bbbb';
  const sameLength = '84 000016 cccc';
  const sameAll = 'c4 dddd';
  assert.deepEqual(summary(read(bytesOf(full + sameStream + sameLength + sameAll))), [
    [8, 1, 100, 'aa'],
    [9, 1, 121, 'bbbb'],
    [9, 1, 143, 'cccc'],
    [9, 1, 165, 'dddd'],
  ]);
});

test('two messages cut into chunks that alternate are put together, wherever the network cuts them', () => {
  const video = `04 000000 000100 09 01000000${'aa'.repeat(128)}`;
  const audio = `05 000000 000082 08 01000000${'bb'.repeat(128)}`;
  const bytes = bytesOf(`${video}${audio}c4${'aa'.repeat(128)}c5bbbb`);
  for (const pieceBytes of [1, 3, 127, bytes.length]) {
    assert.deepEqual(summary(read(bytes, pieceBytes)), [
      [9, 1, 0, 'aa'.repeat(256)],
      [8, 1, 0, 'bb'.repeat(130)],
    ]);
  }
});

test('a time beyond 24 bits stands apart, and again before each further chunk', () => {
  const message = { type: 9, streamId: 1, timestampMs: 0x0123_4567, data: new Uint8Array(5).fill(7) };
  const bytes = writeChunks(message, { chunkStreamId: 6, chunkSizeBytes: 3 });
  assert.equal(hexOf(bytes), '06ffffff00000509' + '01000000' + '01234567' + '070707' + 'c601234567' + '0707');
  const setSize = bytesOf('02 000000 000004 01 00000000 00000003');
  for (const pieceBytes of [1, 2, 50])
    assert.deepEqual(summary(read(Buffer.concat([setSize, bytes]), pieceBytes)), [[9, 1, 0x0123_4567, '0707070707']]);
});

test('chunk streams are named in one, two or three bytes', () => {
  const two = '00 10 000000 000001 08 01000000 aa';
  const three = '01 1001 000000 000001 08 01000000 bb';
  for (const pieceBytes of [1, 2, 99])
    assert.deepEqual(
      read(bytesOf(two + three), pieceBytes).map(({ data }) => hexOf(data)),
      ['aa', 'bb'],
    );
});

test('a message that is given up is forgotten', () => {
  const begun = `04 000000 000100 09 01000000${'aa'.repeat(128)}`;
  const abort = '02 000000 000004 02 00000000 00000004';
  const next = '04 000000 000001 09 01000000 bb';
  assert.deepEqual(summary(read(bytesOf(begun + abort + next))), [[9, 1, 0, 'bb']]);
});

test('nobody makes us keep more than 8 MiB of messages that are not complete', () => {
  const begin = (id: number, length: string) =>
    `${(0x00 | id).toString(16).padStart(2, '0')} 000000 ${length} 09 01000000${'aa'.repeat(128)}`;
  assert.throws(() => read(bytesOf(begin(4, '400001'))), MediaError);
  assert.doesNotThrow(() => read(bytesOf(begin(4, '400000') + begin(5, '400000'))));
  assert.throws(() => read(bytesOf(begin(4, '400000') + begin(5, '400000') + begin(6, '000100'))), MediaError);
});

test('what cannot be chunks is refused', () => {
  const unknownStream = 'c9 00';
  const noChunkSize = '02 000000 000004 01 00000000 00000000';
  const amid = `04 000000 000100 09 01000000${'aa'.repeat(128)}04 000000 000001 09 01000000 bb`;
  const streams = Array.from(
    { length: 40 },
    (_, index) => `${(index + 3).toString(16).padStart(2, '0')} 000000 000001 09 01000000 bb`,
  ).join('');
  for (const wrong of [unknownStream, noChunkSize, amid, streams]) {
    assert.throws(() => read(Buffer.concat([bytesOf(wrong), new Uint8Array(20)])), MediaError, wrong.slice(0, 20));
  }
});
