import { ApiProblem } from './api-problem.ts';
import { type ClientOptions, createClient } from './client.ts';
import type { Device } from './model/device.ts';
import type { HomeEvent } from './model/event.ts';
import type { LiveState } from './model/live.ts';
import type { RemovedSegment, Segment } from './model/segment.ts';
import { type ServerSentEvent, SseParser } from './sse-parser.ts';
import { type Wait, waitWithTimer } from './wait.ts';

/** What the event stream tells; `data` is the object as the operation that reads it would answer it. */
export type StreamEvent =
  | { readonly type: 'device'; readonly data: Device }
  | { readonly type: 'alarm'; readonly data: HomeEvent }
  | { readonly type: 'live'; readonly data: LiveState }
  | { readonly type: 'segment'; readonly data: Segment | RemovedSegment }
  /** Something was missed, or went out of reach: whatever is on show has to be read again. */
  | { readonly type: 'reset'; readonly data: Record<never, never> };

export interface FollowOptions extends ClientOptions {
  readonly signal: AbortSignal;
  onEvent(event: StreamEvent): void;
  /** `connected` when events flow, `waiting` when the connection is lost and will be tried again. */
  onState?(state: 'connected' | 'waiting'): void;
  /** For tests. */
  readonly wait?: Wait;
  /** Uniform in 0..1; for tests. */
  readonly random?: () => number;
}

const BASE_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;
/** The platform writes at least every 15 s; after three times that the connection is dead. */
const SILENCE_MS = 45_000;

/**
 * Follows the event stream until `signal` aborts, coming back by itself after the last event seen (`Last-Event-ID`) with
 * growing, scattered waits. Resolves after the abort.
 * @throws ApiProblem when the platform refuses for good: the login ended (401) or is not allowed (403); what `onEvent` throws
 */
export async function followEvents(options: FollowOptions): Promise<void> {
  const { signal, onEvent, onState, wait = waitWithTimer, random = cryptoRandom } = options;
  let lastEventId = '';
  let failures = 0;
  while (!signal.aborted) {
    for await (const part of connect(options, lastEventId, wait)) {
      if (part.connected) onState?.('connected');
      failures = 0;
      lastEventId = part.lastEventId;
      for (const event of part.events) onEvent(event);
    }
    if (signal.aborted) return;
    onState?.('waiting');
    await wait((0.5 + random() / 2) * Math.min(BASE_DELAY_MS * 2 ** failures, MAX_DELAY_MS), signal);
    failures += 1;
  }
}

interface StreamPart {
  /** True once, when the platform accepted. */
  readonly connected: boolean;
  readonly lastEventId: string;
  readonly events: readonly StreamEvent[];
}

/** One connection, as long as it lives; ends quietly when it breaks. */
async function* connect(options: FollowOptions, lastEventId: string, wait: Wait): AsyncGenerator<StreamPart> {
  const connection = new AbortController();
  try {
    const response = await open(options, lastEventId, AbortSignal.any([options.signal, connection.signal]));
    yield { connected: true, lastEventId, events: [] };
    const parser = new SseParser();
    for await (const text of textOf(response, connection, wait)) {
      const events = parser.push(text).map(decode);
      yield {
        connected: false,
        lastEventId: parser.lastEventId || lastEventId,
        events: events.filter((event) => event !== undefined),
      };
    }
  } catch (error) {
    if (error instanceof ApiProblem && (error.status === 401 || error.status === 403)) throw error;
  } finally {
    connection.abort();
  }
}

/** The text as it arrives; the connection is given up when nothing has come for too long. */
async function* textOf(response: Response, connection: AbortController, wait: Wait): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader !== undefined) {
    const arrived = new AbortController();
    void wait(SILENCE_MS, arrived.signal).then(() => arrived.signal.aborted || connection.abort());
    const { done, value } = await reader.read().finally(() => arrived.abort());
    if (done) return;
    yield value;
  }
}

async function open(options: FollowOptions, lastEventId: string, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`;
  if (lastEventId !== '') headers['last-event-id'] = lastEventId;
  const url = createClient(options).urlOf('eventStream.open');
  const response = await (options.fetch ?? fetch)(url, { headers, signal, credentials: 'same-origin', cache: 'no-store' });
  if (!response.ok) throw await ApiProblem.fromResponse(response);
  return response;
}

function decode({ type, data }: ServerSentEvent): StreamEvent | undefined {
  if (type !== 'device' && type !== 'alarm' && type !== 'live' && type !== 'segment' && type !== 'reset') return undefined;
  return { type, data: JSON.parse(data) } as StreamEvent;
}

function cryptoRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}
