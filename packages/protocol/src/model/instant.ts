import { type Static, Type } from 'typebox';

/** The last millisecond of the year 9999: later values are mistakes of unit, not instants. */
const LATEST_MS = 253_402_300_799_999;

/** A point in time: integer milliseconds since 1970-01-01T00:00Z. Members of this type end in `At` or are called `serverTime`. */
export const Instant = Type.Integer({ minimum: 0, maximum: LATEST_MS, description: 'Unix time, UTC' });
export type Instant = Static<typeof Instant>;
