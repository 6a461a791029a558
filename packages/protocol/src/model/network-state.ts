import { type Static, Type } from 'typebox';

export const NetworkType = Type.Enum(['wifi', 'ethernet', 'cellular'] as const, { description: 'kind of network' });
export type NetworkType = Static<typeof NetworkType>;

export const SignalDbm = Type.Number({ minimum: -200, maximum: 0, description: 'received signal strength' });
