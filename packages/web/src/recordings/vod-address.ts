/** One channel between two instants (Unix ms). */
export interface VodRange {
  readonly deviceId: string;
  readonly channel: number;
  readonly from: number;
  readonly to: number;
}

/** Where the platform plays a range, for whoever is logged in. */
export function vodAddress({ deviceId, channel, from, to }: VodRange, file: 'index.m3u8' | 'clip.mp4', stream: string): string {
  return `/vod/${deviceId}/${channel}/start/${Math.floor(from)}/end/${Math.ceil(to)}/${file}?stream=${stream}`;
}
