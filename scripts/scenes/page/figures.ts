import { add, type Frame, length, lerp, mix, scale, toWorld, type Vec3 } from './math3d.ts';
import type { Mesh, Surface } from './mesh.ts';

export interface Clothes {
  readonly skin: Vec3;
  readonly hair: Vec3;
  readonly top: Vec3;
  readonly legs: Vec3;
  readonly cap?: Vec3;
}

export interface Posture {
  /** Turn of the walk in radians; a full turn is two steps. */
  readonly step: number;
  /** 0 stands still, 1 walks briskly. */
  readonly stride: number;
  /** 0 upright, 1 bent down with the hands at the knees. */
  readonly bend: number;
  /** 0 arms hang and swing, 1 both hands hold something before the chest. */
  readonly carry: number;
}

/** A grown person of 1.75 m standing at the frame; returns where the hands are in the world. */
export function drawPerson(mesh: Mesh, frame: Frame, clothes: Clothes, posture: Posture): Vec3 {
  const legs = [-1, 1].map((side) => legOf(side, posture));
  const lift = -Math.min(...legs.map((leg) => leg.ankle[1])) + 0.07;
  const raise = (local: Vec3): Vec3 => toWorld(frame, add(local, [0, lift, 0]));
  const cloth = (color: Vec3): Surface => ({ color });
  for (const leg of legs) {
    mesh.limb(raise(leg.hip), raise(leg.knee), 0.09, 0.07, cloth(clothes.legs));
    mesh.limb(raise(leg.knee), raise(leg.ankle), 0.07, 0.05, cloth(clothes.legs));
    mesh.limb(raise(leg.ankle), raise(add(leg.ankle, [0, -0.025, -0.15])), 0.055, 0.045, cloth([0.03, 0.03, 0.035]));
  }
  const lean = posture.bend * 1.05 + posture.stride * 0.06;
  const spine: Vec3 = [0, Math.cos(lean), -Math.sin(lean)];
  const along = (height: number, x = 0, z = 0): Vec3 => add(scale(spine, height), [x, 0, z]);
  mesh.loft(
    TORSO.map(([height, halfWidth, halfDepth]) => girdle(lean, height, halfWidth, halfDepth).map(raise)),
    cloth(clothes.top),
  );
  mesh.ellipsoid(raise, [0, -0.02, 0], [0.15, 0.1, 0.115], cloth(clothes.legs));
  drawHead(mesh, (local) => raise(add(along(0.68), local)), raise(along(0.5)), clothes);
  const hands = [-1, 1].map((side) => drawArm(mesh, raise, along(0.44, side * 0.178), side, clothes, posture));
  return mix(hands[0] ?? frame.origin, hands[1] ?? frame.origin, 0.5);
}

/** Cuts through a clothed torso from hem to neck: height above the hips, half width, half depth. */
const TORSO = [
  [-0.09, 0.01, 0.01],
  [-0.085, 0.19, 0.145],
  [0.05, 0.178, 0.132],
  [0.2, 0.175, 0.125],
  [0.36, 0.212, 0.135],
  [0.46, 0.2, 0.11],
  [0.51, 0.13, 0.085],
  [0.54, 0.06, 0.06],
] as const;

function girdle(lean: number, height: number, halfWidth: number, halfDepth: number): Vec3[] {
  return Array.from({ length: 18 }, (_, index) => {
    const turn = (2 * Math.PI * index) / 18;
    const depth = -halfDepth * Math.sin(turn);
    return [halfWidth * Math.cos(turn), height * Math.cos(lean) + depth * Math.sin(lean), depth * Math.cos(lean) - height * Math.sin(lean)];
  });
}

function legOf(side: number, { step, stride, bend }: Posture): { hip: Vec3; knee: Vec3; ankle: Vec3 } {
  const swing = Math.sin(step + (side > 0 ? Math.PI : 0));
  const forward = stride * 0.48 * swing + bend * 0.75;
  const flex = stride * (0.12 + 0.75 * Math.max(0, Math.cos(step + (side > 0 ? Math.PI : 0) - 0.5))) + bend * 1.35;
  const hip: Vec3 = [side * 0.084, 0, 0];
  const knee = add(hip, [0, -0.45 * Math.cos(forward), -0.45 * Math.sin(forward)]);
  return { hip, knee, ankle: add(knee, [0, -0.43 * Math.cos(forward - flex), -0.43 * Math.sin(forward - flex)]) };
}

