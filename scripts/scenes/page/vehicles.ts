import { add, type Frame, scale, toWorld, type Vec3 } from './math3d.ts';
import { Material, type Mesh, type Surface } from './mesh.ts';

/** One cut across a body: place along it (front is negative), half width, floor and roof line. */
type Station = readonly [z: number, halfWidth: number, floor: number, roof: number];

const CAR_BODY: readonly Station[] = [
  [-2.141, 0.01, 0.5, 0.51],
  [-2.14, 0.3, 0.45, 0.58],
  [-2.13, 0.66, 0.32, 0.66],
  [-2.0, 0.82, 0.24, 0.74],
  [-1.5, 0.88, 0.2, 0.84],
  [-0.85, 0.9, 0.2, 0.93],
  [0.4, 0.9, 0.2, 0.96],
  [1.4, 0.9, 0.2, 0.98],
  [1.9, 0.86, 0.22, 0.97],
  [2.1, 0.76, 0.28, 0.9],
  [2.13, 0.6, 0.4, 0.82],
  [2.131, 0.01, 0.6, 0.61],
];
const VAN_BODY: readonly Station[] = [
  [-2.501, 0.01, 0.6, 0.61],
  [-2.5, 0.4, 0.5, 0.7],
  [-2.48, 0.78, 0.36, 0.95],
  [-2.3, 0.93, 0.28, 1.12],
  [-1.85, 0.97, 0.26, 1.28],
  [-1.5, 0.97, 0.26, 1.68],
  [-1.1, 0.97, 0.26, 2.12],
  [-0.8, 0.97, 0.26, 2.22],
  [2.3, 0.97, 0.26, 2.24],
  [2.48, 0.94, 0.3, 2.18],
  [2.5, 0.86, 0.4, 2.05],
  [2.501, 0.01, 1.2, 1.21],
];
const DARK: Vec3 = [0.012, 0.012, 0.014];
const GLASS: Surface = { color: [0.015, 0.02, 0.025], material: Material.glass };

export interface Vehicle {
  readonly paint: Vec3;
  /** Turn of the wheels in radians. */
  readonly wheels: number;
  readonly braking?: boolean;
}

/** A small car, 4.3 m long, with its front to the frame's -z. */
export function drawCar(mesh: Mesh, frame: Frame, car: Vehicle): void {
  const place = (local: Vec3): Vec3 => toWorld(frame, local);
  const paint: Surface = { color: car.paint, material: Material.paint };
  mesh.loft(
    CAR_BODY.map((station) => crossCut(place, station)),
    paint,
  );
  mesh.loft(
    [planCut(place, 0.88, 0.83, -1.0, 1.86), planCut(place, 1.15, 0.75, -0.6, 1.62), planCut(place, 1.36, 0.66, -0.2, 1.25)],
    GLASS,
  );
  mesh.loft(
    [
      planCut(place, 1.34, 0.67, -0.24, 1.29),
      planCut(place, 1.4, 0.63, -0.16, 1.2),
      planCut(place, 1.43, 0.4, 0.1, 0.9),
      planCut(place, 1.435, 0.01, 0.5, 0.52),
    ],
    paint,
  );
  for (const side of [-1, 1]) {
    for (const [low, high] of [
      [-0.92, -0.22],
      [0.35, 0.4],
      [1.7, 1.18],
    ] as const) {
      mesh.limb(
        place([side * (low < -0.5 || low > 1 ? 0.71 : 0.81), 0.9, low]),
        place([side * (low < -0.5 || low > 1 ? 0.58 : 0.67), 1.37, high]),
        0.04,
        0.035,
        paint,
        6,
      );
    }
    mesh.ellipsoid(place, [side * 0.95, 0.96, -0.62], [0.1, 0.07, 0.07], paint, 8);
    mesh.limb(place([side * 0.897, 0.72, 0.1]), place([side * 0.897, 0.72, 0.24]), 0.018, 0.018, { color: scale(car.paint, 0.5) }, 5);
    mesh.limb(place([side * 0.896, 0.3, 0.42]), place([side * 0.89, 0.9, 0.42]), 0.007, 0.007, { color: DARK }, 5);
    mesh.limb(place([side * 0.896, 0.3, -0.8]), place([side * 0.89, 0.88, -0.8]), 0.007, 0.007, { color: DARK }, 5);
    mesh.ellipsoid(place, [side * 0.6, 0.6, -2.02], [0.19, 0.075, 0.12], { color: [0.75, 0.75, 0.72], material: Material.glass }, 8);
    const lamp: Surface =
      car.braking === true
        ? { color: [0.95, 0.06, 0.03], material: Material.light }
        : { color: [0.3, 0.01, 0.01], material: Material.glass };
    mesh.ellipsoid(place, [side * 0.64, 0.74, 2.06], [0.17, 0.1, 0.1], lamp, 8);
    for (const z of [-1.32, 1.32]) drawWheel(mesh, place, side, [side * 0.74, 0.32, z], car.wheels);
  }
  mesh.box(place, [-0.26, 0.4, -2.16], [0.26, 0.5, -2.1], { color: [0.6, 0.6, 0.55] });
  mesh.box(place, [-0.26, 0.48, 2.1], [0.26, 0.59, 2.15], { color: [0.6, 0.6, 0.55] });
  mesh.box(place, [-0.5, 0.52, -2.14], [0.5, 0.56, -2.1], { color: DARK });
}

