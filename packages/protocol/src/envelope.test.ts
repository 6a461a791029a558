import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeEnvelope, type Envelope, encodeEnvelope, statusNameOfError, wireErrorOf } from './envelope.ts';

const REQUEST = '{"jsonrpc":"2.0","id":7,"method":"ptz.control","params":{"channel":1,"action":"stop"}}';

const refusal = (text: string): unknown => {
  const decoded = decodeEnvelope(text);
  return decoded.kind === 'malformed' ? [decoded.status, decoded.id] : decoded.kind;
};

test('a request is read with its id, method and params', () => {
  assert.deepEqual(decodeEnvelope(REQUEST), {
    kind: 'request',
    id: 7,
    method: 'ptz.control',
    params: { channel: 1, action: 'stop' },
  });
});

test('a request without an id is a notification', () => {
  assert.deepEqual(decodeEnvelope('{"jsonrpc":"2.0","method":"live.changed","params":{}}'), {
    kind: 'notification',
    method: 'live.changed',
    params: {},
  });
});

test('missing params are no params, while null and a list are refused under the id of the request', () => {
  assert.deepEqual(decodeEnvelope('{"jsonrpc":"2.0","id":"a","method":"time.get"}'), {
    kind: 'request',
    id: 'a',
    method: 'time.get',
    params: {},
  });
  assert.deepEqual(refusal('{"jsonrpc":"2.0","id":"a","method":"time.get","params":null}'), ['INVALID_PARAMS', 'a']);
  assert.deepEqual(refusal('{"jsonrpc":"2.0","id":1,"method":"time.get","params":[1]}'), ['INVALID_PARAMS', 1]);
  assert.deepEqual(refusal('{"jsonrpc":"2.0","method":"time.get","params":[1]}'), ['INVALID_PARAMS', undefined]);
});

test('an answer is read with its result or its error', () => {
  assert.deepEqual(decodeEnvelope('{"jsonrpc":"2.0","id":7,"result":{"state":"idle"}}'), {
    kind: 'success',
    id: 7,
    result: { state: 'idle' },
  });
  assert.deepEqual(
    decodeEnvelope('{"jsonrpc":"2.0","id":7,"error":{"code":1200,"message":"end","data":{"name":"LIMIT_REACHED","retryable":false}}}'),
    { kind: 'error', id: 7, error: { code: 1200, message: 'end', data: { name: 'LIMIT_REACHED', retryable: false } } },
  );
});

test('an error of a peer that fills no data is still an error', () => {
  assert.deepEqual(decodeEnvelope('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}'), {
    kind: 'error',
    id: null,
    error: { code: -32700, message: 'Parse error' },
  });
  assert.equal(statusNameOfError({ code: -32700, message: '' }), 'PARSE_ERROR');
  assert.equal(statusNameOfError({ code: 4711, message: '' }), 'UNSPECIFIED');
});

test('what is no request is refused without an id, and the peer is told', () => {
  for (const text of ['', '{', 'undefined', '{"a":1,}', "{'a':1}"]) assert.deepEqual(refusal(text), ['PARSE_ERROR', null], text);
  for (const text of [
    '[]',
    `[${REQUEST}]`,
    'null',
    '1',
    '"text"',
    '{}',
    '{"id":1,"method":"time.get"}',
    '{"jsonrpc":"1.0","id":1,"method":"time.get"}',
    '{"jsonrpc":2.0,"id":1,"method":"time.get"}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"method":5}',
    '{"jsonrpc":"2.0","id":1,"method":""}',
    '{"jsonrpc":"2.0","id":null,"method":"time.get"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"time.get"}',
    '{"jsonrpc":"2.0","id":{},"method":"time.get"}',
    '{"jsonrpc":"2.0","id":1,"method":"time.get","result":{}}',
  ]) {
    assert.deepEqual(refusal(text), ['INVALID_REQUEST', null], text);
  }
});

test('a broken answer is never answered, so two peers cannot keep each other busy', () => {
  for (const text of [
    '{"jsonrpc":"2.0","result":{}}',
    '{"jsonrpc":"2.0","id":null,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
    '{"jsonrpc":"2.0","id":1,"error":null}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":""}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1}}',
    '{"id":1,"result":{}}',
  ]) {
    assert.deepEqual(refusal(text), ['INVALID_REQUEST', undefined], text);
  }
});

