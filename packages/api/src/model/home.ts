import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { actions, roles } from '../actions.ts';
import { nameOf } from './name.ts';
import { SupportAccess } from './support.ts';

export const HomeId = Type.String({ minLength: 1, maxLength: 64, description: 'home' });

export const HomeName = nameOf('name of the home');

export const Timezone = Type.String({ minLength: 1, maxLength: 64, description: 'IANA time zone, e.g. `Europe/Paris`' });

/** A household: what devices belong to and rights are given on. */
export const Home = Type.Object({
  id: Type.String(),
  name: Type.String(),
  timezone: Type.String({ description: 'IANA time zone' }),
  role: Type.Enum(roles, { description: 'role of the asking user' }),
  actions: Type.Array(Type.Enum(actions), { description: 'what the asking user may do' }),
  createdAt: Instant,
  support: Type.Optional(Type.Array(SupportAccess, { description: 'access of support that has not ended; absent without any' })),
});
export type Home = Static<typeof Home>;

/** Lets one device join the home, once, for ten minutes. */
export const BindingCode = Type.Object({
  code: Type.String({ description: 'to be typed or passed to the device; shown once' }),
  expiresAt: Instant,
  qr: Type.String({ description: 'text of a QR code: `cardea:bind?platform=URL&code=CODE`, with `&ca=` as below' }),
  caFingerprint: Type.Optional(
    Type.String({ description: 'SHA-256, hex, of the authority whose certificate the platform shows, where the device has to be told' }),
  ),
});
export type BindingCode = Static<typeof BindingCode>;
