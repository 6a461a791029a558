import { drawBird, drawQuadruped } from './figures.ts';
import { add, frameAt, lerp, normalize, scale, smoothstep, toWorld, type Vec3 } from './math3d.ts';
import { Material, type Mesh, ring, type Surface, world } from './mesh.ts';
import { buildHouse, plantBlades, plantFlowers, plantHedge, plantTree } from './plants-and-houses.ts';
import type { Scene } from './scene.ts';
import { drawSwings } from './swings.ts';
import { followTrack, type TrackKey } from './track.ts';

// A dog runs a round on the lawn, birds come down to pick, and the dog comes back, sits and sends them off.
const DOG_ROUND: readonly TrackKey[] = [
  { at: 5, x: 7.5, z: -1.5 },
  { at: 7, x: 3.2, z: -7.4 },
  { at: 8.4, x: 2.4, z: -12.4 },
  { at: 9.4, x: -0.5, z: -14.9 },
  { at: 10.6, x: -4, z: -12.6 },
  { at: 12, x: -3.4, z: -8 },
  { at: 13.6, x: 1.2, z: -6.4 },
  { at: 15.4, x: 6, z: -1 },
];
const DOG_VISIT: readonly TrackKey[] = [
  { at: 34, x: -6.4, z: -2, heading: -0.6 },
  { at: 37.4, x: -2.4, z: -7.2, heading: -0.6 },
  { at: 38.4, x: -1.5, z: -8, heading: -2.6 },
  { at: 47, x: -1.5, z: -8, heading: -2.6 },
  { at: 48, x: -1.1, z: -7.8, heading: -1.9 },
  { at: 53, x: 6.6, z: -4.4, heading: -1.9 },
];
const BIRDS: readonly {
  readonly x: number;
  readonly z: number;
  readonly from: Vec3;
  readonly to: Vec3;
  readonly lands: number;
  readonly leaves: number;
}[] = [
  { x: 1.9, z: -8.2, from: [8, 4.5, -18], to: [9, 5.5, -15], lands: 18.5, leaves: 37.2 },
  { x: 2.7, z: -8.9, from: [6, 5, -18], to: [8, 6.5, -17], lands: 20.2, leaves: 36.7 },
  { x: 0.8, z: -9.4, from: [-7, 5, -17], to: [4, 6, -19], lands: 21.4, leaves: 36.3 },
];
const FLIGHT_SEC = 1.7;
const turns = (second: number, count: number): number => (2 * Math.PI * second * count) / 60;

export const garden: Scene = {
  id: 2,
  name: 'Garden',
  view: { eye: [0, 3.05, 0], pitch: 0.255, focal: 1.2 },
  daylight: {
    sunDirection: normalize([0.62, 0.62, 0.22]),
    sunColor: [2.75, 2.5, 2.1],
    skyTop: [0.22, 0.42, 0.85],
    skyHorizon: [0.72, 0.82, 0.95],
    groundLight: [0.16, 0.17, 0.11],
    haze: 0.004,
    exposure: 0.76,
    shadowCentre: [0, 0, -11],
    shadowReach: 15,
  },
  buildStill(mesh) {
    buildLawn(mesh);
    buildFence(mesh);
    buildShed(mesh);
    buildTable(mesh, [-4.3, 0, -6.7]);
    buildBeds(mesh);
    buildBeyond(mesh);
  },
  buildMoving(mesh, second) {
    drawSwings(mesh, second);
    drawLaundry(mesh, second);
    drawDog(mesh, second);
    for (const [index, bird] of BIRDS.entries()) drawVisitor(mesh, bird, second, index);
    drawButterfly(mesh, second);
    mesh.ellipsoid(world, [3.4, 0.13, -6.9], [0.13, 0.13, 0.13], { color: [0.62, 0.05, 0.04] });
  },
};

