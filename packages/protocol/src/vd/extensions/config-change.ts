import { Type } from 'typebox';
import { defineEvent } from '../../message.ts';
import { ConfigKey, ConfigVersion } from '../../model/config.ts';
import { eventFields, Received } from '../../model/event-fields.ts';

/** Somebody changed the configuration at the device itself. */
export const configChange = defineEvent({
  method: 'config.changed',
  description: 'Tells that the configuration was changed at the device itself, and which keys.',
  delivery: 'notification',
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({
    ...eventFields,
    version: ConfigVersion,
    keys: Type.Array(ConfigKey, { maxItems: 256, description: 'keys that changed' }),
  }),
  result: Received,
  errors: [],
  examples: [
    {
      title: 'the privacy button was pressed',
      params: { eventId: '01KDVBQ8F3H5K7N9Q2T4W6Y8B0', occurredAt: 1_767_226_900_000, version: 16, keys: ['privacy.mode'] },
      result: { received: true },
    },
  ],
});
