import { DeviceId, Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { HourSpan } from './role.ts';

const mode = Type.Enum(['continuous', 'event', 'off'] as const, {
  description: 'what is recorded and kept: everything, what belongs to events and what people record, or nothing',
});
const schedule = Type.Array(HourSpan, {
  maxItems: 28,
  description: 'hours of the week in which it is recorded, on the clocks of the home; empty: at all hours',
});
const streams = Type.Enum(['all', 'main', 'sub'] as const, { description: 'which encodings are kept' });
const days = Type.Integer({ minimum: 1, maximum: 3_650, description: 'age at which recordings go' });
const eventDays = Type.Integer({
  minimum: 1,
  maximum: 3_650,
  description: 'age at which recordings of events and those that people began go; as the others when left out',
});
const quotaBytes = Type.Integer({ minimum: 1_000_000, description: 'most that is kept; the oldest recordings go first' });

/**
 * What the cameras of a home, or one camera, record and keep. A camera without a value of its own has that of its home, a home
 * that of the platform; where nobody said what is recorded a camera records as it is set itself.
 */
export const RetentionChange = Type.Object({
  mode: Type.Optional(Type.Union([mode, Type.Null()])),
  schedule: Type.Optional(Type.Union([schedule, Type.Null()])),
  streams: Type.Optional(Type.Union([streams, Type.Null()])),
  days: Type.Optional(Type.Union([days, Type.Null()])),
  eventDays: Type.Optional(Type.Union([eventDays, Type.Null()])),
  quotaBytes: Type.Optional(Type.Union([quotaBytes, Type.Null()])),
});
export type RetentionChange = Static<typeof RetentionChange>;

/** What holds now. Locked recordings are kept whatever it says. */
export const Retention = Type.Object({
  mode,
  schedule: Type.Optional(schedule),
  streams,
  days,
  eventDays: Type.Optional(eventDays),
  quotaBytes: Type.Optional(quotaBytes),
  cameraDecides: Type.Optional(
    Type.Array(Type.Enum(['mode', 'streams'] as const), {
      description: 'of a camera: what nobody said, so that it records as it is set itself',
    }),
  ),
  pending: Type.Optional(Type.Boolean({ description: 'of a camera: true until it has taken over what it is to record' })),
});
export type Retention = Static<typeof Retention>;

const usage = {
  usedBytes: Type.Integer({ minimum: 0, description: 'stored' }),
  lockedBytes: Type.Integer({ minimum: 0, description: 'of these, kept until unlocked' }),
  oldestAt: Type.Optional(Instant),
  keptDays: Type.Number({ minimum: 0, description: 'how far back recordings reach' }),
  bytesPerDay: Type.Number({ minimum: 0, description: 'stored in the last day' }),
};

/** How much a home stores, how far back that reaches, and for how long there is room. */
export const StorageUse = Type.Object({
  ...usage,
  retention: Retention,
  freeBytes: Type.Integer({ minimum: 0, description: 'room of the home: of its quota, or of the volume when that is less' }),
  daysToFull: Type.Optional(
    Type.Number({ minimum: 0, description: 'until the oldest recordings have to go for new ones; absent while nothing is stored' }),
  ),
  level: Type.Enum(['normal', 'freeing', 'noBackfill', 'essential', 'full'] as const, { description: 'how full the volume is' }),
  devices: Type.Array(Type.Object({ deviceId: DeviceId, ...usage, retention: Retention })),
});
export type StorageUse = Static<typeof StorageUse>;
