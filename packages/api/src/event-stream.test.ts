import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followEvents, type StreamEvent } from './event-stream.ts';
import type { Wait } from './wait.ts';

const SILENCE_MS = 45_000;

/** Answers the connections in order; after the last it aborts the follower. */
function follow(connections: readonly ((signal: AbortSignal) => Response)[], { silent = false } = {}) {
  const abort = new AbortController();
  const events: StreamEvent[] = [];
  const states: string[] = [];
  const waits: number[] = [];
  const resumedAfter: (string | null)[] = [];
  const fake: typeof fetch = async (_, init) => {
    const connection = connections[resumedAfter.length];
    resumedAfter.push(new Headers(init?.headers).get('last-event-id'));
    if (connection === undefined) abort.abort();
    const signal = init?.signal ?? abort.signal;
    signal.throwIfAborted();
    return connection?.(signal) ?? new Response();
  };
  const wait: Wait = (delayMs, signal) => {
    if (delayMs === SILENCE_MS)
      return silent ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    waits.push(delayMs);
    return Promise.resolve();
  };
  const done = followEvents({
    baseUrl: 'http://home.test',
    fetch: fake,
    signal: abort.signal,
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
    wait,
    random: () => 1,
  });
  return { done, events, states, waits, resumedAfter };
}

const stream = (text: string) => () => new Response(text, { headers: { 'content-type': 'text/event-stream' } });

/** Says nothing and never ends, unless the reader gives up. */
const silentStream = (signal: AbortSignal): Response =>
  new Response(new ReadableStream({ start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)) }));

test('events arrive decoded, and a lost connection is resumed after the last of them', async () => {
  const { done, events, states, resumedAfter } = follow([
    stream('id: 01A\n\nevent: live\nid: 01B\ndata: {"state":"publishing"}\n\nevent: unheard-of\nid: 01C\ndata: {}\n\n'),
    stream(': nothing new\n\n'),
  ]);
  await done;
  assert.deepEqual(events, [{ type: 'live', data: { state: 'publishing' } }]);
  assert.deepEqual(resumedAfter, [null, '01C', '01C']);
  assert.deepEqual(states, ['connected', 'waiting', 'connected', 'waiting']);
});

test('waits grow while the platform is away and start small again after it came back', async () => {
  const away = (): Response => new Response(null, { status: 503 });
  const { done, waits } = follow([away, away, away, stream(': hello\n\n'), away]);
  await done;
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 1_000, 2_000]);
});

test('a connection that has fallen silent is given up', async () => {
  const { done, resumedAfter } = follow([silentStream], { silent: true });
  await done;
  assert.equal(resumedAfter.length, 2);
});

test('an ended login ends the stream with the problem instead of trying for ever', async () => {
  const { done } = follow([
    () => Response.json({ status: 401, code: 1001, name: 'UNAUTHORIZED', detail: 'no valid credential' }, { status: 401 }),
  ]);
  await assert.rejects(done, { name: 'UNAUTHORIZED', status: 401 });
});
