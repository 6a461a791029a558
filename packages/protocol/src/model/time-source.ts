import { type Static, Type } from 'typebox';

export const TimeZone = Type.String({ minLength: 1, maxLength: 64, description: 'IANA time zone, e.g. Europe/Berlin' });
export const PosixTimeZone = Type.String({ maxLength: 128, description: 'time zone as a POSIX TZ text' });

/** Who last set the clock of a device. */
export const TimeSource = Type.Enum(['platform', 'ntp', 'manual', 'rtc', 'none'] as const, { description: 'who set the clock' });
export type TimeSource = Static<typeof TimeSource>;
