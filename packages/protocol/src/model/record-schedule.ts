import { type Static, Type } from 'typebox';

const SECONDS_OF_DAY = 86_400;
const MAX_PARTS = 28;

const SecondOfDay = Type.Integer({
  minimum: 0,
  maximum: SECONDS_OF_DAY,
  description: 'seconds after midnight on the clocks of `device.timezone`',
});

/** Part of a week in which recording is wanted. */
const RecordHours = Type.Object({
  days: Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), {
    minItems: 1,
    maxItems: 7,
    uniqueItems: true,
    description: 'days on which it begins, 0 = Sunday',
  }),
  startSec: SecondOfDay,
  endSec: Type.Integer({ minimum: 0, maximum: SECONDS_OF_DAY, description: 'not after `startSec`: of the day that follows' }),
  mode: Type.Optional(Type.Enum(['continuous', 'event'] as const, { description: 'what is recorded then; absent: continuous' })),
});

/**
 * Value of the configuration keys `record.local.schedule` and `record.cloud.schedule`, which hold while the mode beside them
 * is `schedule` (B5.21). The device keeps to it by itself, whether or not it can reach the platform.
 */
export const RecordSchedule = Type.Array(RecordHours, {
  maxItems: MAX_PARTS,
  description: 'hours of a week; outside them nothing is recorded',
});
export type RecordSchedule = Static<typeof RecordSchedule>;
