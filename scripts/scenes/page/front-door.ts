import { drawPerson, drawQuadruped } from './figures.ts';
import { add, frameAt, normalize, smoothstep, type Vec3 } from './math3d.ts';
import { Material, type Mesh, ring, world } from './mesh.ts';
import { buildHouse, plantBlades, plantFlowers, plantHedge, plantTree } from './plants-and-houses.ts';
import type { Scene } from './scene.ts';
import { followTrack, type TrackKey } from './track.ts';
import { drawCar, drawVan } from './vehicles.ts';

const WEST = Math.PI / 2;
const EAST = -Math.PI / 2;
const TOWARDS = Math.PI;

// A van stops at the kerb, its driver brings a parcel and leaves, a cat looks round, and somebody fetches the parcel in.
const VAN: readonly TrackKey[] = [
  { at: 3, x: -30, z: -18.2, heading: EAST },
  { at: 6.4, x: -8, z: -18.2, heading: EAST },
  { at: 8.4, x: -1.4, z: -18.2, heading: EAST },
  { at: 32.5, x: -1.4, z: -18.2, heading: EAST },
  { at: 35, x: 4, z: -18.2, heading: EAST },
  { at: 38.5, x: 32, z: -18.2, heading: EAST },
];
const COURIER: readonly TrackKey[] = [
  { at: 10.2, x: 1.9, z: -18.7, heading: TOWARDS + 0.3 },
  { at: 11, x: 1.7, z: -16.2, heading: TOWARDS + 0.5 },
  { at: 12.6, x: 0, z: -14.4, heading: TOWARDS + 0.2 },
  { at: 18.6, x: 0.05, z: -5.4, heading: TOWARDS },
  { at: 22.2, x: 0.05, z: -5.4, heading: TOWARDS },
  { at: 23.2, x: 0.05, z: -5.6, heading: 2 * Math.PI },
  { at: 29, x: 0, z: -14.4, heading: 2 * Math.PI },
  { at: 30.4, x: 1.7, z: -16.2, heading: 2 * Math.PI - 0.5 },
  { at: 31.4, x: 1.9, z: -18.7, heading: 2 * Math.PI },
];
const CAT: readonly TrackKey[] = [
  { at: 34.5, x: -7.2, z: -7.6, heading: EAST },
  { at: 40, x: -1.2, z: -7.2, heading: EAST },
  { at: 41, x: -0.6, z: -7, heading: EAST - 1.7 },
  { at: 45, x: -0.6, z: -7, heading: EAST - 1.7 },
  { at: 46, x: -0.2, z: -7, heading: EAST + 0.2 },
  { at: 50, x: 5.4, z: -9.4, heading: EAST + 0.2 },
];
const RESIDENT: readonly TrackKey[] = [
  { at: 50.2, x: 0.3, z: 0.4, heading: 0 },
  { at: 53, x: 0.15, z: -3.85, heading: 0 },
  { at: 55.4, x: 0.15, z: -3.85, heading: 0 },
  { at: 56.4, x: 0.2, z: -3.6, heading: -Math.PI },
  { at: 59, x: 0.3, z: 0.4, heading: -Math.PI },
];
const PASSING: readonly { readonly keys: readonly TrackKey[]; readonly paint: Vec3 }[] = [
  { paint: [0.35, 0.02, 0.02], keys: lane(14, 21.4, 'west') },
  { paint: [0.05, 0.12, 0.3], keys: lane(25.5, 21.4, 'west') },
  { paint: [0.25, 0.27, 0.28], keys: lane(44, 18.6, 'east') },
  { paint: [0.02, 0.09, 0.06], keys: lane(54.5, 21.4, 'west') },
];
const PARCEL_PLACE: Vec3 = [0.08, 0.02, -4.75];

function lane(at: number, z: number, to: 'east' | 'west'): readonly TrackKey[] {
  const [from, until, heading] = to === 'east' ? [-34, 34, EAST] : [34, -34, WEST];
  return [
    { at, x: from, z: -z, heading },
    { at: at + 5.6, x: until, z: -z, heading },
  ];
}

export const frontDoor: Scene = {
  id: 1,
  name: 'Front door',
  view: { eye: [0, 2.65, 0], pitch: 0.245, focal: 1.2 },
  daylight: {
    sunDirection: normalize([-0.78, 0.5, -0.3]),
    sunColor: [3.3, 2.3, 1.25],
    skyTop: [0.3, 0.46, 0.78],
    skyHorizon: [0.98, 0.8, 0.62],
    groundLight: [0.2, 0.17, 0.13],
    haze: 0.005,
    exposure: 0.74,
    shadowCentre: [0, 0, -12],
    shadowReach: 17,
  },
  buildStill(mesh) {
    buildGround(mesh);
    buildGarden(mesh);
    buildStreet(mesh);
    drawCar(mesh, frameAt([3.75, 0.02, -8.6], 0.04), { paint: [0.03, 0.12, 0.2], wheels: 0.3 });
  },
  buildMoving(mesh, second) {
    drawTraffic(mesh, second);
    const held = drawCourier(mesh, second) ?? drawResident(mesh, second);
    const standing = second > 21 && second < 54.6 ? PARCEL_PLACE : undefined;
    if (held !== undefined || standing !== undefined) drawParcel(mesh, held ?? standing ?? PARCEL_PLACE, held === undefined ? 0.12 : 0);
    drawCat(mesh, second);
    drawWindmill(mesh, second);
  },
};

