import { Type } from 'typebox';
import { HomeId } from '../model/home.ts';
import {
  Acceptance,
  AccessUntil,
  Invitation,
  InvitationRequest,
  InvitationSummary,
  InviteToken,
  Joined,
  Member,
  MemberId,
} from '../model/member.ts';
import { pageOf } from '../model/page.ts';
import { RoleWish } from '../model/role.ts';
import { SupportAccess, SupportRequest } from '../model/support.ts';
import { defineRoute } from '../route.ts';

const params = Type.Object({ id: HomeId });
const memberParams = Type.Object({ id: HomeId, userId: MemberId });

export const memberRoutes = [
  defineRoute('member.list', {
    summary: 'Who belongs to the home, and who is invited',
    access: { kind: 'home', action: 'manage' },
    params,
    success: 200,
    answer: pageOf(Member),
  }),
  defineRoute('member.invite', {
    summary: 'Invites somebody, by a link that works once; nobody gives more than they have',
    access: { kind: 'home', action: 'manage' },
    params,
    body: InvitationRequest,
    success: 201,
    audited: true,
    answer: Invitation,
  }),
  defineRoute('member.update', {
    summary: 'Changes what a member may do; `role: "owner"`, by the owner after a fresh login, hands the home over',
    access: { kind: 'home', action: 'manage' },
    params: memberParams,
    body: Type.Object({ role: Type.Optional(RoleWish), accessUntil: Type.Optional(Type.Union([AccessUntil, Type.Null()])) }),
    success: 200,
    audited: true,
    answer: Member,
  }),
  defineRoute('member.delete', {
    summary: 'Removes a member or takes back an invitation; anybody may leave; 409 for the owner',
    access: { kind: 'membership', action: 'manage' },
    params: memberParams,
    success: 204,
    audited: true,
  }),
  defineRoute('support.create', {
    summary: 'Lets somebody who runs the platform in, by the owner alone, logged in, for a day at most; `member.delete` ends it before',
    access: { kind: 'home', action: 'manage' },
    params,
    body: SupportRequest,
    success: 201,
    audited: true,
    answer: SupportAccess,
  }),
  defineRoute('invitation.show', {
    summary: 'What an invitation says',
    access: { kind: 'public' },
    body: Type.Object({ inviteToken: InviteToken }),
    success: 200,
    answer: InvitationSummary,
  }),
  defineRoute('invitation.accept', {
    summary: 'Joins a home, as the user who is logged in or as a new one',
    access: { kind: 'anyone' },
    body: Acceptance,
    success: 200,
    audited: true,
    answer: Joined,
  }),
] as const;
