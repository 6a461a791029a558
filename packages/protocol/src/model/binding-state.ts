import { type Static, Type } from 'typebox';
import { eventFields } from './event-fields.ts';

/** What a device knows of its binding to a home: the params of `binding.report` and the result of `binding.get`. */
export const BindingReport = Type.Object({
  ...eventFields,
  state: Type.Enum(['requested', 'bound', 'unbound', 'factoryReset'] as const, { description: 'state of the binding' }),
  bindToken: Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: 'binding code the user gave to the device; single use, lives 10 min' }),
  ),
  via: Type.Optional(
    Type.Enum(['qr', 'softAp', 'ble', 'wired', 'button', 'cloud'] as const, { description: 'how the code came to the device' }),
  ),
  homeIdHint: Type.Optional(Type.String({ maxLength: 64, description: 'home the user had in mind' })),
  localIp: Type.Optional(Type.String({ maxLength: 64, description: 'address in the local network' })),
});
export type BindingReport = Static<typeof BindingReport>;
