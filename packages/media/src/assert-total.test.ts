// What the tests of this folder share to break inputs; it holds no test of its own.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MediaError } from './media-error.ts';

const runsPerParser = 2_000;
/** Far above what any input needs; a parser that hangs never comes below it. */
const longestMs = 1_000;

type Change = (bytes: Uint8Array) => Uint8Array;

/** Places are fractions, so that one change fits inputs of any length. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const telling32 = fc.constantFrom(0, 1, 7, 8, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.nat(255)).map(
    ([at, value]): Change =>
      (bytes) =>
        withBytes(bytes, at, [value]),
  ),
  fc.tuple(place, fc.nat(7)).map(
    ([at, bit]): Change =>
      (bytes) =>
        withBytes(bytes, at, [(bytes[indexAt(bytes, at)] ?? 0) ^ (1 << bit)]),
  ),
  fc.tuple(place, telling32).map(
    ([at, value]): Change =>
      (bytes) =>
        withBytes(bytes, at, [value >>> 24, value >>> 16, value >>> 8, value]),
  ),
  fc.tuple(place, place).map(
    ([from, to]): Change =>
      (bytes) =>
        without(bytes, indexAt(bytes, from), indexAt(bytes, to)),
  ),
  fc.tuple(place, place).map(
    ([from, to]): Change =>
      (bytes) =>
        repeated(bytes, indexAt(bytes, from), indexAt(bytes, to)),
  ),
  place.map(
    (at): Change =>
      (bytes) =>
        bytes.slice(0, indexAt(bytes, at)),
  ),
);

function indexAt(bytes: Uint8Array, at: number): number {
  return Math.floor(at * bytes.length);
}

function withBytes(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const changed = bytes.slice();
  for (const [index, value] of values.entries()) changed[indexAt(bytes, at) + index] = value & 0xff;
  return changed;
}

function without(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, from), bytes.subarray(Math.max(from, to))]));
}

function repeated(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to)]));
}

/** Feeds a parser the changed samples: it returns or throws MediaError, and soon. */
export async function assertTotal(samples: readonly Uint8Array[], parse: (bytes: Uint8Array) => unknown): Promise<void> {
  const inputs = fc.tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 6 }));
  await fc.assert(
    fc.asyncProperty(inputs, async ([sample, changes]) => {
      const input = changes.reduce((bytes, apply) => apply(bytes), sample);
      const startedMs = performance.now();
      try {
        await parse(input);
      } catch (error) {
        assert.ok(error instanceof MediaError, String(error));
      }
      assert.ok(performance.now() - startedMs < longestMs);
    }),
    { numRuns: runsPerParser },
  );
}
