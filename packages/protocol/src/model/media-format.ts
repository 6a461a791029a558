import { type Static, Type } from 'typebox';

export const VideoCodec = Type.Enum(['h264', 'h265', 'av1'] as const, { description: 'video codec' });
export type VideoCodec = Static<typeof VideoCodec>;

export const AudioCodec = Type.Enum(['aac', 'opus', 'g711a', 'g711u'] as const, { description: 'audio codec' });
export type AudioCodec = Static<typeof AudioCodec>;

export const PictureWidth = Type.Integer({ minimum: 1, maximum: 16_384, description: 'width in pixels' });
export const PictureHeight = Type.Integer({ minimum: 1, maximum: 16_384, description: 'height in pixels' });

/** What a device sends as video. */
export const VideoFormat = Type.Object(
  {
    codec: VideoCodec,
    width: PictureWidth,
    height: PictureHeight,
    fps: Type.Number({ exclusiveMinimum: 0, maximum: 240, description: 'frames per second' }),
    kbps: Type.Number({ minimum: 0, maximum: 1_000_000, description: 'bit rate, kbit/s' }),
  },
  { description: 'video being sent' },
);
export type VideoFormat = Static<typeof VideoFormat>;

/** What a device says it sends; a device may know codecs this profile has no name for. */
export const ReportedVideoFormat = Type.Object(
  {
    ...VideoFormat.properties,
    codec: Type.String({ minLength: 1, maxLength: 32, description: 'video codec, e.g. h264, h265 or av1' }),
  },
  { description: 'video being sent' },
);
export type ReportedVideoFormat = Static<typeof ReportedVideoFormat>;

/** What a device sends as audio. */
export const AudioFormat = Type.Object(
  {
    codec: Type.String({ minLength: 1, maxLength: 32, description: 'audio codec, e.g. aac, opus, g711a or g711u' }),
    sampleRate: Type.Integer({ minimum: 1, maximum: 192_000, description: 'samples per second' }),
    channels: Type.Integer({ minimum: 1, maximum: 8, description: 'sound channels' }),
  },
  { description: 'audio being sent' },
);
export type AudioFormat = Static<typeof AudioFormat>;
