/** Metres; x to the right, y up, z towards the viewer (what the camera sees has a negative z). */
export type Vec3 = readonly [number, number, number];

export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const sub = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vec3, factor: number): Vec3 => [a[0] * factor, a[1] * factor, a[2] * factor];
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const length = (a: Vec3): number => Math.hypot(...a);
export const normalize = (a: Vec3): Vec3 => scale(a, 1 / Math.max(length(a), 1e-9));
export const cross = (a: Vec3, b: Vec3): Vec3 => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const lerp = (a: number, b: number, share: number): number => a + (b - a) * share;
export const mix = (a: Vec3, b: Vec3, share: number): Vec3 => add(scale(a, 1 - share), scale(b, share));

/** 0 below `from`, 1 above `to`, and a smooth slope between. */
export function smoothstep(from: number, to: number, value: number): number {
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return share * share * (3 - 2 * share);
}

/** A place and a direction on the ground: local z points back, so a figure looks along its own -z. */
export interface Frame {
  readonly origin: Vec3;
  readonly right: Vec3;
  readonly up: Vec3;
  readonly back: Vec3;
}

/** `heading` 0 looks away from the camera (-z), positive turns to the left. */
export function frameAt(origin: Vec3, heading: number, size = 1): Frame {
  const cos = Math.cos(heading) * size;
  const sin = Math.sin(heading) * size;
  return { origin, right: [cos, 0, -sin], up: [0, size, 0], back: [sin, 0, cos] };
}

export const toWorld = (frame: Frame, local: Vec3): Vec3 =>
  add(frame.origin, add(scale(frame.right, local[0]), add(scale(frame.up, local[1]), scale(frame.back, local[2]))));

/** Column-major 4x4, as WebGL takes it. */
export type Matrix = Float32Array;

export function multiply(a: Matrix, b: Matrix): Matrix {
  const result = new Float32Array(16);
  for (let column = 0; column < 4; column += 1) {
    for (let row = 0; row < 4; row += 1) {
      let sum = 0;
      for (let k = 0; k < 4; k += 1) sum += (a[k * 4 + row] ?? 0) * (b[column * 4 + k] ?? 0);
      result[column * 4 + row] = sum;
    }
  }
  return result;
}

export function lookAlong(eye: Vec3, direction: Vec3): Matrix {
  const back = normalize(scale(direction, -1));
  const right = normalize(cross([0, 1, 0], back));
  const up = cross(back, right);
  return new Float32Array([
    ...[right[0], up[0], back[0], 0],
    ...[right[1], up[1], back[1], 0],
    ...[right[2], up[2], back[2], 0],
    ...[-dot(right, eye), -dot(up, eye), -dot(back, eye), 1],
  ]);
}

export function perspective(focal: number, aspect: number, near: number, far: number): Matrix {
  const depth = 1 / (near - far);
  return new Float32Array([focal, 0, 0, 0, 0, focal * aspect, 0, 0, 0, 0, (far + near) * depth, -1, 0, 0, 2 * far * near * depth, 0]);
}

export function orthographic(halfWidth: number, halfDepth: number): Matrix {
  return new Float32Array([1 / halfWidth, 0, 0, 0, 0, 1 / halfWidth, 0, 0, 0, 0, -1 / halfDepth, 0, 0, 0, 0, 1]);
}

/** Numbers 0..1 that look random and are the same for the same seed. */
export function createSequence(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x9e37_79b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 0x1_0000_0000;
  };
}
