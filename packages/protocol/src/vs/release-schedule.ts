import { Type } from 'typebox';
import { defineHttp } from '../message.ts';
import { paths } from '../profile.ts';
import { vsTimers } from '../timers.ts';

/** The device says that it does not use a schedule any more: at a clean stop, or when it is unbound. Optional. */
export const releaseSchedule = defineHttp({
  name: 'vs.releaseSchedule',
  method: 'DELETE',
  path: `${paths.vs}/schedules/{scheduleId}`,
  description:
    'Gives a schedule back, at a clean stop or after unbinding. Repeating it is fine; a foreign one and an absent one look the same.',
  timeoutMs: vsTimers.requestTimeoutMs,
  provenance: { clause: '9.3.1.1', item: 'I.1', status: 'project-choice' },
  body: Type.Undefined(),
  result: Type.Undefined(),
  success: 204,
  errors: ['AUTH_INVALID', 'CLOCK_SKEW', 'NOT_FOUND', 'RATE_LIMITED'],
  examples: [{ title: 'clean stop', body: undefined, result: undefined }],
});
