import { API_PATH, type Route, routes } from '@cardea/api';
import { AppError, type Clock, hasStatus, type Logger, TokenBuckets } from '@cardea/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Compile, type Validator } from 'typebox/compile';
import type { OpenAnswers } from '../authorization/open-answers.ts';
import { DeviceProof } from '../authorization/proof.ts';
import { sendProblem, toAppError } from '../http/problem.ts';
import { audited } from './audited.ts';
import type { Gatekeeper, PathParams } from './gatekeeper.ts';
import type { Idempotency } from './idempotency.ts';
import { bindOtherMethods } from './other-methods.ts';
import type { AuditJournal, Visitor } from './ports.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { RouteCall, RouteHandler, RouteHandlers } from './route-call.ts';

export interface RouteBindingOptions {
  readonly handlers: RouteHandlers;
  readonly gatekeeper: Gatekeeper;
  readonly idempotency: Idempotency;
  readonly metrics: RequestMetrics;
  readonly audit: AuditJournal;
  /** Is told of every answer with bytes of a device. */
  readonly answers: Pick<OpenAnswers, 'hold'>;
  /** Of one user, or of one source address without a login; as many as come in ten seconds may come at once. */
  readonly requestsPerSecond: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MAX_PROBLEMS = 5;
const BURST_SEC = 10;
/** Whose body takes longer is asked again when it is there: whoever holds it back would use a right that has ended. */
const FRESH_MS = 250;

/** What the gate let through; the rest of the request is read only now. */
interface Admission {
  readonly visitor: Visitor | undefined;
  readonly proof: Awaited<ReturnType<Gatekeeper['prove']>>;
  /** Why there is no proof for a deletion that may be the repeat of one that was done. */
  readonly gone?: AppError;
}

/**
 * Serves every route of the table below `/api/v1`. The order is the same for all: who asks (401), which object and by what
 * right (404, 403), only then is the body read, checked (400) and acted on.
 */
export function bindRoutes(app: FastifyInstance, options: RouteBindingOptions): void {
  const { clock, logger, metrics, requestsPerSecond } = options;
  const rates = new TokenBuckets({ burst: requestsPerSecond * BURST_SEC, perSecond: requestsPerSecond }, clock);
  const bound = { ...options, rates };
  const failed = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = toAppError(thrown);
    const { httpStatus, status, remote } = error;
    const { routeId: route } = request.routeOptions.config;
    if (httpStatus === 500 && remote === undefined) logger.error({ err: thrown, route }, 'a request failed');
    else if (httpStatus > 500) logger.info({ status, reason: error.message, route }, 'a request found no answer');
    return sendProblem(reply, error);
  };
  void app.register(
    async (scope) => {
      scope.setErrorHandler(failed);
      takeJson(scope);
      scope.addHook('onRequest', async (_request, reply) => {
        reply.header('cache-control', 'private, no-store');
      });
      scope.addHook('onResponse', async (request, reply) => metrics.count(request, reply));
      const takesBytes = ({ consumes }: Route): boolean => consumes !== undefined;
      for (const route of routes) if (!takesBytes(route)) bindRoute(scope, route, bound);
      await scope.register(async (bytes) => {
        // Handed on as it comes in: who takes it bounds it.
        bytes.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
        for (const route of routes) if (takesBytes(route)) bindRoute(bytes, route, bound);
      });
      bindOtherMethods(scope);
    },
    { prefix: API_PATH },
  );
}

/** Bodies are JSON; one of no bytes is none, since clients name the type whether or not they send any. */
function takeJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text === '') done(null, undefined);
    else void parse(request, text, done);
  });
}

