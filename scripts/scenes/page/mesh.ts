import { add, createSequence, cross, mix, normalize, scale, sub, type Vec3 } from './math3d.ts';

/** Position 3, normal 3, colour 3, material 1, sway 1 (metres the wind moves it). */
export const FLOATS_PER_VERTEX = 11;

/** Surfaces the fragment shader knows; the numbers are used in shaders.ts. */
export const Material = {
  plain: 0,
  grass: 1,
  pavers: 2,
  asphalt: 3,
  brick: 4,
  boards: 5,
  leaf: 6,
  paint: 7,
  glass: 8,
  light: 9,
  tiles: 10,
  stripedGrass: 11,
  plaster: 12,
  siding: 13,
} as const;

export interface Surface {
  readonly color: Vec3;
  readonly material?: number;
  readonly sway?: number;
}

/** A growing list of triangles. */
export class Mesh {
  #floats = new Float32Array(1 << 16);
  #used = 0;

  get vertexCount(): number {
    return this.#used / FLOATS_PER_VERTEX;
  }

  get data(): Float32Array {
    return this.#floats.subarray(0, this.#used);
  }

  clear(): void {
    this.#used = 0;
  }

  vertex(position: Vec3, normal: Vec3, surface: Surface): void {
    if (this.#used + FLOATS_PER_VERTEX > this.#floats.length) {
      const larger = new Float32Array(this.#floats.length * 2);
      larger.set(this.#floats);
      this.#floats = larger;
    }
    this.#floats.set([...position, ...normal, ...surface.color, surface.material ?? Material.plain, surface.sway ?? 0], this.#used);
    this.#used += FLOATS_PER_VERTEX;
  }

  /** The triangles that the wind moves and those that it does not. */
  splitBySway(): { fixed: Float32Array; swaying: Float32Array } {
    const triangle = 3 * FLOATS_PER_VERTEX;
    const sides = { fixed: new Float32Array(this.#used), swaying: new Float32Array(this.#used) };
    const used = { fixed: 0, swaying: 0 };
    for (let offset = 0; offset < this.#used; offset += triangle) {
      const side = this.#floats[offset + FLOATS_PER_VERTEX - 1] === 0 ? 'fixed' : 'swaying';
      sides[side].set(this.#floats.subarray(offset, offset + triangle), used[side]);
      used[side] += triangle;
    }
    return { fixed: sides.fixed.subarray(0, used.fixed), swaying: sides.swaying.subarray(0, used.swaying) };
  }

  /** Four corners counter-clockwise as seen from outside; flat unless normals are given. */
  quad(corners: readonly [Vec3, Vec3, Vec3, Vec3], surface: Surface, normals?: readonly [Vec3, Vec3, Vec3, Vec3]): void {
    const flat = normalize(cross(sub(corners[2], corners[0]), sub(corners[3], corners[1])));
    for (const index of [0, 1, 2, 0, 2, 3] as const) this.vertex(corners[index], normals?.[index] ?? flat, surface);
  }

  triangle(a: Vec3, b: Vec3, c: Vec3, surface: Surface): void {
    const normal = normalize(cross(sub(b, a), sub(c, a)));
    for (const corner of [a, b, c]) this.vertex(corner, normal, surface);
  }

  /** A level rectangle of ground. */
  ground(fromX: number, toX: number, nearZ: number, farZ: number, y: number, surface: Surface): void {
    const corners = [
      [fromX, y, nearZ],
      [toX, y, nearZ],
      [toX, y, farZ],
      [fromX, y, farZ],
    ] as const;
    this.quad(corners, surface);
  }

  /** A box given by the middle of its floor, its size and three axes. */
  box(place: (local: Vec3) => Vec3, from: Vec3, to: Vec3, surface: Surface): void {
    const corner = (x: number, y: number, z: number): Vec3 => place([x ? to[0] : from[0], y ? to[1] : from[1], z ? to[2] : from[2]]);
    this.quad([corner(0, 0, 1), corner(1, 0, 1), corner(1, 1, 1), corner(0, 1, 1)], surface);
    this.quad([corner(1, 0, 0), corner(0, 0, 0), corner(0, 1, 0), corner(1, 1, 0)], surface);
    this.quad([corner(1, 0, 1), corner(1, 0, 0), corner(1, 1, 0), corner(1, 1, 1)], surface);
    this.quad([corner(0, 0, 0), corner(0, 0, 1), corner(0, 1, 1), corner(0, 1, 0)], surface);
    this.quad([corner(0, 1, 1), corner(1, 1, 1), corner(1, 1, 0), corner(0, 1, 0)], surface);
    this.quad([corner(0, 0, 0), corner(1, 0, 0), corner(1, 0, 1), corner(0, 0, 1)], surface);
  }

  /** A smooth skin over rings of equally many points; `closed` joins the last point of a ring to its first. */
  loft(rings: readonly (readonly Vec3[])[], surface: Surface, closed = true): void {
    const count = rings[0]?.length ?? 0;
    const at = (ring: number, index: number): Vec3 =>
      rings[ring]?.[closed ? (index + count) % count : Math.min(count - 1, Math.max(0, index))] ?? [0, 0, 0];
    const normalAt = (ring: number, index: number): Vec3 => {
      const along = sub(at(Math.min(rings.length - 1, ring + 1), index), at(Math.max(0, ring - 1), index));
      return normalize(cross(sub(at(ring, index + 1), at(ring, index - 1)), along));
    };
    const normals = rings.map((ring, row) => ring.map((_, index) => normalAt(row, index)));
    const normal = (ring: number, index: number): Vec3 => normals[ring]?.[index % count] ?? [0, 1, 0];
    for (let ring = 0; ring + 1 < rings.length; ring += 1) {
      for (let index = 0; index < (closed ? count : count - 1); index += 1) {
        const corners = [at(ring, index), at(ring, index + 1), at(ring + 1, index + 1), at(ring + 1, index)] as const;
        this.quad(corners, surface, [normal(ring, index), normal(ring, index + 1), normal(ring + 1, index + 1), normal(ring + 1, index)]);
      }
    }
  }

  /** A limb with round ends from `a` to `b`, `radiusA` and `radiusB` thick. */
  limb(a: Vec3, b: Vec3, radiusA: number, radiusB: number, surface: Surface, sides = 10): void {
    const axis = normalize(sub(b, a));
    const [right, up] = acrossOf(axis);
    const ring = (centre: Vec3, radius: number): Vec3[] =>
      Array.from({ length: sides }, (_, index) => {
        const angle = (2 * Math.PI * index) / sides;
        return add(centre, add(scale(right, radius * Math.cos(angle)), scale(up, radius * Math.sin(angle))));
      });
    const cap = [0.9999, 0.93, 0.75, 0.4];
    const rings = [
      ...cap.map((share) => ring(add(a, scale(axis, -radiusA * share)), radiusA * Math.sqrt(1 - share * share))),
      ring(a, radiusA),
      ring(b, radiusB),
      ...cap.toReversed().map((share) => ring(add(b, scale(axis, radiusB * share)), radiusB * Math.sqrt(1 - share * share))),
    ];
    this.loft(rings, surface);
  }

  /** An ellipsoid in a frame of reference. */
  ellipsoid(place: (local: Vec3) => Vec3, centre: Vec3, radii: Vec3, surface: Surface, detail = 10): void {
    const rings = Array.from({ length: detail + 1 }, (_, row) => {
      const slope = Math.PI * (0.005 + (0.99 * row) / detail) - Math.PI / 2;
      return Array.from({ length: detail + 4 }, (__, column) => {
        const turn = (-2 * Math.PI * column) / (detail + 4);
        return place(
          add(centre, [
            radii[0] * Math.cos(slope) * Math.cos(turn),
            radii[1] * Math.sin(slope),
            radii[2] * Math.cos(slope) * Math.sin(turn),
          ]),
        );
      });
    });
    this.loft(rings, surface);
  }

  /** Leaves in the outer part of an ellipsoid; their normals point outwards so that the whole is lit as one soft body. */
  foliage(centre: Vec3, radii: Vec3, options: { count: number; leaf: number; dark: Vec3; light: Vec3; sway: number; seed: number }): void {
    const next = createSequence(options.seed);
    for (let index = 0; index < options.count; index += 1) {
      const outward = normalize([next() - 0.5, next() - 0.5, next() - 0.5]);
      const depth = 0.72 + 0.3 * Math.sqrt(next());
      const place = add(centre, [outward[0] * radii[0] * depth, outward[1] * radii[1] * depth, outward[2] * radii[2] * depth]);
      const turned = normalize(add(outward, [1.4 * (next() - 0.5), 1.4 * (next() - 0.5), 1.4 * (next() - 0.5)]));
      const [right, up] = acrossOf(turned);
      const size = options.leaf * (0.6 + 0.8 * next());
      const color = mix(options.dark, options.light, Math.min(1, Math.max(0, 0.8 * next() + (depth - 0.85) * 1.6 + 0.25 * outward[1])));
      const normal = normalize(add(scale(outward, 1.5), turned));
      const corners = [
        add(place, scale(right, -size * 0.55)),
        add(place, scale(up, -size)),
        add(place, scale(right, size * 0.55)),
        add(place, scale(up, size)),
      ] as const;
      this.quad(corners, { color, material: Material.leaf, sway: options.sway }, [normal, normal, normal, normal]);
    }
  }
}

/** A level circle of points for `loft`, from bottom to top. */
export function ring(centre: Vec3, radius: number, count = 20): Vec3[] {
  return Array.from({ length: count }, (_, index) => {
    const turn = (2 * Math.PI * index) / count;
    return add(centre, [radius * Math.cos(turn), 0, -radius * Math.sin(turn)]);
  });
}

/** Places what is already given in the world. */
export const world = (local: Vec3): Vec3 => local;

function acrossOf(axis: Vec3): readonly [Vec3, Vec3] {
  const right = normalize(cross(Math.abs(axis[1]) < 0.9 ? [0, 1, 0] : [1, 0, 0], axis));
  return [right, cross(axis, right)];
}