test('a message above 64 KiB is refused, counted in bytes and not in characters', () => {
  const filled = (fill: string): string => `{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":"${fill}"}}`;
  const spareBytes = 65_536 - filled('').length;
  assert.equal(refusal(filled('a'.repeat(spareBytes))), 'request');
  assert.deepEqual(refusal(filled('a'.repeat(spareBytes + 1))), ['INVALID_REQUEST', null]);
  assert.equal(refusal(filled('\u00e9'.repeat(Math.floor(spareBytes / 2)))), 'request');
  assert.deepEqual(refusal(filled('\u00e9'.repeat(Math.ceil(spareBytes / 2) + 1))), ['INVALID_REQUEST', null]);
});

test('nesting of 16 is taken and of 17 refused, whatever stands in texts', () => {
  const nested = (depth: number): string =>
    `{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":${'['.repeat(depth - 2)}"[[{{:\\"[["${']'.repeat(depth - 2)}}}`;
  assert.equal(refusal(nested(16)), 'request');
  assert.deepEqual(refusal(nested(17)), ['INVALID_REQUEST', null]);
  assert.deepEqual(refusal('['.repeat(60_000)), ['INVALID_REQUEST', null]);
});

test('an object of 256 members is taken and of 257 refused', () => {
  const wide = (count: number): string =>
    `{"jsonrpc":"2.0","id":1,"method":"m","params":{${Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',')}}}`;
  assert.equal(refusal(wide(256)), 'request');
  assert.deepEqual(refusal(wide(257)), ['INVALID_REQUEST', null]);
});

test('an envelope goes over the wire as JSON-RPC 2.0 text', () => {
  assert.equal(encodeEnvelope({ kind: 'request', id: 7, method: 'ptz.control', params: { channel: 1, action: 'stop' } }), REQUEST);
  assert.equal(
    encodeEnvelope({ kind: 'error', id: null, error: wireErrorOf('RATE_LIMITED', { retryAfterMs: 500 }) }),
    '{"jsonrpc":"2.0","id":null,"error":{"code":1010,"message":"too many in a given time","data":{"name":"RATE_LIMITED","retryable":true,"retryAfterMs":500}}}',
  );
});

const id = fc.oneof(fc.maxSafeInteger(), fc.string({ maxLength: 20 }));
const params = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
const method = fc.string({ minLength: 1, maxLength: 20 });
const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record({ kind: fc.constant('request' as const), id, method, params }),
  fc.record({ kind: fc.constant('notification' as const), method, params }),
  fc.record({ kind: fc.constant('success' as const), id, result: fc.jsonValue({ maxDepth: 3 }) }),
  fc.record({
    kind: fc.constant('error' as const),
    id: fc.oneof(id, fc.constant(null)),
    error: fc.record({ code: fc.maxSafeInteger(), message: fc.string() }),
  }),
);

test('what one peer encodes the other reads back', () => {
  fc.assert(
    fc.property(envelope, (original) => {
      const text = encodeEnvelope(original);
      assert.equal(encodeEnvelope(asEnvelope(decodeEnvelope(text))), text);
    }),
  );
});

test('no text makes the decoder throw, however it was damaged', () => {
  const damaged = fc
    .tuple(envelope, fc.array(fc.tuple(fc.nat(400), fc.nat(8), fc.string({ maxLength: 6 })), { maxLength: 5 }))
    .map(([original, cuts]) =>
      cuts.reduce((text, [at, length, insert]) => text.slice(0, at) + insert + text.slice(at + length), encodeEnvelope(original)),
    );
  const kinds = ['request', 'notification', 'success', 'error', 'malformed'];
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string(), fc.json()), (text) => {
      assert.ok(kinds.includes(decodeEnvelope(text).kind));
    }),
    { numRuns: 3_000 },
  );
});

function asEnvelope(decoded: ReturnType<typeof decodeEnvelope>): Envelope {
  assert.ok(decoded.kind !== 'malformed', decoded.kind === 'malformed' ? decoded.reason : '');
  return decoded;
}
