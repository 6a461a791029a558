import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { conforms, validate, validateBody, validateFrame, validateParams } from './validate.ts';
import { allVdMessages } from './vd/index.ts';
import { startTalkAudio } from './vm/audio-frame.ts';
import { vmFrames } from './vm/index.ts';
import { vrExchanges } from './vr/index.ts';
import { vsExchanges } from './vs/index.ts';

const vdMessages = Object.values(allVdMessages);
const exchanges = [...vsExchanges, ...vrExchanges];
const frames = [...vmFrames, startTalkAudio];

for (const message of vdMessages) {
  test(`every example of ${message.method} is a message a peer would take`, () => {
    assert.ok(message.examples.length > 0);
    for (const { params, result } of message.examples) {
      assert.deepEqual(validateParams(message, params), { ok: true, value: params });
      assert.deepEqual(validate(message.result, result), { ok: true, value: result });
    }
  });
}

for (const exchange of exchanges) {
  test(`every example of ${exchange.name} is a request and an answer a peer would take`, () => {
    assert.ok(exchange.examples.length > 0);
    for (const { body, result } of exchange.examples) {
      assert.deepEqual(validateBody(exchange, body), { ok: true, value: body });
      assert.deepEqual(validate(exchange.result, result), { ok: true, value: result });
    }
  });
}

for (const definition of frames) {
  test(`every example of the ${definition.type} frame of ${definition.sender} is taken`, () => {
    assert.ok(definition.examples.length > 0);
    for (const { frame } of definition.examples) assert.deepEqual(validateFrame(definition, frame), { ok: true, value: frame });
  });
}

test('a message that lacks one required member is refused, whichever it is', () => {
  for (const message of vdMessages) {
    for (const { params } of message.examples) {
      for (const name of requiredOf(message.params)) {
        const lacking = Object.fromEntries(Object.entries(params).filter(([member]) => member !== name));
        assert.equal(validateParams(message, lacking).ok, false, `${message.method} without ${name}`);
      }
    }
  }
});

test('members nobody knows are ignored and stay in place', () => {
  for (const message of vdMessages) {
    for (const { params } of message.examples) {
      const extended = { ...params, 'x-maker': { colour: 'red' } };
      assert.deepEqual(validateParams(message, extended), { ok: true, value: extended });
    }
  }
});

test('no value makes the judgement of any message throw', () => {
  const schemas = [
    ...vdMessages.flatMap((message) => [message.params, message.result]),
    ...exchanges.flatMap((exchange) => [exchange.body, exchange.result]),
    ...frames.map((definition) => definition.frame),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...schemas), fc.jsonValue({ maxDepth: 4 }), (schema, value) => {
      const judged = validate(schema, value);
      assert.equal(judged.ok, conforms(schema, value));
      assert.ok(judged.ok || (judged.problems.length >= 1 && judged.problems.length <= 5));
    }),
    { numRuns: 2_000 },
  );
});

function requiredOf(schema: object): readonly string[] {
  const required: unknown = 'required' in schema ? schema.required : [];
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}
