import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, hexOf } from '../box-bytes.test.ts';
import { MediaError } from '../media-error.ts';
import { buildRtspRequest, buildRtspResponse } from './rtsp-message.ts';
import { interleave, RtspReader, splitInterleaved } from './rtsp-reader.ts';

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const describeRequest = 'DESCRIBE rtsp://h:8554/a/1/main?token=t RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n';

test('a request comes with its headers, however the bytes arrive', () => {
  const reader = new RtspReader();
  const items = Array.from(utf8(describeRequest)).flatMap((byte) => reader.push(Uint8Array.of(byte)));
  const headers = { cseq: '2', accept: 'application/sdp' };
  assert.deepEqual(items, [
    { kind: 'request', method: 'DESCRIBE', url: 'rtsp://h:8554/a/1/main?token=t', headers, body: new Uint8Array() },
  ]);
});

test('messages with bodies, RTP between them and empty lines are told apart', () => {
  const bytes = Buffer.concat([
    utf8('\r\nSET_PARAMETER rtsp://h/ RTSP/1.0\r\nCSeq: 3\r\nContent-Length: 4\r\n\r\nab\r\n'),
    bytesOf('24 01 0003 80c9ff'),
    utf8('RTSP/1.0 200 OK\r\nCSeq: 4\r\nPublic: A\r\nPublic: B\r\n\r\n'),
    bytesOf('24 00 0000'),
  ]);
  const [request, frame, response, empty] = new RtspReader().push(bytes);
  assert.ok(request?.kind === 'request' && frame?.kind === 'interleaved' && response?.kind === 'response' && empty?.kind === 'interleaved');
  assert.equal(new TextDecoder().decode(request.body), 'ab\r\n');
  assert.deepEqual([frame.channel, hexOf(frame.payload)], [1, '80c9ff']);
  assert.deepEqual([response.statusCode, response.reason, response.headers], [200, 'OK', { cseq: '4', public: 'A, B' }]);
  assert.equal(empty.payload.length, 0);
});

test('a peer that sends what is no RTSP, or more than allowed, is refused before it is kept', () => {
  for (const text of [
    'GET / HTTP/1.1\r\n\r\n',
    'describe rtsp://h/ RTSP/1.0\r\n\r\n',
    'OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n',
    'OPTIONS * RTSP/1.0\r\nContent-Length: 16385\r\n\r\n',
    'OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n',
    `OPTIONS * RTSP/1.0\r\n${'A: b\r\n'.repeat(65)}\r\n`,
    'x'.repeat(9_000),
  ]) {
    assert.throws(() => new RtspReader().push(utf8(text)), MediaError, text.slice(0, 60));
  }
});

test('messages are written as they are read', () => {
  const response = buildRtspResponse(200, 'OK', { headers: { CSeq: 7, Session: 'a\r\nb' }, body: 'é' });
  assert.equal(new TextDecoder().decode(response), 'RTSP/1.0 200 OK\r\nCSeq: 7\r\nSession: a  b\r\nContent-Length: 2\r\n\r\né');
  const request = buildRtspRequest('OPTIONS', 'rtsp://h/', { headers: { CSeq: 1 } });
  assert.equal(new TextDecoder().decode(request), 'OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\n\r\n');
});

test('packets share one piece of bytes and come apart again', () => {
  const bytes = interleave([
    { channel: 0, packet: bytesOf('aabb') },
    { channel: 3, packet: bytesOf('cc') },
  ]);
  assert.equal(hexOf(bytes), '24000002aabb24030001cc');
  assert.deepEqual(
    splitInterleaved(bytes).map(({ channel, payload }) => [channel, hexOf(payload)]),
    [
      [0, 'aabb'],
      [3, 'cc'],
    ],
  );
  assert.throws(() => splitInterleaved(bytesOf('24000002aa')), MediaError);
});
