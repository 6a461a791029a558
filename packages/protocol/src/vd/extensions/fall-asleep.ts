import { Type } from 'typebox';
import { defineEvent } from '../../message.ts';
import { described } from '../../model/described.ts';
import { eventFields, Received } from '../../model/event-fields.ts';
import { Instant } from '../../model/instant.ts';
import { sleepTimers } from '../../timers.ts';

/** The last message before a battery device closes the connection to sleep (C11 step 2). */
export const fallAsleep = defineEvent({
  method: 'power.sleeping',
  description: 'Announces that the device closes the connection to sleep. It waits 3 s for the answer and sleeps in any case.',
  timeoutMs: sleepTimers.announceTimeoutMs,
  delivery: 'online',
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({
    ...eventFields,
    expectedWakeAt: Type.Optional(described(Instant, 'when it will wake by itself')),
    wakeChannel: Type.Enum(['tcp', 'none'] as const, { description: 'how it can be woken before' }),
  }),
  result: Received,
  errors: [],
  examples: [
    {
      title: 'nobody watches any more',
      params: { eventId: '01KDVBS0K7N9Q2T4W6Y8B0D1F3', occurredAt: 1_767_227_000_000, wakeChannel: 'tcp' },
      result: { received: true },
    },
  ],
});
