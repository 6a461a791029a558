/** 32 kHz because 60 s of it is a whole number of AAC frames: 1920000 = 1875 x 1024 samples. */
export const SAMPLE_RATE = 32_000;
export const SAMPLES_PER_LOOP = 60 * SAMPLE_RATE;

const LOUDNESS = 2;

/** A sound at a moment of the loop. `level` 0..1; `seconds` is how long a pass or a call lasts. */
export interface Cue {
  readonly sound: 'chirp' | 'pass' | 'step' | 'bark';
  readonly at: number;
  readonly level: number;
  readonly seconds?: number;
  /** Pitch in Hz of a chirp. */
  readonly pitch?: number;
}

/** One loop of sound, -1..1: wind, a soft tick each second, and the cues; its end runs on into its start. */
export function synthesizeAmbience(seed: number, cues: readonly Cue[]): Float32Array {
  const loop = new Float32Array(SAMPLES_PER_LOOP);
  addWind(loop, seed);
  for (let second = 0; second < 60; second += 1) addTick(loop, second);
  for (const cue of cues) addCue(loop, cue, seed + Math.round(cue.at * 1000));
  return loop.map((sample) => LOUDNESS * sample);
}

/** Uniform noise -1..1, the same for the same seed (a linear congruential sequence). */
function createNoise(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x8000_0000 - 1;
  };
}

/** The filter runs twice over the same noise, so that the kept second turn begins in the state in which it ends. */
function addWind(loop: Float32Array, seed: number): void {
  const noise = createNoise(seed);
  const white = Float32Array.from({ length: SAMPLES_PER_LOOP }, noise);
  let low = 0;
  let lower = 0;
  for (let turn = 0; turn < 2; turn += 1) {
    for (let index = 0; index < SAMPLES_PER_LOOP; index += 1) {
      const phase = (2 * Math.PI * index) / SAMPLES_PER_LOOP;
      const gust = 0.55 + 0.25 * Math.sin(3 * phase + seed) + 0.2 * Math.sin(7 * phase + 2 * seed);
      low += (0.03 + 0.05 * gust) * ((white[index] ?? 0) - low);
      lower += 0.006 * (low - lower);
      if (turn === 1) loop[index] = 0.22 * gust * (low - lower);
    }
  }
}

function addTick(loop: Float32Array, second: number): void {
  const level = second === 0 ? 0.09 : 0.05;
  addSamples(loop, second, 0.06, (time) => level * Math.exp(-time * 130) * Math.sin(2 * Math.PI * 1900 * time));
}

function addCue(loop: Float32Array, cue: Cue, seed: number): void {
  const noise = createNoise(seed);
  if (cue.sound === 'chirp') addChirp(loop, cue);
  else if (cue.sound === 'pass') addPass(loop, cue, noise);
  else if (cue.sound === 'bark') addBark(loop, cue, noise);
  else addStep(loop, cue, noise);
}

function addChirp(loop: Float32Array, { at, level, pitch = 3800 }: Cue): void {
  for (let note = 0; note < 3; note += 1) {
    addSamples(loop, at + note * 0.17, 0.12, (time) => {
      const swell = Math.sin((Math.PI * time) / 0.12) ** 2;
      return 0.07 * level * swell * Math.sin(2 * Math.PI * (pitch * time + (note % 2 === 0 ? 4200 : -3600) * time * time));
    });
  }
}

function addPass(loop: Float32Array, { at, level, seconds = 4 }: Cue, noise: () => number): void {
  let low = 0;
  addSamples(loop, at - seconds / 2, seconds, (time) => {
    const near = Math.sin((Math.PI * time) / seconds) ** 3;
    low += (0.02 + 0.09 * near) * (noise() - low);
    return level * near * (0.32 * low + 0.02 * Math.sin(2 * Math.PI * (92 - (14 * time) / seconds) * time));
  });
}

function addStep(loop: Float32Array, { at, level }: Cue, noise: () => number): void {
  let low = 0;
  addSamples(loop, at, 0.11, (time) => {
    low += 0.16 * (noise() - low);
    return 0.3 * level * low * Math.exp(-time * 48);
  });
}

function addBark(loop: Float32Array, { at, level }: Cue, noise: () => number): void {
  addSamples(loop, at, 0.16, (time) => {
    const swell = Math.sin((Math.PI * time) / 0.16) ** 0.7;
    const pitch = 2 * Math.PI * (430 * time - 700 * time * time);
    return 0.16 * level * swell * (Math.sin(pitch) + 0.5 * Math.sin(2 * pitch) + 0.3 * Math.sin(3 * pitch) + 0.25 * noise());
  });
}

function addSamples(loop: Float32Array, at: number, seconds: number, wave: (time: number) => number): void {
  const first = Math.round(at * SAMPLE_RATE);
  const count = Math.round(seconds * SAMPLE_RATE);
  for (let offset = 0; offset < count; offset += 1) {
    const index = (((first + offset) % SAMPLES_PER_LOOP) + SAMPLES_PER_LOOP) % SAMPLES_PER_LOOP;
    loop[index] = (loop[index] ?? 0) + wave(offset / SAMPLE_RATE);
  }
}
