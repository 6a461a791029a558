import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeVmFrame, vmFrames } from './index.ts';

test('each text frame of a media session is told by its type', () => {
  for (const definition of vmFrames) {
    for (const { frame } of definition.examples) assert.deepEqual(decodeVmFrame(JSON.stringify(frame)), frame);
  }
  assert.deepEqual(
    vmFrames.map(({ type }) => type),
    ['start', 'started', 'error', 'redirect', 'stop'],
  );
});

test('a text that is no frame is nothing, and never throws', () => {
  for (const text of ['', 'null', '[]', '{}', '{"type":"pause"}', '{"type":"stop"}', `{"type":"stop","x":"${'a'.repeat(65_536)}"}`]) {
    assert.equal(decodeVmFrame(text), undefined);
  }
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decodeVmFrame(text)));
});
