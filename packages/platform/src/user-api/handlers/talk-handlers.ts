import type { TalkService } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

/** Talking through a camera. */
export function createTalkHandlers({ talks }: { readonly talks: TalkService }): Pick<RouteHandlers, 'talk.create' | 'talk.delete'> {
  return {
    'talk.create': async ({ proof, body, signal }) => await talks.open(proof, body, { signal }),
    'talk.delete': async ({ visitor, params }) => await talks.end(visitor.principal, params.sessionId),
  };
}
