/** A corner of a zone, 0..1 from the top left of the picture. */
export interface ZoneVertex {
  readonly x: number;
  readonly y: number;
}

/** An area of the picture (configuration key `zones`). */
export interface Zone {
  readonly id: string;
  readonly name?: string;
  /** `motion`: watched, and nothing outside such zones is. `ignore`: what moves here does not count. */
  readonly use: 'motion' | 'ignore';
  readonly vertices: readonly ZoneVertex[];
  /** 1..10, instead of that of the channel. */
  readonly sensitivity?: number;
}

export const zoneLimits = { max: 8, minVertices: 3, maxVertices: 12, nameMaxChars: 32, idMaxChars: 64 } as const;

/** Whether `value` is a list of zones with ids of their own. */
export function isZones(value: unknown): value is readonly Zone[] {
  if (!Array.isArray(value) || value.length > zoneLimits.max) return false;
  const zones: readonly unknown[] = value;
  return zones.every(isZone) && new Set(zones.map(({ id }) => id)).size === zones.length;
}

function isZone(value: unknown): value is Zone {
  if (typeof value !== 'object' || value === null || !('id' in value && 'use' in value && 'vertices' in value)) return false;
  const { id, use, vertices } = value;
  if (!isText(id, zoneLimits.idMaxChars) || (use !== 'motion' && use !== 'ignore')) return false;
  if ('name' in value && !isText(value.name, zoneLimits.nameMaxChars)) return false;
  if ('sensitivity' in value && !isSensitivity(value.sensitivity)) return false;
  if (!Array.isArray(vertices) || vertices.length < zoneLimits.minVertices || vertices.length > zoneLimits.maxVertices) return false;
  return vertices.every(isVertex);
}

export function isSensitivity(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 10;
}

function isText(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxChars;
}

function isVertex(value: unknown): value is ZoneVertex {
  return typeof value === 'object' && value !== null && 'x' in value && 'y' in value && isShare(value.x) && isShare(value.y);
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

/** Whether the point lies inside the polygon (even-odd rule). */
export function contains(vertices: readonly ZoneVertex[], { x, y }: ZoneVertex): boolean {
  let inside = false;
  let before = vertices.at(-1);
  for (const corner of vertices) {
    if (before !== undefined && corner.y > y !== before.y > y) {
      const crossesAt = ((before.x - corner.x) * (y - corner.y)) / (before.y - corner.y) + corner.x;
      if (x < crossesAt) inside = !inside;
    }
    before = corner;
  }
  return inside;
}
