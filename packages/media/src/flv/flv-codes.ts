import type { Track } from '../access-unit.ts';

/** Numbers that the muxer and the demuxer of FLV share (Adobe FLV 10.1, E.4.2 and E.4.3; Enhanced RTMP v2). */

export const frameType = { key: 1, inter: 2 } as const;
export const videoCodec = { avc: 7, hevc: 12 } as const;
export const soundFormat = { g711a: 7, g711u: 8, enhanced: 9, aac: 10 } as const;

/** Second byte of AVC video and of AAC audio. */
export const packetType = { sequenceHeader: 0, coded: 1 } as const;

/** Top bit of the first byte of video: a packet type and a FourCC follow instead of a codec number. */
export const ENHANCED_VIDEO = 0x80;
export const enhancedVideo = { sequenceStart: 0, coded: 1, codedWithoutOffset: 3, modEx: 7 } as const;
export const enhancedAudio = { sequenceStart: 0, coded: 1, modEx: 7 } as const;

export const fourCc = {
  h264: 0x6176_6331, // avc1
  h265: 0x6876_6331, // hvc1
  av1: 0x6176_3031, // av01
  opus: 0x4f70_7573, // Opus
  aac: 0x6d70_3461, // mp4a
} as const satisfies Partial<Record<Track['codec'], number>>;