/** A delivery van, 5 m long, with a band of colour along its side. */
export function drawVan(mesh: Mesh, frame: Frame, van: Vehicle & { readonly band: Vec3 }): void {
  const place = (local: Vec3): Vec3 => toWorld(frame, local);
  mesh.loft(
    VAN_BODY.map((station) => crossCut(place, station)),
    { color: van.paint, material: Material.paint },
  );
  mesh.quad([place([-0.8, 1.36, -1.84]), place([0.8, 1.36, -1.84]), place([0.72, 2.04, -1.22]), place([-0.72, 2.04, -1.22])], GLASS);
  for (const side of [-1, 1]) {
    const wall = (z: number, y: number): Vec3 => place([side * 0.985, y, z]);
    mesh.quad([wall(-1.55, 1.22), wall(-0.62, 1.22), wall(-0.62, 1.86), wall(-1.2, 1.86)], GLASS);
    mesh.quad([wall(-0.4, 0.86), wall(2.2, 0.86), wall(2.2, 1.08), wall(-0.1, 1.08)], { color: van.band });
    mesh.quad([wall(0.55, 1.3), wall(1.1, 1.3), wall(1.1, 1.85), wall(0.55, 1.85)], { color: van.band });
    const string = (z: number, y: number): Vec3 => place([side * 0.989, y, z]);
    mesh.quad([string(0.79, 1.302), string(0.86, 1.302), string(0.86, 1.848), string(0.79, 1.848)], { color: van.paint });
    mesh.limb(wall(-0.52, 0.45), wall(-0.52, 2.0), 0.006, 0.006, { color: scale(van.paint, 0.2) }, 5);
    mesh.ellipsoid(place, [side * 1.08, 1.4, -1.5], [0.1, 0.16, 0.07], { color: DARK }, 8);
    mesh.ellipsoid(place, [side * 0.72, 0.82, -2.4], [0.16, 0.11, 0.1], { color: [0.75, 0.75, 0.72], material: Material.glass }, 8);
    const lamp: Surface = van.braking === true ? { color: [0.95, 0.06, 0.03], material: Material.light } : { color: [0.3, 0.01, 0.01] };
    mesh.box(place, [side * 0.86 - 0.07, 0.8, 2.44], [side * 0.86 + 0.07, 1.3, 2.53], lamp);
    for (const z of [-1.55, 1.55]) drawWheel(mesh, place, side, [side * 0.8, 0.35, z], van.wheels);
  }
}

function crossCut(place: (local: Vec3) => Vec3, [z, halfWidth, floor, roof]: Station): Vec3[] {
  const [middle, half] = [(roof + floor) / 2, (roof - floor) / 2];
  return Array.from({ length: 28 }, (_, index) => {
    const turn = (2 * Math.PI * index) / 28;
    return place([halfWidth * rounded(Math.cos(turn), 0.3), middle + half * rounded(Math.sin(turn), 0.4), z]);
  });
}

function planCut(place: (local: Vec3) => Vec3, y: number, halfWidth: number, front: number, rear: number): Vec3[] {
  const [middle, half] = [(front + rear) / 2, (rear - front) / 2];
  return Array.from({ length: 32 }, (_, index) => {
    const turn = (2 * Math.PI * index) / 32;
    return place([halfWidth * rounded(Math.cos(turn), 0.35), y, middle - half * rounded(Math.sin(turn), 0.35)]);
  });
}

const rounded = (value: number, power: number): number => Math.sign(value) * Math.abs(value) ** power;

function drawWheel(mesh: Mesh, place: (local: Vec3) => Vec3, side: number, hub: Vec3, turn: number): void {
  const radius = hub[1];
  const ring = (x: number, r: number): Vec3[] =>
    Array.from({ length: 20 }, (_, index) => {
      const angle = (side * 2 * Math.PI * index) / 20;
      return place(add(hub, [side * x, r * Math.cos(angle), r * Math.sin(angle)]));
    });
  const rubber: Surface = { color: [0.016, 0.016, 0.018] };
  mesh.loft([ring(0.146, radius + 0.07), ring(0.15, 0.01)], { color: DARK });
  mesh.loft(
    [
      ring(0, radius * 0.9),
      ring(0.02, radius),
      ring(0.16, radius),
      ring(0.185, radius * 0.86),
      ring(0.17, radius * 0.68),
      ring(0.165, 0.01),
    ],
    rubber,
  );
  for (let spoke = 0; spoke < 5; spoke += 1) {
    const angle = -turn + (2 * Math.PI * spoke) / 5;
    const tip: Vec3 = [side * 0.175, radius * 0.64 * Math.cos(angle), radius * 0.64 * Math.sin(angle)];
    mesh.limb(place(add(hub, [side * 0.18, 0, 0])), place(add(hub, tip)), 0.04, 0.035, { color: [0.4, 0.41, 0.43] }, 6);
  }
}
