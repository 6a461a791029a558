import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contents } from './contents.ts';
import { vdMessages } from './vd/index.ts';
import { startMediaBroadcasting } from './vm/start-media-broadcasting.ts';
import { stopMediaService } from './vm/stop-media-service.ts';
import { vrExchanges } from './vr/index.ts';
import { vsExchanges } from './vs/index.ts';

const numbersBelow = (prefix: string): readonly string[] =>
  contents.map<string>(({ number }) => number).filter((number) => number.startsWith(`${prefix}.`));

test('the 32 device management messages of the contents list are there, once each and in order', () => {
  const items = Object.values(vdMessages).map((message) => message.provenance.item);
  assert.equal(items.length, 32);
  assert.deepEqual(items, numbersBelow('I.2'));
});

test('the 5 video service messages of the contents list are there, once each and in order', () => {
  const items = vrExchanges.map((exchange) => exchange.provenance.item);
  assert.deepEqual(items, ['I.3.1', 'I.3.2', 'I.3.3', 'I.3.4', 'I.3.5']);
  assert.deepEqual(items, numbersBelow('I.3'));
});

test('scheduling and both media broadcasting messages of the contents list are there', () => {
  assert.ok(vsExchanges.every((exchange) => exchange.provenance.item === 'I.1'));
  assert.equal(startMediaBroadcasting.provenance.clause, '9.3.3.2.1');
  assert.equal(stopMediaService.provenance.clause, '9.3.3.2.2');
});

test('every clause a message names stands in the contents list', () => {
  const numbers = new Set<string>(contents.map(({ number }) => number));
  const definitions = [...Object.values(vdMessages), ...vsExchanges, ...vrExchanges, startMediaBroadcasting, stopMediaService];
  for (const { provenance } of definitions) assert.ok(numbers.has(provenance.clause), provenance.clause);
});
