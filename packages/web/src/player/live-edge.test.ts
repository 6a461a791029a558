import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveEdge } from './live-edge.ts';

const range = (startSec: number, endSec: number) => ({ startSec, endSec });

test('the first pictures are joined shortly behind the newest, not at the key frame before it', () => {
  assert.deepEqual(new LiveEdge().order({ atSec: 0, ranges: [range(35, 37)] }), { playbackRate: 1, seekToSec: 36.55 });
});

test('a start burst shorter than the distance to the edge plays from its beginning', () => {
  assert.deepEqual(new LiveEdge().order({ atSec: 0, ranges: [range(35, 35.2)] }), { playbackRate: 1, seekToSec: 35 });
});

test('at the right distance nothing is changed', () => {
  const edge = new LiveEdge();
  assert.deepEqual(edge.order({ atSec: 9.55, ranges: [range(0, 10)] }), { playbackRate: 1 });
  assert.deepEqual(edge.order({ atSec: 9.68, ranges: [range(0, 10)] }), { playbackRate: 1 });
});

test('a little behind is caught up by playing faster, never above a tenth', () => {
  const edge = new LiveEdge();
  assert.deepEqual(edge.order({ atSec: 9.2, ranges: [range(0, 10)] }), { playbackRate: 1.05 });
  assert.deepEqual(edge.order({ atSec: 7.2, ranges: [range(0, 10)] }), { playbackRate: 1.1 });
});

test('too near to the edge plays slower, never below 0.95', () => {
  const edge = new LiveEdge();
  assert.deepEqual(edge.order({ atSec: 9.75, ranges: [range(0, 10)] }), { playbackRate: 0.99 });
  assert.deepEqual(edge.order({ atSec: 9.99, ranges: [range(0, 10)] }), { playbackRate: 0.95 });
});

test('more than three seconds behind jumps', () => {
  assert.deepEqual(new LiveEdge().order({ atSec: 6.9, ranges: [range(0, 10)] }), { playbackRate: 1, seekToSec: 9.55 });
});

test('a hole that the server skipped is jumped over', () => {
  assert.deepEqual(new LiveEdge().order({ atSec: 7.95, ranges: [range(0, 8), range(8.8, 9.6)] }), { playbackRate: 1, seekToSec: 8.8 });
});

test('a timeline that began anew is followed', () => {
  assert.deepEqual(new LiveEdge().order({ atSec: 500, ranges: [range(0, 1)] }), { playbackRate: 1, seekToSec: 0.55 });
});

test('without media there is nothing to do', () => {
  assert.deepEqual(new LiveEdge().order({ atSec: 0, ranges: [] }), { playbackRate: 1 });
});

test('each stall keeps more in reserve, up to a second and a half', () => {
  const edge = new LiveEdge();
  for (let stall = 0; stall < 10; stall += 1) {
    edge.order({ atSec: 9.5, ranges: [range(0, 10)] });
    edge.onStall();
  }
  assert.equal(edge.targetSec, 1.5);
});

test('waiting for the first picture and after a jump is no stall', () => {
  const edge = new LiveEdge();
  edge.onStall();
  edge.order({ atSec: 0, ranges: [range(35, 37)] });
  edge.onStall();
  assert.equal(edge.targetSec, 0.45);
});
