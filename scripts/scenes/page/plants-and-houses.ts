import { add, createSequence, lerp, mix, normalize, type Vec3 } from './math3d.ts';
import { Material, type Mesh, type Surface, world } from './mesh.ts';

export interface TreeShape {
  readonly foot: Vec3;
  readonly trunk: number;
  readonly crown: Vec3;
  readonly radii: Vec3;
  readonly leaves: number;
  readonly leaf: number;
  readonly dark: Vec3;
  readonly light: Vec3;
  readonly sway: number;
  readonly seed: number;
}

/** A trunk, some boughs and a crown made of several rounded masses of leaves. */
export function plantTree(mesh: Mesh, tree: TreeShape): void {
  const next = createSequence(tree.seed);
  const bark: Surface = { color: [0.09, 0.062, 0.042] };
  const fork = mix(tree.foot, tree.crown, 0.55);
  mesh.limb(add(tree.foot, [0, -0.1, 0]), add(tree.foot, [0, 0.2, 0]), tree.trunk * 1.5, tree.trunk, bark);
  mesh.limb(tree.foot, fork, tree.trunk, tree.trunk * 0.7, bark);
  const masses = 7;
  for (let mass = 0; mass < masses; mass += 1) {
    const angle = (2 * Math.PI * mass) / masses + next();
    const out = mass === 0 ? 0 : 0.5 + 0.15 * next();
    const middle = add(tree.crown, [
      tree.radii[0] * out * Math.cos(angle),
      tree.radii[1] * (mass === 0 ? 0.35 : 0.7 * (next() - 0.55)),
      tree.radii[2] * out * Math.sin(angle),
    ]);
    mesh.limb(fork, middle, tree.trunk * 0.4, 0.02, bark, 6);
    const share = 0.52 + 0.14 * next();
    const radii: Vec3 = [tree.radii[0] * share, tree.radii[1] * share, tree.radii[2] * share];
    mesh.foliage(middle, radii, {
      count: Math.round(tree.leaves / masses),
      leaf: tree.leaf,
      dark: tree.dark,
      light: tree.light,
      sway: tree.sway,
      seed: tree.seed * 31 + mass,
    });
  }
}

/** A clipped hedge between two corners of the ground. */
export function plantHedge(mesh: Mesh, from: Vec3, to: Vec3, height: number, depth: number, seed: number, leaf = 0.05): void {
  const span = Math.hypot(to[0] - from[0], to[2] - from[2]);
  const count = Math.max(1, Math.round(span / 0.8));
  for (let bush = 0; bush < count; bush += 1) {
    const middle = add(mix(from, to, (bush + 0.5) / count), [0, height * 0.47, 0]);
    mesh.ellipsoid(world, middle, [0.5, height * 0.46, depth * 0.46], { color: [0.03, 0.06, 0.015] }, 8);
    const radii: Vec3 = [0.58, height * 0.53, depth * 0.56];
    mesh.foliage(middle, radii, {
      count: Math.round((1.8 * height) / (leaf * leaf)),
      leaf,
      dark: [0.024, 0.06, 0.014],
      light: [0.08, 0.16, 0.03],
      sway: 0,
      seed: seed + bush,
    });
  }
}

/** A low bed of flowers. */
export function plantFlowers(mesh: Mesh, from: Vec3, to: Vec3, colors: readonly Vec3[], seed: number): void {
  const next = createSequence(seed);
  const span = Math.hypot(to[0] - from[0], to[2] - from[2]);
  for (let plant = 0; plant < span * 5; plant += 1) {
    const foot = add(mix(from, to, next()), [0.5 * (next() - 0.5), 0, 0.4 * (next() - 0.5)]);
    const height = 0.18 + 0.3 * next();
    mesh.foliage(add(foot, [0, height * 0.45, 0]), [0.16, height * 0.5, 0.16], {
      count: 26,
      leaf: 0.06,
      dark: [0.03, 0.08, 0.02],
      light: [0.1, 0.2, 0.05],
      sway: 0.012,
      seed: seed * 97 + plant,
    });
    const color = colors[Math.floor(next() * colors.length)] ?? [1, 1, 1];
    for (let bloom = 0; bloom < 4; bloom += 1) {
      const head = add(foot, [0.26 * (next() - 0.5), height * (0.8 + 0.35 * next()), 0.26 * (next() - 0.5)]);
      mesh.ellipsoid(world, head, [0.05, 0.035, 0.05], { color, sway: 0.015 }, 5);
    }
  }
}