function drawArm(
  mesh: Mesh,
  raise: (local: Vec3) => Vec3,
  shoulder: Vec3,
  side: number,
  clothes: Clothes,
  { step, stride, bend, carry }: Posture,
): Vec3 {
  const swing = -stride * 0.5 * Math.sin(step + (side > 0 ? Math.PI : 0));
  const upper = lerp(swing, 0.3, Math.max(carry, bend));
  const lower = lerp(swing + 0.3, lerp(1.5, 0.45, bend), Math.max(carry, bend));
  const elbow = add(shoulder, [side * 0.05, -0.28 * Math.cos(upper), -0.28 * Math.sin(upper)]);
  const hand = add(elbow, [-side * 0.09 * carry, -0.26 * Math.cos(lower), -0.26 * Math.sin(lower)]);
  mesh.limb(raise(shoulder), raise(elbow), 0.068, 0.055, { color: clothes.top });
  mesh.limb(raise(elbow), raise(hand), 0.055, 0.042, { color: clothes.top });
  mesh.limb(raise(hand), raise(add(hand, scale(add(hand, scale(elbow, -1)), 0.3))), 0.042, 0.035, { color: clothes.skin });
  return raise(hand);
}

function drawHead(mesh: Mesh, place: (local: Vec3) => Vec3, neck: Vec3, clothes: Clothes): void {
  mesh.limb(neck, place([0, -0.06, 0]), 0.055, 0.05, { color: clothes.skin });
  mesh.ellipsoid(place, [0, 0.02, 0], [0.085, 0.12, 0.1], { color: clothes.skin });
  mesh.ellipsoid(place, [0, 0.05, 0.022], [0.094, 0.105, 0.098], { color: clothes.hair });
  if (clothes.cap === undefined) return;
  mesh.ellipsoid(place, [0, 0.085, 0], [0.1, 0.075, 0.112], { color: clothes.cap });
  mesh.ellipsoid(place, [0, 0.075, -0.1], [0.075, 0.014, 0.09], { color: clothes.cap });
}

/** Limbs whose thickness grows with the frame as their ends do. */
type LimbDrawer = (a: Vec3, b: Vec3, radiusA: number, radiusB: number, surface: Surface, sides?: number) => void;

function limbsIn(mesh: Mesh, frame: Frame): LimbDrawer {
  const unit = length(frame.up);
  return (a, b, radiusA, radiusB, surface, sides) =>
    mesh.limb(toWorld(frame, a), toWorld(frame, b), radiusA * unit, radiusB * unit, surface, sides);
}

export interface Coat {
  readonly back: Vec3;
  readonly belly: Vec3;
  readonly ears: 'upright' | 'hanging';
  readonly tail: 'long' | 'bushy';
}

export interface Gait {
  readonly step: number;
  /** 0 stands, 0.3 walks, 0.6 gallops. */
  readonly stride: number;
  /** 0 stands on four legs, 1 sits. */
  readonly sit: number;
  /** Radians, positive looks to the left. */
  readonly look: number;
  readonly wag: number;
}

/** A cat or a dog whose shoulders are as high as the frame's unit. */
export function drawQuadruped(mesh: Mesh, frame: Frame, coat: Coat, gait: Gait): void {
  const limb = limbsIn(mesh, frame);
  const back: Surface = { color: coat.back };
  const bob = gait.stride * 0.12 * Math.sin(2 * gait.step);
  const hips: Vec3 = [0, lerp(0.82, 0.34, gait.sit) - bob, lerp(0.55, 0.35, gait.sit)];
  const chest: Vec3 = [0, lerp(0.8, 0.84, gait.sit) + bob, lerp(-0.45, -0.2, gait.sit)];
  limb(hips, chest, 0.21, 0.23, back, 12);
  limb(add(mix(hips, chest, 0.35), [0, -0.07, 0]), add(chest, [0, -0.06, 0.02]), 0.16, 0.2, { color: coat.belly }, 12);
  const offsets = gait.stride > 0.45 ? [0, 0.5, Math.PI, Math.PI + 0.5] : [0, Math.PI, Math.PI, 0];
  for (const [index, offset] of offsets.entries()) {
    const front = index < 2;
    const side = index % 2 === 0 ? -1 : 1;
    const root = add(front ? chest : hips, [side * 0.12, -0.08, front ? 0 : -0.02]);
    const turn = gait.step + offset;
    const reach = gait.stride * Math.sin(turn);
    const paw: Vec3 = [
      side * 0.12,
      0.06 + gait.stride * 0.4 * Math.max(0, Math.cos(turn)),
      (front ? chest[2] : lerp(hips[2], 0.05, gait.sit)) - reach,
    ];
    const knee = add(mix(root, paw, 0.5), [0, 0, (front ? 0.04 : -0.1) + gait.stride * 0.1]);
    limb(root, knee, front ? 0.1 : 0.14, 0.07, back, 8);
    limb(knee, paw, 0.07, 0.06, back, 8);
    limb(paw, add(paw, [0, -0.01, -0.07]), 0.06, 0.05, { color: coat.belly }, 8);
  }
  drawMuzzle(mesh, frame, chest, coat, gait);
  drawTail(limbsIn(mesh, frame), hips, coat, gait);
}

