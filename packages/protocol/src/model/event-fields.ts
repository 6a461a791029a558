import { type Static, Type } from 'typebox';
import { described } from './described.ts';
import { Instant } from './instant.ts';
import { Ulid } from './ulid.ts';

/** The members every event of a device has; the receiver tells repetitions by (device, `eventId`). */
export const eventFields = {
  eventId: described(Ulid, 'same in every repetition of the event'),
  occurredAt: described(Instant, 'when it happened, not when it is sent'),
};

/** The acknowledgement of an event: it is durable now. */
export const Received = Type.Object({ received: Type.Literal(true, { description: 'the event is stored' }) });
export type Received = Static<typeof Received>;
