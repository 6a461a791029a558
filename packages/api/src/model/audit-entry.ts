import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

/** Something somebody did or saw. */
export const AuditEntry = Type.Object({
  id: Type.String({ description: 'number of the entry; entries are never changed' }),
  at: Instant,
  action: Type.String({ description: 'operation of this API, or `command:` and the Vd method' }),
  userId: Type.Union([Type.String(), Type.Null()], { description: 'null: the platform itself' }),
  userName: Type.Optional(Type.String({ description: 'absent once the user is gone' })),
  homeId: Type.Union([Type.String(), Type.Null()], { description: 'null for what concerns a user alone, as a log-in' }),
  deviceId: Type.Union([Type.String(), Type.Null()]),
  detail: Type.Record(Type.String(), Type.Unknown(), { description: 'what exactly' }),
});
export type AuditEntry = Static<typeof AuditEntry>;
