import { Channel, DeviceId, Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

export const EventId = Type.String({ minLength: 1, maxLength: 64, description: 'event' });

/** In a path, so digits as text. */
export const PictureNumber = Type.String({ pattern: '^[1-9][0-9]?$', description: 'number of the picture, from 1' });

/** Alarms come from what a device senses, device events from what happens to the device. */
export const EventKind = Type.Enum(['alarm', 'device'] as const, { description: '`alarm` or `device`' });
export type EventKind = Static<typeof EventKind>;

/** Something that happened at a home. */
export const HomeEvent = Type.Object({
  id: Type.String(),
  eventId: Type.String({ description: 'as the device called it' }),
  kind: EventKind,
  deviceId: DeviceId,
  homeId: Type.String(),
  channel: Type.Optional(Channel),
  type: Type.String({
    description: 'alarm type, or `online`, `offline`, `recordingStopped`, `battery`, `firmware`, `storage`, `clock`, `binding`, `config`',
  }),
  state: Type.Optional(Type.String({ description: 'of an alarm that lasts: `start`, `update`, `stop`; `pulse` of one that does not' })),
  level: Type.Optional(Type.Integer({ minimum: 1, maximum: 4, description: '1 is the most severe' })),
  occurredAt: Instant,
  receivedAt: Instant,
  correlationId: Type.Optional(Type.String({ description: 'the same for all states of one alarm' })),
  text: Type.Optional(Type.String()),
  reviewed: Type.Boolean(),
  pictures: Type.Array(
    Type.Object({
      url: Type.String({ description: 'where the JPEG is' }),
      width: Type.Integer({ description: 'pixels' }),
      height: Type.Integer({ description: 'pixels' }),
    }),
    { description: 'they come a moment after the event itself' },
  ),
  segmentIds: Type.Array(Type.String()),
});
export type HomeEvent = Static<typeof HomeEvent>;