function buildLawn(mesh: Mesh): void {
  mesh.ground(-9.2, 9.2, 4, -18, 0, { color: [0.085, 0.19, 0.035], material: Material.stripedGrass });
  mesh.ground(-9.2, 9.2, 4, -5.1, 0.03, { color: [0.42, 0.39, 0.34], material: Material.pavers });
  mesh.box(world, [-9.2, 0, -5.22], [9.2, 0.05, -5.1], { color: [0.34, 0.3, 0.26], material: Material.brick });
  for (const [x, z] of [
    [4.4, -7],
    [4.6, -8.1],
    [4.75, -9.2],
    [4.9, -10.3],
    [5.05, -11.4],
    [5.2, -12.5],
  ] as const) {
    mesh.loft(
      [
        [0.01, 0.36],
        [0.03, 0.34],
        [0.032, 0.01],
      ].map(([y, radius]) => ring([x, y ?? 0, z], radius ?? 0, 12)),
      { color: [0.36, 0.34, 0.3], material: Material.plaster },
    );
  }
  const blade = { density: 160, height: 0.045, color: [0.07, 0.17, 0.03] as Vec3 };
  plantBlades(mesh, { fromX: -8, toX: 8, nearZ: -5.2, farZ: -10 }, { ...blade, density: 70, seed: 3 });
  plantBlades(mesh, { fromX: -9, toX: 9, nearZ: -5.22, farZ: -5.35 }, { ...blade, density: 900, height: 0.09, seed: 4 });
  plantBlades(mesh, { fromX: -9, toX: 9, nearZ: -17.8, farZ: -17.5 }, { ...blade, density: 300, height: 0.16, seed: 5 });
}

function buildFence(mesh: Mesh): void {
  const boards: Surface = { color: [0.3, 0.19, 0.11], material: Material.boards };
  const posts: Surface = { color: [0.2, 0.125, 0.075] };
  mesh.box(world, [-9.3, 0, -18.06], [9.3, 1.85, -18], boards);
  for (const side of [-1, 1]) mesh.box(world, [side * 9.23 - 0.03, 0, -18], [side * 9.23 + 0.03, 1.85, 4], boards);
  mesh.box(world, [-9.3, 1.85, -18.1], [9.3, 1.92, -17.94], posts);
  for (const side of [-1, 1]) mesh.box(world, [side * 9.22 - 0.06, 1.85, -18], [side * 9.22 + 0.06, 1.92, 4], posts);
  for (let x = -9; x <= 9; x += 1.8) mesh.box(world, [x - 0.06, 0, -18], [x + 0.06, 1.95, -17.9], posts);
}

function buildShed(mesh: Mesh): void {
  const [left, right, near, far, wall, ridge] = [4.3, 7.5, -14.2, -16.8, 2.05, 3];
  const boards: Surface = { color: [0.11, 0.2, 0.21], material: Material.boards };
  const trim: Surface = { color: [0.6, 0.58, 0.52] };
  const middle = (left + right) / 2;
  mesh.box(world, [left, 0, far], [right, wall, near], boards);
  mesh.triangle([left, wall, near], [right, wall, near], [middle, ridge, near], boards);
  const roof: Surface = { color: [0.16, 0.1, 0.085], material: Material.tiles };
  mesh.quad(
    [
      [left - 0.25, wall - 0.12, far],
      [middle, ridge + 0.04, far],
      [middle, ridge + 0.04, near + 0.25],
      [left - 0.25, wall - 0.12, near + 0.25],
    ],
    roof,
  );
  mesh.quad(
    [
      [right + 0.25, wall - 0.12, near + 0.25],
      [right + 0.25, wall - 0.12, far],
      [middle, ridge + 0.04, far],
      [middle, ridge + 0.04, near + 0.25],
    ],
    roof,
  );
  for (const side of [left - 0.25, right + 0.25])
    mesh.limb([side, wall - 0.14, near + 0.26], [middle, ridge + 0.02, near + 0.26], 0.05, 0.05, trim, 6);
  mesh.box(world, [left + 0.35, 0.05, near], [left + 1.35, 1.95, near + 0.03], trim);
  mesh.box(world, [left + 0.43, 0.08, near], [left + 1.27, 1.88, near + 0.05], { color: [0.14, 0.25, 0.26], material: Material.boards });
  mesh.ellipsoid(world, [left + 1.16, 0.95, near + 0.09], [0.03, 0.03, 0.03], { color: [0.5, 0.45, 0.3] }, 6);
  mesh.box(world, [right - 1.35, 0.95, near], [right - 0.45, 1.7, near + 0.03], trim);
  mesh.box(world, [right - 1.28, 1.02, near], [right - 0.52, 1.63, near + 0.05], { color: [0.03, 0.04, 0.05], material: Material.glass });
  mesh.box(world, [right - 0.92, 1.02, near], [right - 0.88, 1.63, near + 0.06], trim);
  mesh.box(world, [right - 1.4, 0.72, near], [right - 0.4, 0.95, near + 0.22], { color: [0.2, 0.12, 0.07] });
  plantFlowers(
    mesh,
    [right - 1.3, 0.85, near + 0.12],
    [right - 0.5, 0.85, near + 0.12],
    [
      [0.65, 0.06, 0.1],
      [0.75, 0.3, 0.45],
    ],
    71,
  );
}

