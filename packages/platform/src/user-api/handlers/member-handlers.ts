import { AppError } from '@cardea/core';
import type { BrowserLogins } from '../browser-logins.ts';
import type { Invitations, Members, SupportService } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type MemberRoute =
  | 'member.list'
  | 'member.invite'
  | 'member.update'
  | 'member.delete'
  | 'support.create'
  | 'invitation.show'
  | 'invitation.accept';

/** Who belongs to a home, and how people come to. */
export function createMemberHandlers({
  invitations,
  logins,
  members,
  support,
}: {
  readonly logins: BrowserLogins;
  readonly invitations: Invitations;
  readonly members: Members;
  readonly support: SupportService;
}): Pick<RouteHandlers, MemberRoute> {
  return {
    'member.list': async ({ proof }) => ({ items: [...(await members.list(proof)), ...(await invitations.list(proof))] }),
    'member.invite': async ({ proof, body }) => await invitations.create(proof, body),
    'member.update': async ({ proof, params, body }) => await members.update(proof, params.userId, body),
    'member.delete': async ({ proof, params: { userId } }) => {
      const isSelf = userId === proof.principal.userId;
      if (isSelf || !(await invitations.remove(proof, userId))) await members.remove(proof, userId);
    },
    'support.create': async ({ proof, body }) => await support.grant(proof, body),
    'invitation.show': async ({ body, source }) => await invitations.show(body.inviteToken, source),
    'invitation.accept': async ({ body, visitor, source, reply }) => {
      if (visitor?.principal.within !== undefined) throw new AppError('FORBIDDEN', undefined, { message: 'a token cannot join a home' });
      const joined = await invitations.accept(body, visitor, source);
      return visitor === undefined ? await logins.give(reply, joined) : joined;
    },
  };
}
