/** Nearer to the middle than this part of the radius, nothing moves. */
const DEAD_ZONE = 0.15;

/**
 * Where a pointer pulls the ring: `x` and `y` are its distance from the middle, `radius` that of the ring, all in the same
 * unit, y downwards as on a screen. Right and up are positive, the edge and beyond is 1; slow near the middle.
 */
export function ringVector(x: number, y: number, radius: number): { readonly pan: number; readonly tilt: number } {
  const distance = Math.hypot(x, y);
  const pull = Math.min(1, distance / radius);
  if (pull < DEAD_ZONE) return { pan: 0, tilt: 0 };
  const speed = ((pull - DEAD_ZONE) / (1 - DEAD_ZONE)) ** 1.5;
  return { pan: twoDigits((x / distance) * speed), tilt: twoDigits((-y / distance) * speed) };
}

/** Hundredths, and never -0. */
function twoDigits(value: number): number {
  return Math.round(value * 100) / 100 + 0;
}