function buildGround(mesh: Mesh): void {
  mesh.ground(-40, 40, 6, -14.6, 0, { color: [0.085, 0.15, 0.035], material: Material.grass });
  mesh.ground(-0.95, 0.95, 0, -14.6, 0.02, { color: [0.36, 0.31, 0.27], material: Material.pavers });
  mesh.ground(2.1, 5.4, 0, -16.6, 0.015, { color: [0.27, 0.25, 0.235], material: Material.pavers });
  mesh.ground(-60, 60, -14.6, -16.6, 0.02, { color: [0.3, 0.28, 0.26], material: Material.plaster });
  mesh.box(world, [-60, -0.1, -16.75], [60, 0.03, -16.6], { color: [0.4, 0.38, 0.35] });
  mesh.ground(-60, 60, -16.75, -23.6, -0.06, { color: [0.085, 0.085, 0.09], material: Material.asphalt });
  for (let dash = -12; dash < 12; dash += 1) mesh.ground(dash * 4, dash * 4 + 2, -19.95, -20.07, -0.05, { color: [0.5, 0.48, 0.44] });
  mesh.box(world, [-60, -0.1, -23.7], [60, 0.03, -23.55], { color: [0.4, 0.38, 0.35] });
  mesh.ground(-60, 60, -23.6, -25.6, 0.02, { color: [0.3, 0.28, 0.26], material: Material.plaster });
  mesh.ground(-80, 80, -25.6, -80, 0, { color: [0.085, 0.14, 0.04], material: Material.grass });
  plantBlades(mesh, { fromX: -7, toX: -0.98, nearZ: -2.8, farZ: -10 }, { density: 150, height: 0.05, color: [0.08, 0.15, 0.035], seed: 3 });
  for (const x of [-0.99, 0.99])
    plantBlades(
      mesh,
      { fromX: x - 0.05, toX: x + 0.05, nearZ: -2.5, farZ: -14 },
      { density: 1200, height: 0.08, color: [0.07, 0.15, 0.03], seed: 5 },
    );
  plantBlades(mesh, { fromX: 1, toX: 2.1, nearZ: -2.8, farZ: -12 }, { density: 220, height: 0.05, color: [0.08, 0.15, 0.035], seed: 4 });
}

function buildGarden(mesh: Mesh): void {
  plantHedge(mesh, [-7.8, 0, -3], [-7.8, 0, -14], 1.7, 0.9, 11);
  plantHedge(mesh, [-7.6, 0, -13.9], [-1.5, 0, -13.9], 1, 0.8, 40);
  plantHedge(mesh, [1.2, 0, -13.9], [2, 0, -13.9], 1, 0.8, 60);
  plantHedge(mesh, [6.5, 0, -3], [6.5, 0, -14], 1.5, 0.9, 70);
  for (const x of [-1.2, 1.08]) {
    mesh.box(world, [x - 0.17, 0, -14.1], [x + 0.17, 1.15, -13.76], { color: [0.3, 0.15, 0.1], material: Material.brick });
    mesh.box(world, [x - 0.22, 1.15, -14.15], [x + 0.22, 1.23, -13.71], { color: [0.42, 0.4, 0.37] });
  }
  const leaves = { dark: [0.05, 0.085, 0.012], light: [0.22, 0.25, 0.035] } as const;
  plantTree(mesh, {
    foot: [-4.7, 0, -12.2],
    trunk: 0.16,
    crown: [-4.8, 3.7, -12.4],
    radii: [1.9, 1.5, 1.7],
    leaves: 6500,
    leaf: 0.085,
    ...leaves,
    sway: 0.075,
    seed: 5,
  });
  plantFlowers(
    mesh,
    [-1.5, 0, -3.4],
    [-1.5, 0, -6.2],
    [
      [0.6, 0.08, 0.1],
      [0.75, 0.55, 0.06],
      [0.7, 0.62, 0.6],
    ],
    21,
  );
  plantFlowers(
    mesh,
    [1.5, 0, -9.5],
    [1.5, 0, -12.6],
    [
      [0.5, 0.1, 0.42],
      [0.7, 0.62, 0.6],
    ],
    23,
  );
  buildPorch(mesh);
}

