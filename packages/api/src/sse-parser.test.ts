import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SseParser } from './sse-parser.ts';

const STREAM = ': hello\r\nid: 01A\r\n\r\nevent: device\nid: 01B\ndata: {"a":1}\n\ndata: one\ndata:two\n\n';

test('events are cut out of the stream with their type and joined data', () => {
  const parser = new SseParser();
  assert.deepEqual(parser.push(STREAM), [
    { type: 'device', data: '{"a":1}' },
    { type: 'message', data: 'one\ntwo' },
  ]);
  assert.equal(parser.lastEventId, '01B');
});

test('an id without data is remembered for the next connection', () => {
  const parser = new SseParser();
  assert.deepEqual(parser.push('id: 01A\n\n'), []);
  assert.equal(parser.lastEventId, '01A');
});

test('an id counts only once its event is complete', () => {
  const parser = new SseParser();
  parser.push('id: 01A\ndata: x\n\nid: 01B\ndata: half');
  assert.equal(parser.lastEventId, '01A');
});

test('it does not matter where the network cuts the stream', () => {
  const whole = new SseParser().push(STREAM);
  for (let first = 0; first <= STREAM.length; first += 1) {
    for (let second = first; second <= STREAM.length; second += 1) {
      const parser = new SseParser();
      const chunks = [STREAM.slice(0, first), STREAM.slice(first, second), STREAM.slice(second)];
      assert.deepEqual(
        chunks.flatMap((chunk) => parser.push(chunk)),
        whole,
      );
    }
  }
});

test('an event without end is refused instead of filling the memory', () => {
  const parser = new SseParser();
  assert.throws(() => {
    for (let sent = 0; sent < 2_000_000; sent += 100_000) parser.push('x'.repeat(100_000));
  }, RangeError);
});
