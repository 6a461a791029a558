import { type Static, Type } from 'typebox';
import { defineFrame } from '../message.ts';
import { Ulid } from '../model/ulid.ts';

export const StopReason = Type.Enum(
  ['command', 'ttl', 'endOfMedia', 'privacy', 'lowPower', 'reschedule', 'overload', 'error', 'replaced'] as const,
  { description: 'why it ends' },
);
export type StopReason = Static<typeof StopReason>;

/** 9.3.3.2.2: the last text frame of a session, from either side; the receiver closes within 2 s. */
export const stopMediaService = defineFrame({
  type: 'stop',
  sender: 'either',
  description: 'Ends the session. The last frame; the receiver closes the connection within 2 s.',
  provenance: { clause: '9.3.3.2.2', item: 'extension', status: 'title-only' },
  frame: Type.Object({ type: Type.Literal('stop'), sessionId: Ulid, reason: StopReason }),
  examples: [{ title: 'the recording is over', frame: { type: 'stop', sessionId: '01KDVBA3H5K7N9Q2T4W6Y8B0D1', reason: 'endOfMedia' } }],
});