function buildPorch(mesh: Mesh): void {
  mesh.ground(-2.9, 2.9, 0, -2.95, 0.06, { color: [0.3, 0.28, 0.26], material: Material.plaster });
  mesh.ground(-0.6, 0.6, -2.3, -3.9, 0.05, { color: [0.06, 0.045, 0.03], material: Material.asphalt });
  const pot = (x: number, z: number): void => {
    mesh.loft(
      [0, 0.02, 0.36, 0.4].map((y, index) => ring([x, y + 0.04, z], [0.01, 0.17, 0.23, 0.26][index] ?? 0.2)),
      { color: [0.33, 0.13, 0.07] },
    );
    mesh.foliage([x, 0.72, z], [0.36, 0.36, 0.36], {
      count: 420,
      leaf: 0.055,
      dark: [0.03, 0.075, 0.02],
      light: [0.11, 0.2, 0.05],
      sway: 0.01,
      seed: 90,
    });
  };
  pot(1.45, -3.9);
}

function buildStreet(mesh: Mesh): void {
  const plaster = (color: Vec3) => ({ color, material: Material.plaster });
  buildHouse(mesh, {
    x: -21,
    z: -33,
    width: 11,
    depth: 8,
    height: 5.6,
    roof: 3,
    wall: plaster([0.62, 0.52, 0.38]),
    tiles: [0.2, 0.08, 0.05],
    door: [0.05, 0.12, 0.09],
  });
  buildHouse(mesh, {
    x: -6.5,
    z: -34,
    width: 11,
    depth: 8,
    height: 5.4,
    roof: 2.8,
    wall: { color: [0.34, 0.17, 0.11], material: Material.brick },
    tiles: [0.085, 0.08, 0.085],
    door: [0.3, 0.04, 0.03],
  });
  buildHouse(mesh, {
    x: 8.5,
    z: -33,
    width: 12,
    depth: 8,
    height: 5.6,
    roof: 3.2,
    wall: { color: [0.5, 0.53, 0.5], material: Material.siding },
    tiles: [0.12, 0.1, 0.1],
    door: [0.02, 0.07, 0.16],
  });
  buildHouse(mesh, {
    x: 24,
    z: -34,
    width: 12,
    depth: 8,
    height: 5.2,
    roof: 3,
    wall: plaster([0.6, 0.56, 0.48]),
    tiles: [0.22, 0.09, 0.055],
    door: [0.1, 0.06, 0.03],
  });
  for (const [from, to, seed] of [
    [-27, -22, 110],
    [-15, -8, 120],
    [-5, 1.2, 130],
    [3, 7.4, 140],
    [10, 17, 150],
  ] as const)
    plantHedge(mesh, [from, 0, -26.4], [to, 0, -26.4], 0.9, 0.8, seed, 0.1);
  const green = { dark: [0.04, 0.075, 0.014], light: [0.17, 0.22, 0.04] } as const;
  for (const [x, z, high, wide, seed] of [
    [1.2, -29, 4.6, 1.8, 201],
    [-13.6, -28.5, 5, 2, 202],
    [16.4, -29, 4.8, 2, 203],
    [-28, -29, 5, 2.2, 204],
    [1, -46, 8, 5, 205],
    [-14, -47, 8.5, 5, 206],
    [15.5, -47, 8.5, 5.5, 207],
  ] as const) {
    plantTree(mesh, {
      foot: [x, 0, z],
      trunk: 0.2,
      crown: [x, high, z],
      radii: [wide, wide * 1.05, wide],
      leaves: z < -40 ? 4200 : 2400,
      leaf: z < -40 ? 0.36 : 0.17,
      ...green,
      sway: 0,
      seed,
    });
  }
  for (const x of [-11.5, 12]) {
    mesh.limb([x, 0, -24.1], [x, 5.6, -24.1], 0.07, 0.05, { color: [0.1, 0.11, 0.11] });
    mesh.limb([x, 5.6, -24.1], [x, 5.75, -22.9], 0.05, 0.05, { color: [0.1, 0.11, 0.11] });
  }
}

function drawTraffic(mesh: Mesh, second: number): void {
  const van = followTrack(VAN, second, 1.6);
  if (van !== undefined) {
    const braking = second > 5.8 && second < 9.4;
    drawVan(mesh, frameAt([van.place[0], -0.05, van.place[2]], van.heading), {
      paint: [0.62, 0.62, 0.6],
      band: [0.75, 0.3, 0.03],
      wheels: van.travelled / 0.35,
      braking,
    });
  }
  for (const { keys, paint } of PASSING) {
    const car = followTrack(keys, second, 0.2);
    if (car !== undefined)
      drawCar(mesh, frameAt([car.place[0], -0.05, car.place[2]], car.heading), { paint, wheels: car.travelled / 0.32 });
  }
}

