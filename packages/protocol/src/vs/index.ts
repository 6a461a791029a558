import { releaseSchedule } from './release-schedule.ts';
import { schedule } from './schedule.ts';

/** The HTTPS exchanges of Vs. */
export const vsExchanges = [schedule, releaseSchedule] as const;
