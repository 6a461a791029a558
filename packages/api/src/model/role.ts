import { type Static, Type } from 'typebox';
import { actions } from '../actions.ts';

export const ActionName = Type.Enum(actions);

/** `["*"]` or ids. */
export const DeviceScope = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
  minItems: 1,
  maxItems: 500,
  uniqueItems: true,
  description: 'ids of devices, or `["*"]` for all of the home, those to come as well',
});

const TimeOfDay = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$', description: '`HH:MM` in the time zone of the home' });

/** Part of a week. One that ends before it begins lasts past midnight. */
export const HourSpan = Type.Object({
  days: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
      minItems: 1,
      maxItems: 7,
      uniqueItems: true,
      description: 'days on which it begins, 1 = Monday; every day when left out',
    }),
  ),
  from: TimeOfDay,
  to: TimeOfDay,
});
export type HourSpan = Static<typeof HourSpan>;

export const Hours = Type.Array(HourSpan, { minItems: 1, maxItems: 28, description: 'when the right holds; always when left out' });

/** What somebody may do, with what, and when. */
export const Permission = Type.Object({
  actions: Type.Array(ActionName, { minItems: 1, uniqueItems: true }),
  devices: DeviceScope,
  hours: Type.Optional(Hours),
});
export type Permission = Static<typeof Permission>;

const RoleName = Type.Enum(['owner', 'admin', 'member', 'guest'] as const, {
  description: 'a preset: `guest` sees live pictures, `member` all pictures and controls, `admin` everything; a home has one `owner`',
});

/** A preset, or a permission of one's own. */
export const RoleWish = Type.Union([RoleName, Permission]);
export type RoleWish = Static<typeof RoleWish>;