/** Single blades of grass over a rectangle, denser where `density` blades stand on a square metre. */
export function plantBlades(
  mesh: Mesh,
  area: { fromX: number; toX: number; nearZ: number; farZ: number },
  options: { density: number; height: number; color: Vec3; seed: number },
): void {
  const next = createSequence(options.seed);
  const count = Math.round(Math.abs((area.toX - area.fromX) * (area.farZ - area.nearZ)) * options.density);
  for (let blade = 0; blade < count; blade += 1) {
    const foot: Vec3 = [lerp(area.fromX, area.toX, next()), 0, lerp(area.nearZ, area.farZ, next())];
    const height = options.height * (0.5 + next());
    const turn = next() * Math.PI;
    const half: Vec3 = [0.008 * Math.cos(turn), 0, 0.008 * Math.sin(turn)];
    const tip = add(foot, [0.5 * height * (next() - 0.5), height, 0.5 * height * (next() - 0.5)]);
    const color = mix(options.color, [0.2, 0.24, 0.06], 0.35 * next());
    const surface: Surface = { color, material: Material.leaf };
    const normal = normalize([next() - 0.5, 2, next() - 0.5]);
    for (const corner of [add(foot, half), tip, add(foot, [-half[0], 0, -half[2]])]) mesh.vertex(corner, normal, surface);
  }
}

export interface HouseShape {
  readonly x: number;
  readonly z: number;
  readonly width: number;
  readonly depth: number;
  readonly height: number;
  readonly roof: number;
  readonly wall: Surface;
  readonly tiles: Vec3;
  readonly door?: Vec3;
}

/** A house that faces the camera, with its ridge along x. */
export function buildHouse(mesh: Mesh, house: HouseShape): void {
  const { x, z, width, depth, height } = house;
  const [left, right, ridge] = [x - width / 2, x + width / 2, height + house.roof];
  mesh.box(world, [left, 0, z - depth], [right, height, z], house.wall);
  const roof: Surface = { color: house.tiles, material: Material.tiles };
  const eave = 0.35;
  mesh.quad(
    [
      [left - eave, height - 0.15, z + eave],
      [right + eave, height - 0.15, z + eave],
      [right + eave, ridge, z - depth / 2],
      [left - eave, ridge, z - depth / 2],
    ],
    roof,
  );
  mesh.quad(
    [
      [right + eave, height - 0.15, z - depth - eave],
      [left - eave, height - 0.15, z - depth - eave],
      [left - eave, ridge, z - depth / 2],
      [right + eave, ridge, z - depth / 2],
    ],
    roof,
  );
  for (const side of [left, right]) mesh.triangle([side, height, z], [side, height, z - depth], [side, ridge, z - depth / 2], house.wall);
  mesh.box(world, [left - eave, height - 0.24, z + eave - 0.06], [right + eave, height - 0.1, z + eave + 0.02], {
    color: [0.55, 0.53, 0.5],
  });
  const floors = height > 4 ? [1, 3.7] : [1];
  for (const sill of floors) {
    for (const share of [0.2, 0.5, 0.8]) {
      if (house.door !== undefined && share === 0.5 && sill === 1) continue;
      buildWindow(mesh, left + width * share, sill, z);
    }
  }
  if (house.door === undefined) return;
  mesh.box(world, [x - 0.62, 0, z], [x + 0.62, 2.25, z + 0.06], { color: [0.6, 0.58, 0.55] });
  mesh.box(world, [x - 0.48, 0, z], [x + 0.48, 2.1, z + 0.1], { color: house.door });
  mesh.box(world, [left + width * 0.36, ridge - 1.1, z - depth / 2 - 1], [left + width * 0.36 + 0.7, ridge + 0.6, z - depth / 2 - 0.3], {
    color: [0.3, 0.14, 0.09],
    material: Material.brick,
  });
}

function buildWindow(mesh: Mesh, x: number, sill: number, z: number): void {
  mesh.box(world, [x - 0.72, sill - 0.08, z], [x + 0.72, sill + 1.38, z + 0.05], { color: [0.62, 0.6, 0.57] });
  mesh.box(world, [x - 0.62, sill, z], [x + 0.62, sill + 1.3, z + 0.07], { color: [0.03, 0.035, 0.04], material: Material.glass });
  for (const side of [-1, 1])
    mesh.box(world, [x + side * 0.5 - 0.12, sill, z], [x + side * 0.5 + 0.12, sill + 1.3, z + 0.074], { color: [0.32, 0.3, 0.27] });
  mesh.box(world, [x - 0.03, sill, z], [x + 0.03, sill + 1.3, z + 0.09], { color: [0.62, 0.6, 0.57] });
}
