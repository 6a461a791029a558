import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { supportActions } from '../actions.ts';
import { nameOf } from './name.ts';
import { DeviceScope } from './role.ts';
import { Email } from './user.ts';

const SupportActions = Type.Array(Type.Enum(supportActions), { minItems: 1, uniqueItems: true });
const Reason = nameOf('what support is to look at', { maxLength: 200 });

/** What the owner of a home lets somebody who runs the platform do there. */
export const SupportRequest = Type.Object({
  email: Email,
  actions: SupportActions,
  devices: DeviceScope,
  hours: Type.Integer({ minimum: 1, maximum: 24, description: 'how long, in hours' }),
  reason: Reason,
});
export type SupportRequest = Static<typeof SupportRequest>;

/** Access of support that has not ended. */
export const SupportAccess = Type.Object({
  userId: Type.String(),
  name: Type.String({ description: 'who has it' }),
  actions: SupportActions,
  devices: DeviceScope,
  since: Instant,
  until: Instant,
  reason: Reason,
});
export type SupportAccess = Static<typeof SupportAccess>;
