import type { FastifyReply, FastifyRequest } from 'fastify';
import { Counter, Histogram, type Registry } from 'prom-client';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Id of the route in the table of the user API. */
    routeId?: string;
  }
}

/** Counts requests by route and status: no user, no object and no URL becomes a label. */
export class RequestMetrics {
  private readonly requests: Counter<'route' | 'status'>;
  private readonly durations: Histogram<'route'>;

  constructor(registry: Registry) {
    this.requests = new Counter({
      name: 'cardea_api_requests_total',
      help: 'Requests of the user API by route and HTTP status.',
      labelNames: ['route', 'status'],
      registers: [registry],
    });
    this.durations = new Histogram({
      name: 'cardea_api_request_duration_seconds',
      help: 'Time from the request to the end of its answer.',
      labelNames: ['route'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers: [registry],
    });
  }

  count({ routeOptions }: FastifyRequest, reply: FastifyReply): void {
    const route = routeOptions.config.routeId ?? 'none';
    this.requests.inc({ route, status: String(reply.statusCode) });
    // The event stream lasts as long as its reader likes.
    if (route !== 'eventStream.open') this.durations.observe({ route }, reply.elapsedTime / 1000);
  }
}
