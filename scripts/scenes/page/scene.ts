import type { Mesh } from './mesh.ts';
import type { Daylight, View } from './renderer.ts';

/** One camera's world. */
export interface Scene {
  /** Burnt into the frame cells; 1 or more. */
  readonly id: number;
  readonly name: string;
  readonly view: View;
  readonly daylight: Daylight;
  readonly buildStill: (mesh: Mesh) => void;
  /** Adds what moves, as it is at a second 0..60 of the loop; second 60 is second 0. */
  readonly buildMoving: (mesh: Mesh, second: number) => void;
}
