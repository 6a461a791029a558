import type { Access, Action, AnswerOf, BodyOf, PathOf, QueryOf, Route, RouteId, RouteOf } from '@cardea/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { DeviceProof, HomeProof } from '../authorization/proof.ts';
import type { Source, Visitor } from './ports.ts';

/** The evidence a route's access rule yields. */
export type ProofOf<A extends Access> = A extends { readonly kind: 'home' | 'membership'; readonly action: infer N extends Action }
  ? HomeProof<N>
  : A extends { readonly kind: 'device' | 'segment' | 'event' | 'deviceLog' | 'share'; readonly action: infer N extends Action }
    ? DeviceProof<N>
    : A extends { readonly kind: 'command' }
      ? DeviceProof
      : undefined;

/** Who asks, as far as the access rule finds out. */
export type VisitorOf<A extends Access> = A extends { readonly kind: 'public' }
  ? undefined
  : A extends { readonly kind: 'anyone' }
    ? Visitor | undefined
    : Visitor;

/** One request, checked: who asks, by what right, for what. */
export interface RouteCall<R extends Route> {
  readonly params: PathOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
  readonly visitor: VisitorOf<R['access']>;
  readonly proof: ProofOf<R['access']>;
  readonly source: Source;
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal;
  readonly request: FastifyRequest;
  /** For cookies and for what is not JSON. */
  readonly reply: FastifyReply;
}

/** Resolves with the answer; a route that does not answer JSON writes to `reply` itself. */
export type RouteHandler<R extends Route> = (call: RouteCall<R>) => Promise<R extends { readonly answer: TSchema } ? AnswerOf<R> : void>;

/** One handler for every route of the API: a missing one does not compile. */
export type RouteHandlers = { readonly [I in RouteId]: RouteHandler<RouteOf<I>> };