function buildTable(mesh: Mesh, foot: Vec3): void {
  const wood: Surface = { color: [0.36, 0.22, 0.12] };
  const place = (local: Vec3): Vec3 => add(foot, local);
  mesh.loft(
    [
      [0.7, 0.01],
      [0.7, 0.62],
      [0.74, 0.62],
      [0.742, 0.01],
    ].map(([y, radius]) => ring(place([0, y ?? 0, 0]), radius ?? 0)),
    wood,
  );
  mesh.limb(place([0, 0, 0]), place([0, 0.7, 0]), 0.05, 0.05, wood);
  for (const turn of [0.4, 1.6, 2.7, 4.1])
    mesh.limb(place([0, 0.1, 0]), place([0.4 * Math.cos(turn), 0.02, 0.4 * Math.sin(turn)]), 0.04, 0.03, wood, 6);
  mesh.loft(
    [
      [0.742, 0.06],
      [0.8, 0.08],
      [0.9, 0.06],
      [0.92, 0.07],
    ].map(([y, radius]) => ring(place([0.1, y ?? 0, 0.1]), radius ?? 0, 12)),
    { color: [0.55, 0.56, 0.58] },
  );
  for (const [x, z, heading] of [
    [-1.05, 0.2, -1.4],
    [0.5, -0.95, 2.7],
  ] as const) {
    const chair = frameAt(place([x, 0, z]), heading);
    const at = (local: Vec3): Vec3 => toWorld(chair, local);
    mesh.box(at, [-0.23, 0.42, -0.23], [0.23, 0.46, 0.23], wood);
    mesh.box(at, [-0.23, 0.46, 0.19], [0.23, 0.92, 0.23], { ...wood, material: Material.boards });
    for (const [legX, legZ] of [
      [-0.2, -0.2],
      [0.2, -0.2],
      [-0.2, 0.2],
      [0.2, 0.2],
    ] as const)
      mesh.limb(at([legX, 0, legZ]), at([legX, 0.44, legZ]), 0.024, 0.024, wood, 6);
    mesh.ellipsoid(at, [0, 0.49, 0], [0.2, 0.05, 0.2], { color: [0.08, 0.22, 0.36] }, 8);
  }
}

