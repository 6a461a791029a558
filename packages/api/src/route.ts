import type { Static, TObject, TSchema } from 'typebox';
import type { Action } from './actions.ts';
import { type Address, addressOf, type RouteId } from './addresses.ts';

/**
 * What a caller has to show before a handler runs. The object is named by the path parameter `id` (`sessionId` for a live
 * session); the binding of routes turns this into the proof its handler gets, so a route without a check cannot be written.
 * `command` asks for the action that `commandActions` gives for the path parameter `method`. `user` takes any credential,
 * `login` none but a login, `operator` that of somebody who runs the platform; for `anyone` a login counts where it is shown. `membership` is the action in the home, or to be
 * the member that the path parameter `userId` names.
 */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'anyone' }
  | { readonly kind: 'user' }
  | { readonly kind: 'login' }
  | { readonly kind: 'operator' }
  | { readonly kind: 'home' | 'membership' | 'device' | 'segment' | 'event' | 'deviceLog' | 'share'; readonly action: Action }
  | { readonly kind: 'command' }
  | { readonly kind: 'liveSession' };

/** One operation of the user API. `id` is its stable name in code and documents. */
export interface Route extends Address {
  readonly id: RouteId;
  readonly summary: string;
  readonly access: Access;
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TSchema;
  /** What is taken instead of JSON, as raw bytes; `Client.call` does not send it. */
  readonly consumes?: 'application/octet-stream';
  /** HTTP status of success; 204 goes with no `answer`. */
  readonly success: 200 | 201 | 204;
  readonly answer?: TSchema;
  /** What is answered instead of JSON. Such a route is opened by its address, not with `Client.call`. */
  readonly produces?: 'video/mp4' | 'image/jpeg' | 'text/plain' | 'application/x-tar' | 'text/event-stream';
  /** Written down with who called it, before it is done (reliability.md P25). */
  readonly audited?: true;
}

/** Declares the operation with an id of `addresses`; the literal types of its parts reach the handlers and the client. */
export function defineRoute<const I extends RouteId, const R extends Omit<Route, 'id' | keyof Address>>(
  id: I,
  route: R,
): R & { readonly id: I } & Address {
  return { ...addressOf(id), ...route, id };
}

type Part<R, K extends string, Absent> = R extends { readonly [Key in K]: infer S extends TSchema } ? Static<S> : Absent;

export type PathOf<R extends Route> = Part<R, 'params', Record<never, never>>;
export type QueryOf<R extends Route> = Part<R, 'query', Record<never, never>>;
export type BodyOf<R extends Route> = Part<R, 'body', undefined>;
export type AnswerOf<R extends Route> = Part<R, 'answer', undefined>;
