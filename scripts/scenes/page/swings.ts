import { add, frameAt, scale, toWorld, type Vec3 } from './math3d.ts';
import type { Mesh, Surface } from './mesh.ts';

const BEAM_HEIGHT = 2.25;
const ROPE = 1.8;
/** Whole swings in a loop: 60 s / 22 = 2.73 s, what a rope of 1.8 m takes. */
const SWINGS_PER_LOOP = 22;

/** A frame with two swings, a child on one of them; the other moves a little in the wind. */
export function drawSwings(mesh: Mesh, second: number): void {
  const frame = frameAt([-0.35, 0, -11.6], 0.85);
  const place = (local: Vec3): Vec3 => toWorld(frame, local);
  const wood: Surface = { color: [0.4, 0.25, 0.13] };
  mesh.limb(place([-1.5, BEAM_HEIGHT, 0]), place([1.5, BEAM_HEIGHT, 0]), 0.065, 0.065, wood, 8);
  for (const side of [-1, 1]) {
    for (const lean of [-1, 1]) mesh.limb(place([side * 1.72, 0, lean * 0.95]), place([side * 1.42, BEAM_HEIGHT, 0]), 0.06, 0.055, wood, 8);
  }
  const turn = (2 * Math.PI * SWINGS_PER_LOOP * second) / 60;
  const strength = 0.56 + 0.06 * Math.sin((2 * Math.PI * 2 * second) / 60);
  drawSwing(mesh, place, -0.62, strength * Math.sin(turn), Math.cos(turn));
  drawSwing(mesh, place, 0.62, 0.07 * Math.sin((2 * Math.PI * 21 * second) / 60 + 1), undefined);
}

/** `push` is -1..1 with the direction of the swing, for the child's legs; undefined when the seat is empty. */
function drawSwing(mesh: Mesh, place: (local: Vec3) => Vec3, x: number, angle: number, push: number | undefined): void {
  const up: Vec3 = [0, Math.cos(angle), Math.sin(angle)];
  const forward: Vec3 = [0, Math.sin(angle), -Math.cos(angle)];
  const seat: Vec3 = add([x, BEAM_HEIGHT, 0], scale(up, -ROPE));
  const at = (side: number, ahead: number, above: number): Vec3 =>
    place(add(seat, add([side, 0, 0], add(scale(forward, ahead), scale(up, above)))));
  for (const side of [-0.24, 0.24])
    mesh.limb(at(side, 0, 0), place([x + side, BEAM_HEIGHT, 0]), 0.014, 0.014, { color: [0.5, 0.42, 0.28] }, 5);
  mesh.box((local) => at(local[0], local[2], local[1]), [-0.26, -0.03, -0.11], [0.26, 0.01, 0.11], { color: [0.42, 0.05, 0.04] });
  if (push !== undefined) drawChild(mesh, at, push);
}

function drawChild(mesh: Mesh, at: (side: number, ahead: number, above: number) => Vec3, push: number): void {
  const [shirt, trousers]: [Surface, Surface] = [{ color: [0.75, 0.5, 0.05] }, { color: [0.06, 0.1, 0.25] }];
  const [skin, hair]: [Surface, Surface] = [{ color: [0.55, 0.36, 0.26] }, { color: [0.16, 0.07, 0.03] }];
  const lean = -0.12 - 0.14 * push;
  for (const side of [-1, 1]) {
    mesh.limb(at(side * 0.045, 0, 0.1), at(side * 0.05, lean * 0.75, 0.4), 0.09, 0.085, shirt);
    const kick = 0.25 + 0.6 * Math.max(0, push);
    const knee = [0.34, 0.1] as const;
    mesh.limb(at(side * 0.07, 0.02, 0.08), at(side * 0.09, ...knee), 0.072, 0.055, trousers, 8);
    const ankle = [knee[0] + 0.32 * Math.sin(kick) - 0.08 * (1 - push), knee[1] - 0.32 * Math.cos(kick)] as const;
    mesh.limb(at(side * 0.09, ...knee), at(side * 0.09, ...ankle), 0.052, 0.04, trousers, 8);
    mesh.limb(at(side * 0.09, ...ankle), at(side * 0.09, ankle[0] + 0.11, ankle[1] + 0.02), 0.04, 0.035, { color: [0.6, 0.6, 0.6] }, 8);
    mesh.limb(at(side * 0.14, lean * 0.75, 0.42), at(side * 0.21, lean * 0.5 + 0.05, 0.28), 0.05, 0.04, shirt, 8);
    mesh.limb(at(side * 0.21, lean * 0.5 + 0.05, 0.28), at(side * 0.235, 0.01, 0.44), 0.04, 0.03, skin, 8);
  }
  mesh.limb(at(0, lean * 0.8, 0.46), at(0, lean * 0.95, 0.56), 0.045, 0.045, skin, 8);
  mesh.ellipsoid((local) => at(...local), [0, lean + 0.02, 0.66], [0.092, 0.1, 0.115], skin);
  mesh.ellipsoid((local) => at(...local), [0, lean - 0.01, 0.69], [0.102, 0.105, 0.105], hair);
}