function bindRoute(scope: FastifyInstance, route: Route, options: RouteBindingOptions & { readonly rates: TokenBuckets }): void {
  const { answers, clock, handlers, idempotency } = options;
  const admissions = new WeakMap<FastifyRequest, Admission & { readonly atMs: number }>();
  const query = route.query && Compile(route.query);
  const body = route.body && Compile(route.body);
  // Each handler takes exactly what its own route's schemas were checked against, which the types cannot follow here.
  const handle = audited(route, handlers[route.id as keyof RouteHandlers] as RouteHandler<Route>, options);

  scope.route({
    method: route.method === 'GET' ? ['GET', 'HEAD'] : route.method,
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    exposeHeadRoute: false,
    config: { routeId: route.id },
    onRequest: async (request) => {
      const atMs = clock.monotonicMs();
      admissions.set(request, { ...(await admit(options, route, request)), atMs });
    },
    handler: async (request, reply) => {
      const admitted = admissions.get(request);
      if (admitted === undefined) throw new AppError('INTERNAL_ERROR');
      const isFresh = clock.monotonicMs() - admitted.atMs <= FRESH_MS;
      const admission = isFresh ? admitted : await admit(options, route, request);
      if (isFile(route) && admission.proof instanceof DeviceProof) answers.hold(admission.proof, reply.raw);
      const call = {
        ...admission,
        params: request.params,
        // Numbers in a query come as text.
        query: query && checked(query, query.Convert({ ...(request.query as object) })),
        body: body && checked(body, request.body ?? {}),
        source: { address: request.ip, userAgent: request.headers['user-agent'] },
        signal: abortOnClose(reply),
        request,
        reply,
      } as RouteCall<Route>;
      const answer = await (admission.visitor === undefined || route.method === 'GET'
        ? handle(call)
        : once(idempotency, { route, call, userId: admission.visitor.principal.userId }, async () => {
            if (admission.gone !== undefined) throw admission.gone;
            return await handle(call);
          }));
      if (route.produces !== undefined) return reply;
      return await reply.status(route.success).send(answer ?? undefined);
    },
  });
}

/** Whether bytes are answered that take a while. */
function isFile({ produces }: Route): boolean {
  return produces !== undefined && produces !== 'text/event-stream';
}

async function admit(
  { gatekeeper, rates }: Pick<RouteBindingOptions, 'gatekeeper'> & { readonly rates: TokenBuckets },
  { access, method }: Route,
  request: FastifyRequest,
): Promise<Admission> {
  const take = (key: string): void => {
    const waitMs = rates.take(key);
    if (waitMs > 0) throw new AppError('RATE_LIMITED', undefined, { retryAfterMs: waitMs });
  };
  if (access.kind === 'public') {
    take(request.ip);
    if (method !== 'GET') gatekeeper.assertOwnPage(request);
    return { visitor: undefined, proof: undefined };
  }
  const visitor = access.kind === 'anyone' ? await gatekeeper.visitorIfAny(request.raw) : await gatekeeper.visitorOf(request.raw);
  take(visitor?.principal.userId ?? request.ip);
  if (visitor === undefined || access.kind === 'anyone') return { visitor, proof: undefined };
  try {
    return { visitor, proof: await gatekeeper.prove(access, visitor.principal, request.params as PathParams) };
  } catch (error) {
    const mayRepeat = method === 'DELETE' && request.headers['idempotency-key'] !== undefined;
    if (mayRepeat && hasStatus(error, 'NOT_FOUND')) return { visitor, proof: undefined, gone: error };
    throw error;
  }
}

/** Runs a mutation, or finds what it answered before when it carries the key of one that ran. */
async function once(
  idempotency: Idempotency,
  { route, call, userId }: { readonly route: Route; readonly call: RouteCall<Route>; readonly userId: string },
  work: () => Promise<unknown>,
): Promise<unknown> {
  const key = call.request.headers['idempotency-key'];
  if (key === undefined) return await work();
  if (typeof key !== 'string' || key.length < 1 || key.length > 128) throw new AppError('INVALID_PARAMS', { header: 'idempotency-key' });
  const { params, query, body } = call;
  return await idempotency.run({ userId, route: route.id, key, request: { params, query, body } }, work);
}

/** @throws AppError INVALID_PARAMS naming the first members that are wrong */
function checked(validator: Validator, value: unknown): unknown {
  if (validator.Check(value)) return value;
  const problems = validator.Errors(value).slice(0, MAX_PROBLEMS);
  const [first] = problems;
  throw new AppError(
    'INVALID_PARAMS',
    { problems: problems.map(({ instancePath, message }) => ({ path: instancePath, message })) },
    first === undefined ? {} : { message: `${first.instancePath || 'it'} ${first.message}`.replace(/^\//, '') },
  );
}

function abortOnClose(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
