import type { Authorizer } from '../../authorization/authorizer.ts';
import type { EventStreams } from '../event-streams.ts';
import type { HomeEvents } from '../home-events.ts';
import type { RouteHandlers } from '../route-call.ts';

type EventRoute = 'event.list' | 'event.get' | 'event.update' | 'eventStream.open';

/** What happened, and what happens. */
export function createEventHandlers({
  authorizer,
  events,
  streams,
}: {
  readonly authorizer: Authorizer;
  readonly events: HomeEvents;
  readonly streams: EventStreams;
}): Pick<RouteHandlers, EventRoute> {
  return {
    'event.list': async ({ visitor: { principal }, query: { homeId, deviceId, ...rest } }) => {
      const proofs =
        deviceId === undefined
          ? await authorizer.devices(principal, 'view.events', homeId)
          : [await authorizer.device(principal, 'view.events', deviceId)];
      const ofHome = proofs.filter((proof) => homeId === undefined || proof.homeId === homeId);
      return await events.list(ofHome, rest);
    },
    'event.get': async ({ proof, params }) => await events.get(proof, params.id),
    'event.update': async ({ proof, params, body }) => await events.setReviewed(proof, params.id, body.reviewed),
    'eventStream.open': async ({ visitor, request, reply }) => {
      if (request.method === 'HEAD') reply.type('text/event-stream').send();
      else streams.open(visitor.principal, request, reply);
    },
  };
}