function drawMuzzle(mesh: Mesh, frame: Frame, chest: Vec3, coat: Coat, gait: Gait): void {
  const place = (local: Vec3): Vec3 => toWorld(frame, local);
  const limb = limbsIn(mesh, frame);
  const head = add(chest, [0, lerp(0.34, 0.42, gait.sit), lerp(-0.38, -0.2, gait.sit)]);
  const turned = (x: number, y: number, z: number): Vec3 =>
    add(head, [x * Math.cos(gait.look) + z * Math.sin(gait.look), y, z * Math.cos(gait.look) - x * Math.sin(gait.look)]);
  limb(add(chest, [0, 0.05, -0.05]), head, 0.17, 0.13, { color: coat.back });
  mesh.ellipsoid((local) => place(turned(...local)), [0, 0.03, 0], [0.17, 0.16, 0.18], { color: coat.back });
  const long = coat.ears === 'hanging' ? 0.3 : 0.19;
  limb(turned(0, -0.02, -0.1), turned(0, -0.05, -long), 0.1, 0.065, { color: coat.belly });
  mesh.ellipsoid((local) => place(turned(...local)), [0, -0.02, -long - 0.06], [0.03, 0.025, 0.02], { color: [0.02, 0.015, 0.015] }, 6);
  for (const side of [-1, 1]) {
    mesh.ellipsoid((local) => place(turned(...local)), [side * 0.075, 0.06, -0.155], [0.028, 0.03, 0.02], { color: [0.02, 0.02, 0.01] }, 6);
    if (coat.ears === 'upright')
      limb(turned(side * 0.1, 0.14, 0.02), turned(side * 0.13, 0.27, 0.02), 0.06, 0.012, { color: coat.back }, 8);
    else limb(turned(side * 0.15, 0.12, 0.03), turned(side * 0.21, -0.08, 0.02), 0.06, 0.075, { color: scale(coat.back, 0.6) }, 8);
  }
}

function drawTail(limb: LimbDrawer, hips: Vec3, coat: Coat, gait: Gait): void {
  const thickness = coat.tail === 'bushy' ? 0.085 : 0.055;
  let from = add(hips, [0, 0.08, 0.16]);
  for (let joint = 1; joint <= 6; joint += 1) {
    const rise = lerp(-0.2 + joint * 0.28, -0.5 + joint * 0.1, gait.sit);
    const to = add(from, [0.14 * Math.sin(gait.wag - joint * 0.5) * (joint / 4), 0.13 * Math.sin(rise), 0.13 * Math.cos(rise)]);
    const floor: Vec3 = [to[0], Math.max(0.06, to[1]), to[2]];
    limb(
      from,
      floor,
      thickness * (1 - (joint - 1) * 0.08),
      thickness * (1 - joint * 0.08),
      { color: joint > 5 ? coat.belly : coat.back },
      8,
    );
    from = floor;
  }
}

/** A small bird, 1 unit long; `flap` is the angle of the wings in radians or undefined when they are folded. */
export function drawBird(mesh: Mesh, frame: Frame, colors: { back: Vec3; breast: Vec3 }, pose: { flap?: number; nod: number }): void {
  const limb = limbsIn(mesh, frame);
  const place = (local: Vec3): Vec3 => toWorld(frame, local);
  const dip = pose.nod * 0.32;
  mesh.ellipsoid(place, [0, 0.34, 0], [0.17, 0.18, 0.32], { color: colors.back }, 8);
  mesh.ellipsoid(place, [0, 0.3, -0.1], [0.15, 0.16, 0.22], { color: colors.breast }, 8);
  mesh.ellipsoid(place, [0, 0.56 - dip, -0.27 - dip * 0.5], [0.13, 0.13, 0.14], { color: colors.back }, 8);
  limb([0, 0.54 - dip, -0.38 - dip * 0.5], [0, 0.52 - dip * 1.4, -0.5 - dip * 0.5], 0.035, 0.01, { color: [0.5, 0.3, 0.03] }, 6);
  limb([0, 0.36, 0.25], [0, 0.42, 0.62], 0.07, 0.05, { color: scale(colors.back, 0.7) }, 6);
  for (const side of [-1, 1]) {
    limb([side * 0.06, 0.2, 0], [side * 0.06, 0, -0.03], 0.018, 0.018, { color: [0.25, 0.14, 0.05] }, 5);
    if (pose.flap === undefined) continue;
    const [cos, sin] = [Math.cos(pose.flap) * side, Math.sin(pose.flap)];
    const wing = [
      [0.1 * side, 0.42, -0.16],
      [0.75 * cos, 0.42 + 0.75 * sin, -0.14],
      [0.62 * cos, 0.42 + 0.62 * sin, 0.16],
      [0.1 * side, 0.42, 0.2],
    ] as const;
    mesh.quad([place(wing[0]), place(wing[1]), place(wing[2]), place(wing[3])], { color: scale(colors.back, 0.85) });
  }
}
