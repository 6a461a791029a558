/** Where the object of a segment lies: one directory per home, device, channel and hour (UTC), names that sort by time. */
export function segmentKey(segment: {
  readonly homeId: string;
  readonly deviceId: string;
  readonly channel: number;
  /** Unix milliseconds of the first sample, as announced. */
  readonly startAt: number;
  readonly segmentId: string;
}): string {
  const { homeId, deviceId, channel, startAt, segmentId } = segment;
  const [date = '', time = ''] = new Date(startAt).toISOString().split('T');
  const [hour, minute, second] = time.split(':');
  return `${devicePrefix(homeId, deviceId)}${channel}/${date.replaceAll('-', '/')}/${hour}/${minute}-${second}-${segmentId}.mp4`;
}

/** What every key of a device in a home starts with. */
export function devicePrefix(homeId: string, deviceId: string): string {
  return `h/${homeId}/d/${deviceId}/`;
}

/** Below this everything of the video service lies; other services keep objects there too. */
export const SEGMENT_ROOT = 'h';

const ownPattern = /^h\/[^/]+\/d\/[^/]+\/\d+\//;
const namePattern = /\/\.?\d\d-\d\d\.\d{3}Z-([0-9A-Z]{26})\.mp4(?:\.[0-9A-Z]{26}\.part)?$/;

/** Whether a key lies where only the video service writes. */
export function isSegmentPlace(key: string): boolean {
  return ownPattern.test(key);
}

/** The segment an object or upload belongs to by its name, if it has such a name. */
export function segmentIdOf(key: string): string | undefined {
  return namePattern.exec(key)?.[1];
}

const objectPattern = /^h\/([^/]+)\/d\/([^/]+)\/(\d+)\/(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)\/(\d\d)-(\d\d\.\d{3})Z-([0-9A-Z]{26})\.mp4$/;

/** What `segmentKey` was told, if `key` is what it makes. */
export function segmentPlaceOf(key: string): Parameters<typeof segmentKey>[0] | undefined {
  const [, homeId, deviceId, channel, year, month, day, hour, minute, second, segmentId] = objectPattern.exec(key) ?? [];
  if (homeId === undefined || deviceId === undefined || segmentId === undefined) return undefined;
  const startAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(startAt) ? undefined : { homeId, deviceId, channel: Number(channel), startAt, segmentId };
}
