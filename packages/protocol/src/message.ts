import type { Static, TObject, TSchema } from 'typebox';
import type { StatusName } from './status.ts';

/** Where a message comes from. Of the Recommendation only the titles are at hand, hence the one status. */
export interface Provenance {
  /** Clause of H.627.2 whose title names the exchange. */
  readonly clause: string;
  /** Item of Appendix I (`I.2.17`), or `extension` for what the contents list does not name. */
  readonly item: string;
  readonly status: 'title-only' | 'project-choice';
}

export type Party = 'device' | 'platform';

/**
 * How the platform brings a message to a device that may sleep:
 * `online` never wakes it, `awake` wakes it and waits, `queued` is kept until it wakes by itself.
 * For messages of the device: `acknowledged` is kept and repeated until answered, `notification` may be lost.
 */
export type Delivery = 'online' | 'awake' | 'queued' | 'acknowledged' | 'notification';

export interface Example<P, R> {
  readonly title: string;
  readonly params: P;
  readonly result: R;
}

export interface RpcDefinition<P extends TObject = TObject, R extends TSchema = TSchema> {
  readonly kind: 'rpc' | 'event';
  readonly method: string;
  readonly sender: Party;
  /** What it is for, in one or two sentences; shown in the generated page. */
  readonly description: string;
  /** The caller stops waiting after this long. */
  readonly timeoutMs: number;
  readonly delivery: Delivery;
  /** How long a command for a sleeping device is kept; only with `awake` and `queued`. */
  readonly queueMs?: number;
  /** Capability a device must announce: a method name in `CapabilitySet.methods` unless this names another member. */
  readonly capability?: string;
  /** Allowed while the device belongs to no home (C1 step 6). */
  readonly unbound?: true;
  /** Destroys data or interrupts service: the user API asks for a fresh proof of identity and audits it. */
  readonly destructive?: true;
  /** Members of `params` that the platform fills when a user leaves them out (addresses, tickets, ids). */
  readonly platformFills?: readonly string[];
  readonly provenance: Provenance;
  readonly params: P;
  readonly result: R;
  readonly errors: readonly StatusName[];
  readonly examples: readonly Example<Static<P>, Static<R>>[];
}

export type ParamsOf<D extends RpcDefinition> = Static<D['params']>;
export type ResultOf<D extends RpcDefinition> = Static<D['result']>;

type RpcInput<P extends TObject, R extends TSchema> = Omit<RpcDefinition<P, R>, 'kind' | 'timeoutMs'> & { readonly timeoutMs?: number };

const DEFAULT_TIMEOUT_MS = 10_000;

/** Declares a request with an answer (H.627.2 9.3.2.1.1, RPC message). Default deadline 10 s. */
export function defineRpc<P extends TObject, R extends TSchema>(input: RpcInput<P, R>): RpcDefinition<P, R> {
  return { timeoutMs: DEFAULT_TIMEOUT_MS, ...input, kind: 'rpc' };
}

/** Declares a report of the device (H.627.2 9.3.2.1.2, Event message): with an id it is acknowledged, without it is not. */
export function defineEvent<P extends TObject, R extends TSchema>(input: RpcInput<P, R>): RpcDefinition<P, R> {
  return { timeoutMs: DEFAULT_TIMEOUT_MS, ...input, kind: 'event' };
}

export interface HttpDefinition<B extends TSchema = TSchema, R extends TSchema = TSchema> {
  readonly kind: 'http';
  /** Stable name used in documents and logs, e.g. `vs.schedule`. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below the origin, with `{parameters}`. */
  readonly path: string;
  readonly description: string;
  readonly timeoutMs: number;
  readonly provenance: Provenance;
  readonly body: B;
  readonly result: R;
  /** HTTP status of success. */
  readonly success: number;
  readonly errors: readonly StatusName[];
  readonly examples: readonly { readonly title: string; readonly body: Static<B>; readonly result: Static<R> }[];
}

export type BodyOf<D extends HttpDefinition> = Static<D['body']>;
export type AnswerOf<D extends HttpDefinition> = Static<D['result']>;

/** Declares one HTTPS exchange of Vs or Vr, always sent by the device. */
export function defineHttp<B extends TSchema, R extends TSchema>(
  input: Omit<HttpDefinition<B, R>, 'kind' | 'timeoutMs'> & { readonly timeoutMs?: number },
): HttpDefinition<B, R> {
  return { timeoutMs: DEFAULT_TIMEOUT_MS, ...input, kind: 'http' };
}

export interface FrameDefinition<F extends TObject = TObject> {
  readonly kind: 'frame';
  /** The value of member `type` on the wire. */
  readonly type: string;
  readonly sender: Party | 'either';
  readonly description: string;
  readonly provenance: Provenance;
  readonly frame: F;
  readonly examples: readonly { readonly title: string; readonly frame: Static<F> }[];
}

export type FrameOf<D extends FrameDefinition> = Static<D['frame']>;

/** Declares one text frame of Vm (carrier `wss-fmp4`). */
export function defineFrame<F extends TObject>(input: Omit<FrameDefinition<F>, 'kind'>): FrameDefinition<F> {
  return { ...input, kind: 'frame' };
}
