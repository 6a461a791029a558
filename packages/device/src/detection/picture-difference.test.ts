import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictureDifference } from './picture-difference.ts';
import { contains, isZones, type Zone } from './zones.ts';

const WIDTH = 32;
const HEIGHT = 18;

/** A gray picture with a brighter square of `size` pixels at `left`, `top`. */
function picture({ left = 0, top = 0, size = 0, gray = 100 } = {}): Uint8Array {
  const bytes = new Uint8Array(WIDTH * HEIGHT).fill(gray);
  for (let y = top; y < top + size; y += 1) for (let x = left; x < left + size; x += 1) bytes[y * WIDTH + x] = gray + 80;
  return bytes;
}

function watching(zones: readonly Zone[] = [], sensitivity = 5) {
  const difference = new PictureDifference({ width: WIDTH, height: HEIGHT, sensitivity, zones });
  for (let count = 0; count < 10; count += 1) difference.judge(picture());
  return difference;
}

const rectangle = (x0: number, y0: number, x1: number, y1: number) => [
  { x: x0, y: y0 },
  { x: x1, y: y0 },
  { x: x1, y: y1 },
  { x: x0, y: y1 },
];
const leftHalf: Zone = { id: 'left', use: 'motion', vertices: rectangle(0, 0, 0.5, 1) };
const topIgnored: Zone = { id: 'sky', use: 'ignore', vertices: rectangle(0, 0, 1, 0.5) };

test('something that comes into the picture is motion, a still picture is none', () => {
  const difference = watching();
  assert.deepEqual(difference.judge(picture()), { level: 0, zones: [] });
  assert.ok(difference.judge(picture({ left: 10, top: 8, size: 5 })).level > 1);
});

test('what stays becomes usual after a while', () => {
  const difference = watching();
  const parcel = picture({ left: 10, top: 8, size: 5 });
  for (let count = 0; count < 300; count += 1) difference.judge(parcel);
  assert.equal(difference.judge(parcel).level, 0);
});

test('what sways all the time becomes usual, a visitor beside it does not', () => {
  const difference = watching();
  const tree = (turn: number) => picture({ left: 2 + (turn % 3), top: 2, size: 4 });
  for (let turn = 0; turn < 400; turn += 1) difference.judge(tree(turn));
  let highest = 0;
  for (let turn = 0; turn < 30; turn += 1) highest = Math.max(highest, difference.judge(tree(turn)).level);
  assert.ok(highest < 1, `${highest}`);
  const visitor = tree(0);
  for (let y = 9; y < 15; y += 1) visitor.fill(220, y * WIDTH + 20, y * WIDTH + 25);
  assert.ok(difference.judge(visitor).level > 1);
});

test('a light that is switched on is no motion, and motion in that light is seen at once', () => {
  const difference = watching();
  assert.deepEqual(difference.judge(picture({ gray: 170 })), { level: 0, zones: [] });
  assert.ok(difference.judge(picture({ gray: 170, left: 10, top: 8, size: 5 })).level > 1);
});

test('a sharper setting sees what a dull one does not', () => {
  const small = picture({ left: 10, top: 8, size: 2 });
  assert.ok(watching([], 1).judge(small).level < 1);
  assert.ok(watching([], 10).judge(small).level > 1);
});

test('only what moves in a zone counts, and the zone is named', () => {
  const difference = watching([leftHalf]);
  assert.deepEqual(difference.judge(picture({ left: 20, top: 8, size: 5 })), { level: 0, zones: [] });
  const seen = difference.judge(picture({ left: 3, top: 8, size: 5 }));
  assert.ok(seen.level > 1);
  assert.deepEqual(seen.zones, ['left']);
});

test('what moves in an ignored zone does not count', () => {
  const difference = watching([topIgnored]);
  assert.equal(difference.judge(picture({ left: 10, top: 1, size: 5 })).level, 0);
  assert.ok(difference.judge(picture({ left: 10, top: 12, size: 5 })).level > 1);
  const both = watching([leftHalf, topIgnored]);
  assert.equal(both.judge(picture({ left: 3, top: 1, size: 5 })).level, 0);
});

test('a point lies inside a zone with a bay, or in the bay outside', () => {
  const bay = [
    { x: 0, y: 0 },
    { x: 1, y: 0 },
    { x: 1, y: 1 },
    { x: 0.5, y: 0.2 },
    { x: 0, y: 1 },
  ];
  assert.equal(contains(bay, { x: 0.1, y: 0.5 }), true);
  assert.equal(contains(bay, { x: 0.5, y: 0.5 }), false);
  assert.equal(contains(bay, { x: 1.1, y: 0.1 }), false);
});

test('zones that are none are told from zones', () => {
  const { vertices } = leftHalf;
  assert.equal(isZones([leftHalf, topIgnored]), true);
  assert.equal(isZones([{ ...leftHalf, name: 'Gate', sensitivity: 10 }]), true);
  const wrong: readonly unknown[] = [
    {},
    [null],
    [{ ...leftHalf, use: 'privacy' }],
    [{ ...leftHalf, sensitivity: 11 }],
    [{ ...leftHalf, name: 'x'.repeat(33) }],
    [{ ...leftHalf, vertices: vertices.slice(0, 2) }],
    [{ ...leftHalf, vertices: [...vertices, ...vertices, ...vertices, ...vertices] }],
    [{ ...leftHalf, vertices: [...vertices, { x: 1.01, y: 0 }] }],
    [leftHalf, leftHalf],
    Array.from({ length: 9 }, (_, index) => ({ ...leftHalf, id: `${index}` })),
  ];
  for (const zones of wrong) assert.equal(isZones(zones), false, JSON.stringify(zones));
});
