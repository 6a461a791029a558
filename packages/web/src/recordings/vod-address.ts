/** One channel between two instants (Unix ms). */
export interface VodRange {
  readonly deviceId: string;
  readonly channel: number;
  readonly from: number;
  readonly to: number;
}

/** Where the platform has a file of a range of one encoding, for whoever is logged in. */
export function vodAddress(range: VodRange, file: string, stream: string): string {
  return `${folderOf(range)}/${file}?stream=${stream}`;
}

/** Where it plays all encodings of a range: a player begins with the smallest and goes on with what the line bears. */
export function playlistAddress(range: VodRange): string {
  return `${folderOf(range)}/multivariant.m3u8`;
}

function folderOf({ deviceId, channel, from, to }: VodRange): string {
  return `/vod/${deviceId}/${channel}/start/${Math.floor(from)}/end/${Math.ceil(to)}`;
}
