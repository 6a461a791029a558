import type { Static, TObject, TSchema } from 'typebox';
import type { StatusName } from './status.ts';
import { vdTimers } from './timers.ts';

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
 * How the platform brings a message to a device that may sleep: `online` never wakes it; `awake` wakes it and waits at
 * most `queueMs`; `queued` wakes it too, and when it does not wake the caller gets DEVICE_ASLEEP while the command is kept
 * for `queueMs` and runs at the next waking (C11 step 3).
 * For messages of the device: `online` is sent with an id and never repeated, `acknowledged` is kept and repeated until
 * answered, `notification` goes without an id and may be lost.
 */
export type Delivery = 'online' | 'awake' | 'queued' | 'acknowledged' | 'notification';

/** A part of `CapabilitySet` that must be there for a message to make sense; see `supportsMessage`. */
export type CapabilityName = 'ptz' | 'snapshot' | 'playback' | 'talk';

/** A condition between members that a schema cannot say. A value that breaks one is refused with INVALID_PARAMS. */
export interface Rule<T> {
  /** JSON pointer to the member at fault. */
  readonly path: string;
  readonly message: string;
  holds(value: T): boolean;
}

export interface Example<P, R> {
  readonly title: string;
  readonly params: P;
  readonly result: R;
}

/**
 * A message of Vd.
 * @typeParam P params, @typeParam R result: plain types, worked out once where the message is declared, so that whoever imports
 * a definition does not work them out from its schemas again.
 */
export interface RpcDefinition<
  P extends object = object,
  R = unknown,
  M extends string = string,
  S extends Party = Party,
  K extends 'rpc' | 'event' = 'rpc' | 'event',
> {
  readonly kind: K;
  readonly method: M;
  readonly sender: S;
  /** What it is for, in one or two sentences; shown in the generated page. */
  readonly description: string;
  /** The caller stops waiting after this long. */
  readonly timeoutMs: number;
  readonly delivery: Delivery;
  /** How long a command for a sleeping device is kept; only with `awake` and `queued`. */
  readonly queueMs?: number;
  /** Besides `method` standing in `CapabilitySet.methods`, the channel must announce this. */
  readonly capability?: CapabilityName;
  /** Allowed while the device belongs to no home (C1 step 6). */
  readonly unbound?: true;
  /** Destroys data or interrupts service: the user API asks for a fresh proof of identity and audits it. */
  readonly destructive?: true;
  /** Members of `params` that the platform fills when a user leaves them out (addresses, tickets, ids). */
  readonly platformFills?: readonly string[];
  /**
   * For messages of which only the newest matters: what to send instead of one that still waits to be sent and the one that
   * comes after it; `undefined` when both have to go. Both callers get its answer.
   */
  coalesce?(waiting: P, newer: P): P | undefined;
  readonly provenance: Provenance;
  readonly params: TObject;
  readonly rules?: readonly Rule<P>[];
  readonly result: TSchema;
  /** What may go wrong beside `commonErrors`. */
  readonly errors: readonly StatusName[];
  readonly examples: readonly Example<P, R>[];
}

export type ParamsOf<D extends RpcDefinition> = D['examples'][number]['params'];
export type ResultOf<D extends RpcDefinition> = D['examples'][number]['result'];

type RpcInput<P extends TObject, R extends TSchema, M extends string, S extends Party> = Omit<
  RpcDefinition<Static<P>, Static<R>, M, S>,
  'kind' | 'timeoutMs' | 'params' | 'result'
> & { readonly params: P; readonly result: R; readonly timeoutMs?: number };

/** Errors every Vd message may be answered with; definitions list only what comes on top. */
export const commonErrors = [
  'INVALID_REQUEST',
  'METHOD_NOT_FOUND',
  'INVALID_PARAMS',
  'INTERNAL_ERROR',
  'TIMEOUT',
  'LIMIT_EXCEEDED',
  'RATE_LIMITED',
  'GOING_AWAY',
  'DEVICE_ASLEEP',
  'DEVICE_OFFLINE',
  'NOT_BOUND',
  'DUPLICATE',
] as const satisfies readonly StatusName[];

/** Declares a request with an answer (H.627.2 9.3.2.1.1, RPC message). Default deadline 10 s. */
export function defineRpc<P extends TObject, R extends TSchema, const M extends string, const S extends Party>(
  input: RpcInput<P, R, M, S>,
): RpcDefinition<Static<P>, Static<R>, M, S, 'rpc'> {
  return { timeoutMs: vdTimers.rpcTimeoutMs, ...input, kind: 'rpc' };
}

/** Declares a report of the device (H.627.2 9.3.2.1.2, Event message): with an id it is acknowledged, without it is not. */
export function defineEvent<P extends TObject, R extends TSchema, const M extends string>(
  input: Omit<RpcInput<P, R, M, 'device'>, 'sender'>,
): RpcDefinition<Static<P>, Static<R>, M, 'device', 'event'> {
  return { timeoutMs: vdTimers.rpcTimeoutMs, ...input, sender: 'device', kind: 'event' };
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
  readonly rules?: readonly Rule<Static<B>>[];
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
  return { timeoutMs: vdTimers.rpcTimeoutMs, ...input, kind: 'http' };
}

export interface FrameDefinition<F extends TObject = TObject, T extends string = string> {
  readonly kind: 'frame';
  /** The value of member `type` on the wire. */
  readonly type: T;
  readonly sender: Party | 'either';
  readonly description: string;
  readonly provenance: Provenance;
  readonly frame: F;
  readonly examples: readonly { readonly title: string; readonly frame: Static<F> }[];
}

export type FrameOf<D extends FrameDefinition> = Static<D['frame']>;

/** Declares one text frame of Vm (carrier `wss-fmp4`). */
export function defineFrame<F extends TObject, const T extends string>(input: Omit<FrameDefinition<F, T>, 'kind'>): FrameDefinition<F, T> {
  return { ...input, kind: 'frame' };
}
