import fc from 'fast-check';

/** One change of some bytes. Places are fractions of the length, so that it fits inputs of any length. */
export interface Change {
  readonly kind: (typeof kinds)[number];
  readonly at: number;
  readonly to: number;
  /** 32 bits. */
  readonly value: number;
}

const kinds = ['byte', 'bit', 'word', 'long', 'remove', 'repeat', 'swap', 'cut', 'grow'] as const;
/** Numbers at which lengths, counts and signs turn over. */
const tellingNumbers = [
  0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff,
] as const;
const growthBytes = 64;
const maxChanges = 6;
/** What repeated repeats may grow an input to. */
const maxInputBytes = 256 * 1024;

export function changed(sample: Uint8Array, changes: readonly Change[]): Uint8Array {
  return changes.reduce((bytes, change) => apply(bytes, change).slice(0, maxInputBytes), sample);
}

function apply(bytes: Uint8Array, { kind, at, to, value }: Change): Uint8Array {
  const [from, until] = [Math.floor(at * bytes.length), Math.floor(to * bytes.length)].sort((a, b) => a - b) as [number, number];
  const place = Math.floor(at * bytes.length);
  switch (kind) {
    case 'byte':
      return written(bytes, place, [value]);
    case 'bit':
      return written(bytes, place, [(bytes[place] ?? 0) ^ (1 << (value & 7))]);
    case 'word':
      return written(bytes, place, [value >>> 8, value]);
    case 'long':
      return written(bytes, place, [value >>> 24, value >>> 16, value >>> 8, value]);
    case 'remove':
      return joined(bytes.subarray(0, from), bytes.subarray(until));
    case 'repeat':
      return joined(bytes.subarray(0, until), bytes.subarray(from));
    case 'swap':
      return joined(bytes.subarray(until), bytes.subarray(from, until), bytes.subarray(0, from));
    case 'cut':
      return bytes.subarray(0, place);
    case 'grow':
      return joined(bytes.subarray(0, place), new Uint8Array(growthBytes).fill(value), bytes.subarray(place));
  }
}

function written(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  for (const [index, value] of values.entries()) if (at + index < copy.length) copy[at + index] = value & 0xff;
  return copy;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Broken inputs that fast-check can make small again. */
export function brokenInputs(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const value = fc.oneof(fc.constantFrom(...tellingNumbers), fc.nat(0xffff_ffff));
  const change = fc.record({ kind: fc.constantFrom(...kinds), at: place, to: place, value });
  const inputs = fc.tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: maxChanges }));
  return inputs.map(([sample, changes]) => changed(sample, changes));
}

/** One broken input, the same again for the same `random`: faster by far, for the many. Now and then it joins two samples. */
export function brokenInput(samples: readonly Uint8Array[], random: () => number): Uint8Array {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const first = pick(samples);
  const sample = random() < 0.1 ? joined(first.subarray(0, random() * first.length), pick(samples)) : first;
  const count = 1 + Math.floor(random() * maxChanges);
  const changes = Array.from({ length: count }, (): Change => {
    const at = random();
    // Ranges are short as often as they are long.
    const to = random() < 0.5 ? random() : Math.min(1, at + (random() * 16) / Math.max(1, sample.length));
    return { kind: pick(kinds), at, to, value: random() < 0.5 ? pick(tellingNumbers) : Math.floor(random() * 0x1_0000_0000) };
  });
  return changed(sample, changes);
}