function buildBeds(mesh: Mesh): void {
  const colors: readonly Vec3[] = [
    [0.62, 0.05, 0.12],
    [0.75, 0.5, 0.04],
    [0.7, 0.66, 0.62],
    [0.34, 0.12, 0.5],
    [0.75, 0.24, 0.4],
  ];
  mesh.ground(-9.2, -7.6, -6.2, -18, 0.02, { color: [0.07, 0.045, 0.03], material: Material.asphalt });
  for (const x of [-8.7, -8.05]) plantFlowers(mesh, [x, 0, -6.8], [x, 0, -17], colors, x < -8.5 ? 31 : 33);
  plantHedge(mesh, [-3.2, 0, -17.3], [-1, 0, -17.3], 0.9, 0.7, 45);
  for (const [z, seed] of [
    [-8, 51],
    [-10.4, 55],
  ] as const) {
    mesh.box(world, [6.4, 0, z - 0.75], [8.8, 0.34, z + 0.75], { color: [0.3, 0.2, 0.12], material: Material.boards });
    mesh.ground(6.46, 8.74, z + 0.69, z - 0.69, 0.345, { color: [0.06, 0.04, 0.026], material: Material.asphalt });
    for (const row of [-0.4, 0.1, 0.5]) {
      for (let x = 6.7; x < 8.7; x += 0.36)
        mesh.foliage([x, 0.45, z + row], [0.17, 0.14, 0.17], {
          count: 50,
          leaf: 0.075,
          dark: [0.04, 0.1, 0.02],
          light: [0.15, 0.3, 0.06],
          sway: 0,
          seed: seed + Math.round(x * 10),
        });
    }
  }
}

function buildBeyond(mesh: Mesh): void {
  mesh.ground(-80, 80, -18.2, -80, 0, { color: [0.08, 0.15, 0.04], material: Material.grass });
  const green = { dark: [0.03, 0.085, 0.016], light: [0.12, 0.23, 0.045] } as const;
  plantTree(mesh, {
    foot: [-6.3, 0, -13.4],
    trunk: 0.22,
    crown: [-6.1, 4.1, -13.2],
    radii: [2.4, 1.7, 2],
    leaves: 7500,
    leaf: 0.1,
    ...green,
    sway: 0.07,
    seed: 8,
  });
  for (const [x, z, high, wide, seed] of [
    [-11, -25, 5, 3.4, 301],
    [-3.4, -27, 4.8, 3, 302],
    [3.6, -30, 5.4, 3.6, 303],
    [17.5, -29, 5.4, 3.6, 305],
  ] as const) {
    plantTree(mesh, {
      foot: [x, 0, z],
      trunk: 0.25,
      crown: [x, high, z],
      radii: [wide, wide * 0.85, wide],
      leaves: 4200,
      leaf: 0.24,
      ...green,
      sway: 0,
      seed,
    });
  }
  plantHedge(mesh, [-26, 0, -40], [26, 0, -40], 4, 2, 330, 0.3);
  buildHouse(mesh, {
    x: 11.5,
    z: -28,
    width: 9,
    depth: 8,
    height: 5.6,
    roof: 3,
    wall: { color: [0.55, 0.5, 0.42], material: Material.plaster },
    tiles: [0.24, 0.1, 0.06],
  });
  mesh.limb([1.3, 0, -16.2], [1.3, 2.15, -16.2], 0.045, 0.04, { color: [0.35, 0.36, 0.37] });
}

/** Two sheets on a line; the wind runs through them along x. */
function drawLaundry(mesh: Mesh, second: number): void {
  mesh.limb([1.3, 2.1, -16.2], [4.3, 2, -15.6], 0.008, 0.008, { color: [0.5, 0.5, 0.5] }, 5);
  for (const [from, to, color] of [
    [0.08, 0.45, [0.7, 0.7, 0.72]],
    [0.52, 0.88, [0.2, 0.36, 0.55]],
  ] as const) {
    const rows = Array.from({ length: 8 }, (_, row) => {
      const hang = row / 7;
      return Array.from({ length: 12 }, (__, column): Vec3 => {
        const along = lerp(from, to, column / 11);
        const wave = Math.sin(turns(second, 26) + along * 9 - hang * 2) * 0.16 + Math.sin(turns(second, 41) + along * 17) * 0.06;
        const gust = 0.12 + 0.14 * Math.sin(turns(second, 9) + along);
        return [
          lerp(1.3, 4.3, along),
          lerp(2.08, 2, along) - hang * 1.25 + hang * hang * 0.12 * Math.abs(wave + gust),
          lerp(-16.2, -15.6, along) + hang * (wave + gust),
        ];
      });
    });
    mesh.loft(rows.toReversed(), { color }, false);
  }
}

