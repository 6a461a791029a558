/**
 * Negative when version `a` comes before `b`, positive when after, 0 when neither. Numbers count as numbers, other parts as
 * text; a release comes after its candidates (`1.5.0-rc.1` before `1.5.0`), and what follows `+` does not count.
 */
export function compareVersions(a: string, b: string): number {
  const [releaseA, candidateA] = split(a);
  const [releaseB, candidateB] = split(b);
  const byRelease = compareParts(releaseA, releaseB);
  if (byRelease !== 0) return byRelease;
  if (candidateA === undefined || candidateB === undefined) return Number(candidateB !== undefined) - Number(candidateA !== undefined);
  return compareParts(candidateA, candidateB);
}

function split(version: string): readonly [string, string?] {
  const [counted = ''] = version.replace(/^v/i, '').split('+', 1);
  const dash = counted.indexOf('-');
  return dash < 0 ? [counted] : [counted.slice(0, dash), counted.slice(dash + 1)];
}

function compareParts(a: string, b: string): number {
  const [partsA, partsB] = [a.split('.'), b.split('.')];
  for (let index = 0; index < Math.max(partsA.length, partsB.length); index += 1) {
    const order = comparePart(partsA[index] ?? '0', partsB[index] ?? '0');
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(a: string, b: string): number {
  const [numberA, numberB] = [toNumber(a), toNumber(b)];
  if (numberA !== undefined && numberB !== undefined) return numberA - numberB;
  // A number comes before text, as in semantic versioning.
  if (numberA !== undefined || numberB !== undefined) return numberA === undefined ? 1 : -1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function toNumber(part: string): number | undefined {
  return /^\d{1,15}$/.test(part) ? Number(part) : undefined;
}
