import { Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { roles } from '../actions.ts';
import { ActionName, DeviceScope, Hours, RoleWish } from './role.ts';
import { Email, GivenPassword, User, UserName } from './user.ts';

export const MemberId = Type.String({ minLength: 1, maxLength: 64, description: 'user, or invitation' });

export const AccessUntil = Type.Integer({
  minimum: 0,
  description: 'Unix ms from which on the right is over by itself; null for good',
});

/** Somebody who belongs to a home, or is invited to. */
export const Member = Type.Object({
  id: Type.String({ description: 'of the user; of the invitation while it is open' }),
  state: Type.Enum(['joined', 'invited'] as const),
  userId: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  email: Type.Optional(Type.String({ description: 'absent for an invitation that is for whoever holds the link' })),
  role: Type.Enum(roles, { description: 'the preset the actions came from; `support` has been let in by `support.create`' }),
  actions: Type.Array(ActionName),
  devices: DeviceScope,
  hours: Type.Optional(Hours),
  accessUntil: Type.Optional(AccessUntil),
  since: Type.Integer({ description: 'Unix ms when the member joined or was invited' }),
  expiresAt: Type.Optional(Type.Integer({ description: 'Unix ms until which an invitation can be accepted' })),
});
export type Member = Static<typeof Member>;

export const InvitationRequest = Type.Object({
  email: Type.Optional(Email),
  role: RoleWish,
  accessUntil: Type.Optional(AccessUntil),
});
export type InvitationRequest = Static<typeof InvitationRequest>;

/** Shown once: whoever has the token can join. */
export const Invitation = Type.Object({
  id: Type.String(),
  inviteUrl: Type.String({ description: 'page on which the invitation is accepted' }),
  inviteToken: Type.String(),
  expiresAt: Instant,
});
export type Invitation = Static<typeof Invitation>;

export const InviteToken = Type.String({ minLength: 1, maxLength: 256, description: 'the token of the invitation' });

/** What an invitation says before it is accepted. */
export const InvitationSummary = Type.Object({
  homeName: Type.String(),
  invitedBy: Type.String({ description: 'name of the member who invites' }),
  email: Type.Optional(Type.String({ description: 'whom it is for; anybody when absent' })),
  role: Type.Enum(roles),
  expiresAt: Instant,
});
export type InvitationSummary = Static<typeof InvitationSummary>;

export const Acceptance = Type.Object({
  inviteToken: InviteToken,
  email: Type.Optional(Email),
  name: Type.Optional(UserName),
  password: Type.Optional(GivenPassword),
});
export type Acceptance = Static<typeof Acceptance>;

export const Joined = Type.Object({
  user: User,
  token: Type.String({ description: 'bearer token of a fresh login, or the one of this request' }),
  homeId: Type.String(),
});
export type Joined = Static<typeof Joined>;
