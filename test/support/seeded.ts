/**
 * Uniform numbers in 0..1 that are the same again for the same seed (SplitMix32).
 * @param seed any integer; its low 32 bits count
 */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run: SEED of the environment, to repeat a run, else a new one. */
export function seedOfRun(): number {
  return Number(process.env.SEED ?? Date.now() % 1_000_000_007);
}
