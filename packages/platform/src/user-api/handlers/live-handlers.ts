import type { Accounts, LiveService } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type LiveRoute = 'live.create' | 'live.renew' | 'live.delete' | 'playback.create' | 'viewer.list';

/** Watching, live and recorded, and who does. */
export function createLiveHandlers({
  accounts,
  live,
}: {
  readonly accounts: Pick<Accounts, 'namesOf'>;
  readonly live: LiveService;
}): Pick<RouteHandlers, LiveRoute> {
  return {
    'live.create': async ({ proof, body, signal }) => await live.startLive(proof, body, { signal }),
    'live.renew': async ({ visitor, params }) => await live.renew(visitor.principal, params.sessionId),
    'live.delete': async ({ visitor, params }) => await live.end(visitor.principal, params.sessionId),
    'playback.create': async ({ proof, body, signal }) => await live.startPlayback(proof, body, { signal }),
    'viewer.list': async ({ proof }) => {
      const viewers = await live.viewers(proof);
      const names = await accounts.namesOf([...new Set(viewers.map((viewer) => viewer.userId))]);
      return { items: viewers.map((viewer) => ({ ...viewer, userName: names.get(viewer.userId) ?? '' })) };
    },
  };
}
