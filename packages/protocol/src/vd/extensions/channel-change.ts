import { Type } from 'typebox';
import { defineEvent } from '../../message.ts';
import { Channel } from '../../model/channel.ts';
import { eventFields, Received } from '../../model/event-fields.ts';

/** A camera of a recorder came, went or changed what it can do. */
export const channelChange = defineEvent({
  method: 'channel.changed',
  description: 'Tells that a channel came up, went away or can do something else than before.',
  delivery: 'notification',
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({
    ...eventFields,
    channel: Channel,
    online: Type.Boolean({ description: 'the camera of this channel works' }),
    name: Type.Optional(Type.String({ maxLength: 64, description: 'name of the channel' })),
    capHash: Type.String({ minLength: 1, maxLength: 128, description: '`hash` of the capability set now' }),
  }),
  result: Received,
  errors: [],
  examples: [
    {
      title: 'a camera was unplugged from the recorder',
      params: { eventId: '01KDVBR9H5K7N9Q2T4W6Y8B0D1', occurredAt: 1_767_226_950_000, channel: 3, online: false, capHash: '77ab02c4e9d1' },
      result: { received: true },
    },
  ],
});
