import { Type } from 'typebox';
import { defineEvent } from '../../message.ts';
import { Channel } from '../../model/channel.ts';
import { eventFields, Received } from '../../model/event-fields.ts';
import { Failure } from '../../model/failure.ts';
import { StreamName } from '../../model/stream-name.ts';
import { Ulid } from '../../model/ulid.ts';

/** A live push came up, failed or ended; without it the platform learns that only at the next renewal. */
export const liveChange = defineEvent({
  method: 'live.changed',
  description: 'Tells that a live push came up, failed or ended.',
  delivery: 'notification',
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({
    ...eventFields,
    sessionId: Ulid,
    channel: Channel,
    stream: StreamName,
    state: Type.Enum(['publishing', 'error', 'stopped'] as const, { description: 'state of the push' }),
    reason: Type.String({ maxLength: 64, description: 'a reason of the Vm stop frame, or channelReboot' }),
    error: Type.Optional(Failure),
  }),
  result: Received,
  errors: [],
  examples: [
    {
      title: 'the media server cannot be reached',
      params: {
        eventId: '01KDVBN6B0D1F3H5K7N9Q2T4W6',
        occurredAt: 1_767_225_620_000,
        sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG',
        channel: 1,
        stream: 'main',
        state: 'error',
        reason: 'error',
        error: { code: 1103, name: 'PUSH_CONNECT_FAILED' },
      },
      result: { received: true },
    },
  ],
});
