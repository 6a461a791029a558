/** What an init segment says a sample is when its fragment does not (ISO/IEC 14496-12, 8.8.3 `trex`). */
export interface SampleDefaults {
  /** Ticks of the track's timescale. */
  readonly duration: number;
  readonly sizeBytes: number;
  /** Sample flags as on the wire; bit 16 set means not a key frame. */
  readonly flags: number;
}

interface TrackCommon {
  /** track_ID, 1 or more, unique in its stream. */
  readonly id: number;
  /** Ticks per second of every time of this track. */
  readonly timescale: number;
  /** RFC 6381. */
  readonly codecString: string;
  /** Only on tracks read from an init segment that declares defaults. */
  readonly defaults?: SampleDefaults;
}

export interface VideoTrack extends TrackCommon {
  readonly kind: 'video';
  readonly codec: 'h264' | 'h265' | 'av1';
  /** avcC, hvcC or av1C record (the box body); its NAL length field is 4 bytes. */
  readonly config: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface AudioTrack extends TrackCommon {
  readonly kind: 'audio';
  readonly codec: 'aac' | 'opus' | 'g711a' | 'g711u';
  /** AudioSpecificConfig, dOps box body, or empty. */
  readonly config: Uint8Array;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
}

export type Track = VideoTrack | AudioTrack;

/**
 * One coded picture or audio frame. Times are in ticks of the track's timescale.
 * `data` is a sequence of NAL units with 4 byte length prefixes for H.264 and H.265, else the raw frame; it is never
 * changed after hand-over.
 */
export interface AccessUnit {
  readonly trackId: number;
  readonly dts: number;
  readonly pts: number;
  readonly duration: number;
  readonly keyframe: boolean;
  readonly data: Uint8Array;
}

/** Where one sample lies in a file or fragment; times in ticks of its track. */
export interface SampleEntry {
  readonly dts: number;
  readonly pts: number;
  readonly duration: number;
  readonly keyframe: boolean;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Codec strings of all tracks, comma separated, as `codecs` of a MIME type wants them (RFC 6381). */
export function codecsOf(tracks: readonly Track[]): string {
  return tracks.map((track) => track.codecString).join(',');
}

/** The MIME type a MediaSource takes for these tracks in one fragmented MP4. */
export function mimeTypeOf(tracks: readonly Track[]): string {
  const top = tracks.some((track) => track.kind === 'video') ? 'video' : 'audio';
  return `${top}/mp4; codecs="${codecsOf(tracks)}"`;
}