/** Returns where the parcel is while the courier holds it. */
function drawCourier(mesh: Mesh, second: number): Vec3 | undefined {
  const walk = followTrack(COURIER, second);
  if (walk === undefined) return undefined;
  const bend = smoothstep(19.2, 20.6, second) * (1 - smoothstep(21.3, 22.2, second));
  const carry = 1 - smoothstep(21, 21.5, second);
  const clothes = {
    skin: [0.46, 0.27, 0.18],
    hair: [0.05, 0.03, 0.02],
    top: [0.7, 0.27, 0.03],
    legs: [0.035, 0.04, 0.06],
    cap: [0.55, 0.2, 0.03],
  } as const;
  const frame = frameAt(walk.place, walk.heading, 1.02);
  const hands = drawPerson(mesh, frame, clothes, {
    step: (walk.travelled * 2 * Math.PI) / 1.45,
    stride: Math.min(1, walk.speed / 1.3),
    bend,
    carry,
  });
  return second < 21 ? add(hands, [0, -0.02 - 0.1 * bend, 0.16 - 0.06 * bend]) : undefined;
}

function drawResident(mesh: Mesh, second: number): Vec3 | undefined {
  const walk = followTrack(RESIDENT, second);
  if (walk === undefined) return undefined;
  const bend = smoothstep(53.1, 54.4, second) * (1 - smoothstep(54.7, 55.6, second));
  const carry = smoothstep(54.4, 54.9, second);
  const clothes = { skin: [0.5, 0.32, 0.23], hair: [0.1, 0.045, 0.02], top: [0.1, 0.22, 0.28], legs: [0.3, 0.26, 0.2] } as const;
  const frame = frameAt(walk.place, walk.heading, 0.97);
  const hands = drawPerson(mesh, frame, clothes, {
    step: (walk.travelled * 2 * Math.PI) / 1.4,
    stride: Math.min(1, walk.speed / 1.3),
    bend,
    carry,
  });
  const ahead: Vec3 = [-Math.sin(walk.heading) * 0.16, -0.02 - 0.1 * bend, -Math.cos(walk.heading) * 0.16];
  return second >= 54.6 ? add(hands, ahead) : undefined;
}

function drawParcel(mesh: Mesh, middle: Vec3, lift: number): void {
  const place = (local: Vec3): Vec3 => add(middle, add(local, [0, lift, 0]));
  mesh.box(place, [-0.2, -0.12, -0.15], [0.2, 0.12, 0.15], { color: [0.4, 0.25, 0.12] });
  mesh.box(place, [-0.035, -0.122, -0.152], [0.035, 0.122, 0.152], { color: [0.5, 0.38, 0.22] });
  mesh.box(place, [0.06, 0.1, -0.1], [0.17, 0.123, 0.04], { color: [0.75, 0.75, 0.72] });
}

function drawCat(mesh: Mesh, second: number): void {
  const walk = followTrack(CAT, second);
  if (walk === undefined) return;
  const sit = smoothstep(41.1, 41.9, second) * (1 - smoothstep(44.6, 45.3, second));
  const look = sit * (1.1 * Math.sin((second - 41) * 1.5));
  const coat = { back: [0.42, 0.19, 0.06], belly: [0.7, 0.6, 0.48], ears: 'upright', tail: 'long' } as const;
  drawQuadruped(mesh, frameAt(walk.place, walk.heading, 0.34), coat, {
    step: (walk.travelled * 2 * Math.PI) / 0.5,
    stride: Math.min(0.32, walk.speed * 0.3),
    sit,
    look,
    wag: second * 2.4,
  });
}

/** A toy windmill in the flower bed, so that something near always turns. */
function drawWindmill(mesh: Mesh, second: number): void {
  const hub: Vec3 = [1.42, 0.86, -10.6];
  mesh.limb([1.42, 0, -10.65], [1.42, 0.86, -10.65], 0.015, 0.012, { color: [0.5, 0.48, 0.45] }, 6);
  const spin = 2 * Math.PI * (second * 0.9 + 0.35 * Math.sin((2 * Math.PI * second) / 12));
  const colors: readonly Vec3[] = [
    [0.7, 0.06, 0.05],
    [0.75, 0.5, 0.04],
    [0.06, 0.3, 0.55],
    [0.1, 0.4, 0.12],
  ];
  for (const [index, color] of colors.entries()) {
    const at = (radius: number, turn: number): Vec3 => add(hub, [radius * Math.cos(spin + turn), radius * Math.sin(spin + turn), 0]);
    const base = (index * Math.PI) / 2;
    mesh.triangle(hub, at(0.26, base), at(0.19, base + 0.75), { color });
  }
}