function drawDog(mesh: Mesh, second: number): void {
  const coat = { back: [0.4, 0.22, 0.09], belly: [0.62, 0.47, 0.3], ears: 'hanging', tail: 'bushy' } as const;
  const run = followTrack(DOG_ROUND, second, 0.9);
  if (run !== undefined) {
    drawQuadruped(mesh, frameAt(run.place, run.heading, 0.56), coat, {
      step: (run.travelled * 2 * Math.PI) / 1.5,
      stride: 0.58,
      sit: 0,
      look: 0,
      wag: second * 14,
    });
  }
  const visit = followTrack(DOG_VISIT, second);
  if (visit === undefined) return;
  const sit = smoothstep(39, 40, second) * (1 - smoothstep(46.2, 47.2, second));
  const gait = {
    step: (visit.travelled * 2 * Math.PI) / 0.95,
    stride: Math.min(0.4, visit.speed * 0.28),
    sit,
    look: sit * 0.7 * Math.sin((second - 39) * 1.1),
    wag: second * 11,
  };
  drawQuadruped(mesh, frameAt(visit.place, visit.heading, 0.56), coat, gait);
}

function drawVisitor(mesh: Mesh, bird: (typeof BIRDS)[number], second: number, index: number): void {
  if (second < bird.lands - FLIGHT_SEC || second > bird.leaves + FLIGHT_SEC) return;
  const breast: Vec3 = index === 1 ? [0.4, 0.14, 0.05] : [0.16, 0.12, 0.09];
  const colors: { back: Vec3; breast: Vec3 } = { back: [0.055, 0.045, 0.04], breast };
  const hop = Math.floor((second - bird.lands) / 1.3);
  const share = smoothstep(0.75, 0.98, (second - bird.lands) / 1.3 - hop);
  const spot = (hops: number): Vec3 =>
    add([bird.x, 0, bird.z], [0.3 * Math.sin(hops * 1.9 + index), 0, 0.25 * Math.cos(hops * 2.3 + index * 2)]);
  const ground = add(scale(spot(hop), 1 - share), scale(spot(hop + 1), share));
  const away = second < bird.lands ? (bird.lands - second) / FLIGHT_SEC : Math.max(0, (second - bird.leaves) / FLIGHT_SEC);
  const far = second < bird.lands ? bird.from : bird.to;
  const flight = away ** 1.3;
  const start = second < bird.lands ? spot(0) : ground;
  const place = away > 0 ? add(scale(start, 1 - flight), scale(far, flight)) : add(ground, [0, 0.09 * Math.sin(Math.PI * share), 0]);
  const direction = second < bird.lands ? add(start, scale(far, -1)) : add(far, scale(start, -1));
  const heading = away > 0 ? Math.atan2(-direction[0], -direction[2]) : hop * 1.7 + index + 1.7 * share;
  const pick = Math.max(0, Math.sin((second - bird.lands) * 5.1 + index)) * (share > 0.02 ? 0 : 1);
  drawBird(mesh, frameAt(place, heading, 0.27), colors, away > 0 ? { flap: 0.95 * Math.sin(second * 42 + index), nod: 0 } : { nod: pick });
}

function drawButterfly(mesh: Mesh, second: number): void {
  const place: Vec3 = [
    -4.6 + 1.6 * Math.sin(turns(second, 3)) + 0.3 * Math.sin(turns(second, 23)),
    1.35 + 0.3 * Math.sin(turns(second, 19)),
    -8.2 + 1.3 * Math.sin(turns(second, 4)),
  ];
  const frame = frameAt(place, turns(second, 2) + 0.8 * Math.sin(turns(second, 7)), 0.13);
  const flap = 1.1 * Math.sin(turns(second, 331));
  for (const side of [-1, 1]) {
    const tip = (reach: number, z: number): Vec3 => toWorld(frame, [side * reach * Math.cos(flap), reach * Math.sin(flap), z]);
    mesh.quad([toWorld(frame, [0, 0, -0.3]), tip(0.9, -0.7), tip(0.8, 0.6), toWorld(frame, [0, 0, 0.3])], { color: [0.8, 0.75, 0.55] });
  }
}
