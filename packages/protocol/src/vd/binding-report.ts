import { Type } from 'typebox';
import { defineEvent } from '../message.ts';
import { BindingReport } from '../model/binding-state.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { Ulid } from '../model/ulid.ts';

/** I.2.3: the device presents a binding code, or tells that its binding changed. `binding.get` is the platform's way to ask. */
export const bindingReport = defineEvent({
  method: 'binding.report',
  description:
    'Presents the binding code of a home, or tells that the device was reset. UNAUTHORIZED: the code is wrong or expired; ALREADY_ACTIVE: the device belongs to somebody else.',
  delivery: 'acknowledged',
  unbound: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.3', status: 'title-only' },
  params: BindingReport,
  result: Type.Object({
    bound: Type.Boolean({ description: 'the device belongs to a home now' }),
    bindingId: Type.Optional(described(Ulid, 'this binding')),
    ownerRef: Type.Optional(Type.String({ maxLength: 128, description: 'opaque name of the owner' })),
    boundAt: Type.Optional(described(Instant, 'when it was bound')),
    configVersion: Type.Optional(Type.Integer({ minimum: 0, description: 'version of the configuration the platform holds' })),
    unbindAction: Type.Optional(
      Type.Enum(['none', 'wipeConfig', 'wipeAll'] as const, { description: 'what to erase when the device is unbound' }),
    ),
  }),
  errors: ['UNAUTHORIZED', 'ALREADY_ACTIVE'],
  examples: [
    {
      title: 'binding with a code read from a QR picture',
      params: {
        eventId: '01KDVAFB7TZ8Q6GJ5C2XWM4N1R',
        occurredAt: 1_767_225_607_450,
        state: 'requested',
        bindToken: 'K7QF-92MX-HT4D',
        via: 'qr',
        localIp: '192.168.1.40',
      },
      result: { bound: true, bindingId: '01KDVAFBDYWQ3M8T0PZ6R5SKEA', boundAt: 1_767_225_607_650, unbindAction: 'wipeConfig' },
    },
    {
      title: 'the reset button was pressed',
      params: { eventId: '01KDVB0Q1CXD9Y7H3E5N2J8KTV', occurredAt: 1_767_226_176_044, state: 'factoryReset', via: 'button' },
      result: { bound: false },
    },
  ],
});
