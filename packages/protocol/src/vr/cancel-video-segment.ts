import { type Static, Type } from 'typebox';
import { defineHttp } from '../message.ts';
import { paths } from '../profile.ts';
import { vrTimers } from '../timers.ts';

export const CancelReason = Type.Enum(
  ['uploadFailed', 'superseded', 'userDeleted', 'privacy', 'tooLate', 'diskLost', 'lowPower'] as const,
  { description: 'why it will not come' },
);
export type CancelReason = Static<typeof CancelReason>;

/** I.3.3: the video segment will not come. A stored one cannot be cancelled: deleting is for users. */
export const cancelVideoSegment = defineHttp({
  name: 'vr.cancelSegment',
  method: 'POST',
  path: `${paths.vr}/segments/{segmentId}/cancel`,
  description: 'Says that an announced video segment will not come. Repeating it is fine; a stored one is refused with SEGMENT_STATE.',
  timeoutMs: vrTimers.requestTimeoutMs,
  provenance: { clause: '9.3.4.1.2', item: 'I.3.3', status: 'title-only' },
  body: Type.Object({
    reason: CancelReason,
    message: Type.Optional(Type.String({ maxLength: 256, description: 'for people' })),
  }),
  result: Type.Object({ state: Type.Literal('cancelled', { description: 'it is not expected any more' }) }),
  success: 200,
  errors: ['INVALID_PARAMS', 'UNAUTHORIZED', 'NOT_BOUND', 'SEGMENT_NOT_FOUND', 'SEGMENT_STATE', 'RATE_LIMITED'],
  examples: [{ title: 'privacy mode was switched on', body: { reason: 'privacy' }, result: { state: 'cancelled' } }],
});
