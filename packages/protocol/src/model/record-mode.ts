import { type Static, Type } from 'typebox';

/** Recording policy of a channel, the value of `record.local.mode` and `record.cloud.mode`. */
export const RecordMode = Type.Enum(['off', 'event', 'continuous', 'schedule'] as const, { description: 'recording policy' });
export type RecordMode = Static<typeof RecordMode>;

/** Where a recording goes: the disk of the device, the video service, or both. */
export const RecordTarget = Type.Enum(['local', 'cloud', 'both'] as const, { description: 'where the recording goes' });
export type RecordTarget = Static<typeof RecordTarget>;

/** Why something is being recorded right now. */
export const RecordActivity = Type.Enum(['off', 'event', 'continuous', 'manual'] as const, { description: 'what is being recorded' });
export type RecordActivity = Static<typeof RecordActivity>;

/** Kind of a recording kept by a device. */
export const RecordKind = Type.Enum(['continuous', 'event', 'manual'] as const, { description: 'why it was recorded' });
export type RecordKind = Static<typeof RecordKind>;

/** Kind of a video segment; `backfill` was recorded while the video service was out of reach. */
export const SegmentKind = Type.Enum(['event', 'continuous', 'manual', 'backfill'] as const, { description: 'kind of video segment' });
export type SegmentKind = Static<typeof SegmentKind>;
