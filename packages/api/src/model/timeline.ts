import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

/** Why there is no video, as a closed list. */
export const GapCause = Type.Enum(['network', 'power', 'disk-full', 'codec', 'time', 'policy', 'revoked', 'overload', 'unknown'] as const, {
  description: 'why there is no video',
});
export type GapCause = Static<typeof GapCause>;

/** The same more closely, for people. */
export const GapReason = Type.Enum(
  [
    'offline',
    'noSignal',
    'uploadFailed',
    'restarted',
    'asleep',
    'lowBattery',
    'platformDown',
    'storageFull',
    'deviceDisk',
    'codec',
    'clock',
    'privacy',
    'starting',
    'notKept',
    'expired',
    'deleted',
    'damaged',
    'unbound',
    'overload',
    'unknown',
  ] as const,
  { description: 'the cause more closely' },
);
export type GapReason = Static<typeof GapReason>;

/** A stretch of time with video, or without video that was to be recorded. */
export const TimelineSpan = Type.Object({
  from: Instant,
  to: Instant,
  kind: Type.Enum(['video', 'gap'] as const, { description: '`video` or `gap`' }),
  cause: Type.Optional(GapCause),
  reason: Type.Optional(GapReason),
});
export type TimelineSpan = Static<typeof TimelineSpan>;

const Coverage = Type.Number({ minimum: 0, maximum: 1, description: 'part of the time to be recorded that has video; 1 when none was' });

/** One day of the home's calendar. */
export const DayCoverage = Type.Object({ from: Instant, to: Instant, coverage: Coverage });
export type DayCoverage = Static<typeof DayCoverage>;

/**
 * What was recorded of a channel. Every second that was to be recorded is video or a gap with a cause; those of the last
 * minute, which may still be uploaded, are neither. Spans are in order and do not overlap.
 */
export const Timeline = Type.Object({
  spans: Type.Array(TimelineSpan),
  coverage: Coverage,
  days: Type.Array(DayCoverage, { description: 'coverage of each day of the home, as far as it lies in the range' }),
  next: Type.Optional(Type.String({ description: 'cursor of the later part of a long range; absent on the last' })),
});
export type Timeline = Static<typeof Timeline>;
