import type { TSchema } from 'typebox';
import { addressOf, type RouteId } from './addresses.ts';
import { ApiProblem } from './api-problem.ts';
import type { CommandMethod, CommandParams, CommandResult } from './device-commands.ts';
import type { AnswerOf, BodyOf, PathOf, QueryOf, Route } from './route.ts';
import type { RouteOf } from './routes/index.ts';

/** Where the user API stands below the origin. */
export const API_PATH = '/api/v1';

export interface ClientOptions {
  /** Origin of the platform, e.g. `https://home.example`; empty in a page the platform served. */
  readonly baseUrl: string;
  /** Bearer token; without it the cookie of the browser counts. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Makes a repeat of this mutation harmless for 24 hours. */
  readonly idempotencyKey?: string;
  /** Lets the request outlive the page that sends it. */
  readonly keepalive?: boolean;
}

type Member<Name extends string, Value> = { readonly [Key in Name]: Value };

/** `params` and `body` are asked for where the route has them, `query` may always be left out. */
export type CallInput<R extends Route> = R extends Route
  ? CallOptions &
      (R extends Member<'params', TSchema> ? Member<'params', PathOf<R>> : unknown) &
      (R extends Member<'query', TSchema> ? Partial<Member<'query', QueryOf<R>>> : unknown) &
      (R extends Member<'body', TSchema> ? Member<'body', BodyOf<R>> : unknown)
  : never;

type CallArguments<R extends Route> = Record<never, never> extends CallInput<R> ? [input?: CallInput<R>] : [input: CallInput<R>];

export interface Client {
  /**
   * Calls one operation and resolves with its answer.
   * @throws ApiProblem for every failure the platform reports or when it cannot be reached; DOMException AbortError when `signal` aborts
   */
  call<I extends RouteId>(id: I, ...input: CallArguments<RouteOf<I>>): Promise<AnswerOf<RouteOf<I>>>;
  /**
   * Sends a Vd message to a device and resolves with its result.
   * @throws ApiProblem, with `deviceError` when the device refused
   */
  command<M extends CommandMethod>(deviceId: string, method: M, params: CommandParams<M>, options?: CallOptions): Promise<CommandResult<M>>;
  /** The address of an operation, for a `src` or a download. */
  urlOf<I extends RouteId>(id: I, ...input: CallArguments<RouteOf<I>>): string;
}

/** `CallInput` of any route. */
interface AnyInput extends CallOptions {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
}

/** A typed client of the user API, for browsers and Node. */
export function createClient({ baseUrl, token, fetch: fetcher = fetch }: ClientOptions): Client {
  const apiUrl = baseUrl.replace(/\/$/, '') + API_PATH;
  const urlOf = (id: RouteId, { params, query }: AnyInput = {}): string => apiUrl + fillPath(addressOf(id).path, params) + toQuery(query);

  const call = async (id: RouteId, input: AnyInput = {}): Promise<unknown> => {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (input.body !== undefined) headers['content-type'] = 'application/json';
    if (input.idempotencyKey !== undefined) headers['idempotency-key'] = input.idempotencyKey;
    const response = await send(fetcher, urlOf(id, input), {
      method: addressOf(id).method,
      headers,
      credentials: 'same-origin',
      body: input.body === undefined ? null : JSON.stringify(input.body),
      signal: input.signal ?? null,
      keepalive: input.keepalive ?? false,
    });
    if (!response.ok) throw await ApiProblem.fromResponse(response);
    return response.status === 204 ? undefined : await response.json();
  };
  // What the platform answers is bound to the same table as these types, and its tests hold it to the schemas.
  return {
    call: call as Client['call'],
    command: ((id, method, body, options) => call('device.command', { ...options, params: { id, method }, body })) as Client['command'],
    urlOf,
  };
}

async function send(fetcher: typeof fetch, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetcher(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw ApiProblem.unreachable(error);
  }
}

function fillPath(path: string, params: object | undefined): string {
  const values = new Map<string, unknown>(Object.entries(params ?? {}));
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values.get(name))));
}

function toQuery(query: object | undefined): string {
  const entries = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries.map(([name, value]): [string, string] => [name, String(value)]))}`;
}
