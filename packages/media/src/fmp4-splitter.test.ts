import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxOf, bytesOf, hexOf, joined } from './box-bytes.test.ts';
import { Fmp4Splitter } from './fmp4-splitter.ts';
import { MediaError } from './media-error.ts';

const init = joined(boxOf('ftyp', '00'), boxOf('moov', '0102'));
const first = joined(boxOf('styp'), boxOf('sidx', '03'), boxOf('moof', '04'), boxOf('mdat', '050607'));
const second = joined(boxOf('moof', '08'), boxOf('mdat', '09'));
const index = boxOf('mfra', '0a0b');
const stream = joined(init, first, second, index);

const expected = [`init ${hexOf(init)}`, `fragment ${hexOf(first)}`, `fragment ${hexOf(second)}`];

function split(splitter: Fmp4Splitter, chunks: readonly Uint8Array[]): string[] {
  return chunks.flatMap((chunk) => splitter.push(chunk)).map(({ kind, bytes }) => `${kind} ${hexOf(bytes)}`);
}

test('a stream is cut into its init segment and fragments whatever the chunks are', () => {
  for (let chunkBytes = 1; chunkBytes <= stream.length; chunkBytes += 1) {
    const chunks = [];
    for (let at = 0; at < stream.length; at += chunkBytes) chunks.push(stream.subarray(at, at + chunkBytes));
    assert.deepEqual(split(new Fmp4Splitter(), chunks), expected, `chunks of ${chunkBytes}`);
  }
});

test('pieces stay as they are while the stream goes on', () => {
  const splitter = new Fmp4Splitter();
  const pieces = [...stream].flatMap((byte) => splitter.push(Uint8Array.of(byte)));
  assert.deepEqual(
    pieces.map(({ kind, bytes }) => `${kind} ${hexOf(bytes)}`),
    expected,
  );
});

test('a chunk that is a fragment is handed on without a copy', () => {
  const splitter = new Fmp4Splitter();
  splitter.push(init);
  assert.equal(splitter.push(second)[0]?.bytes.buffer, second.buffer);
});

test('a new init segment may follow after a codec change', () => {
  assert.deepEqual(split(new Fmp4Splitter(), [joined(init, second, init, second)]), [
    `init ${hexOf(init)}`,
    `fragment ${hexOf(second)}`,
    `init ${hexOf(init)}`,
    `fragment ${hexOf(second)}`,
  ]);
});

test('streams that are no fragmented MP4, or never end a piece, are refused', () => {
  const wrong: Readonly<Record<string, Uint8Array>> = {
    'data before a fragment header': boxOf('mdat', '00'),
    'a fragment before the init segment': second,
    'two fragment headers in a row': joined(init, boxOf('moof'), boxOf('moof')),
    'an init segment inside a fragment': joined(init, boxOf('moof'), boxOf('moov')),
    'a box without size': joined(init, '00000000 6d6f6f66'),
    'a box smaller than its header': bytesOf('00000007 66747970'),
    'a large box smaller than its header': bytesOf('00000001 66747970 000000000000000f'),
    'an init segment of more than 1 MiB': bytesOf('00100001 6d6f6f76'),
    'a fragment of more than 16 MiB': joined(init, boxOf('moof'), '00fffff9 6d646174'),
    text: Uint8Array.from(Buffer.from('HTTP/1.1 200 OK\r\n')),
  };
  for (const [title, bytes] of Object.entries(wrong)) assert.throws(() => new Fmp4Splitter().push(bytes), MediaError, title);
});
