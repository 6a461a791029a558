import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, VirtualClock } from '@cardea/core';
import { LoopbackExchange } from '../../store/bus/testing/loopback-exchange.ts';
import type { Exchange } from '../../store/ports.ts';
import { NodeRegistry } from '../node-registry.ts';
import { MediaCaller } from './media-caller.ts';
import { nodeSubject } from './media-calls.ts';
import { MediaChoice } from './media-choice.ts';
import type { MovableStream } from './ports.ts';

const clock = new VirtualClock();
const right = { action: 'view.live', userId: 'anna', userSessionId: 's', deviceId: '7h3kq0v9xw2m5n8d1c4t6r0yzb', epoch: 1 } as const;
const stream: MovableStream = { ...right, homeId: 'home', channel: 1, stream: 'main', sessionId: 'S', isLed: false };
const session = { sessionId: '01JZ8Q0V8Y4W5T1N9R2M3K7C6D', expiresAt: 1, urls: { ws: 'ws://b.example/live' }, token: 't' };
const target = { protocol: 'wss-fmp4', url: 'ws://b.example/vm', token: 't', expiresAt: 1 };

/** A process with live media that answers every call with `answer`; without it, none. */
async function join(
  exchange: Exchange,
  id: string,
  { sessions = 0, answer }: { readonly sessions?: number; readonly answer?: () => unknown },
) {
  const media = { sessions, bytesPerSec: 0, maxSessions: 10, maxBytesPerSec: 1_000 };
  const self = { id, url: `http://${id}.example`, roles: ['media'], connections: 0, state: 'serving', media } as const;
  const nodes = new NodeRegistry({ exchange, clock, logger: silentLogger, self: () => ({ ...self, roles: [...self.roles] }) });
  if (answer !== undefined) exchange.serve(nodeSubject(id), async () => await answer());
  await nodes.start();
  return nodes;
}

async function createCaller(exchange: Exchange): Promise<{ readonly caller: MediaCaller; readonly nodes: NodeRegistry }> {
  const nodes = await join(exchange, 'here', { sessions: 9, answer: () => assert.fail('it asks others') });
  return { caller: new MediaCaller({ exchange, nodes, choice: new MediaChoice(nodes), nodeId: () => 'here', clock }), nodes };
}

test('a view that a server was asked for begins at the next one when that server is gone before it answers', async () => {
  const hub = new LoopbackExchange();
  const { caller, nodes } = await createCaller(hub.end());
  const asked = Promise.withResolvers<void>();
  const dying = await join(hub.end(), 'dying', {
    answer: () => {
      asked.resolve();
      return Promise.withResolvers().promise;
    },
  });
  await using _next = await join(hub.end(), 'next', { sessions: 5, answer: () => session });
  await using _here = nodes;
  const placed = caller.place('startLive', { right, source: { channel: 1, stream: 'main' } }, {});
  await asked.promise;
  await dying[Symbol.asyncDispose]();
  assert.deepEqual(await placed, { answer: session, isElsewhere: true });
});

test('a stream is taken over by the best of the other servers that is there', async () => {
  const hub = new LoopbackExchange();
  const { caller, nodes } = await createCaller(hub.end());
  await using _here = nodes;
  await assert.rejects(caller.placeElsewhere('takeOver', stream), { status: 'NO_CAPACITY' });
  await using _deaf = await join(hub.end(), 'deaf', {});
  await using _next = await join(hub.end(), 'next', { sessions: 5, answer: () => target });
  assert.deepEqual(await caller.placeElsewhere('takeOver', stream), target);
});
