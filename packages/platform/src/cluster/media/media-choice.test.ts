import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeardNode } from '../node-registry.ts';
import { MediaChoice } from './media-choice.ts';

type Report = Partial<NonNullable<HeardNode['media']>>;

const node = (id: string, report: Report, more: Partial<HeardNode> = {}): HeardNode => ({
  id,
  url: `http://${id}.example`,
  roles: ['media'],
  connections: 0,
  state: 'serving',
  silentMs: 0,
  media: { sessions: 0, bytesPerSec: 0, maxSessions: 10, maxBytesPerSec: 1_000, ...report },
  ...more,
});

const choiceOf = (...nodes: readonly HeardNode[]): MediaChoice => new MediaChoice({ nodes: () => nodes });

test('what counts is what a server does of what it is meant for, in viewers or in bytes, whichever is more', () => {
  const [small, large] = [node('small', { sessions: 4 }), node('large', { sessions: 30, maxSessions: 100 })];
  assert.deepEqual(choiceOf(small, large).ranked(), ['large', 'small']);
  assert.deepEqual(choiceOf(node('busy', { bytesPerSec: 500 }), small).ranked(), ['small', 'busy']);
});

test('who has the stream is first until it has four fifths of what it is meant for', () => {
  const [idle, holder] = [node('idle', {}), node('holder', { sessions: 7 })];
  assert.deepEqual(choiceOf(idle, holder).ranked('holder'), ['holder', 'idle']);
  assert.deepEqual(choiceOf(idle, node('holder', { sessions: 8 })).ranked('holder'), ['idle', 'holder']);
});

test('sessions sent since the last report count, and no longer once it is followed by another', () => {
  const nodes = [node('a', {}), node('b', { sessions: 1 })];
  const choice = new MediaChoice({ nodes: () => nodes });
  choice.promise('a');
  choice.promise('a');
  assert.deepEqual(choice.ranked(), ['b', 'a']);
  nodes[0] = node('a', { sessions: 0.5 });
  assert.deepEqual(choice.ranked(), ['a', 'b']);
});

test('a server that leaves, has no live media or was not heard for five seconds is not chosen', () => {
  const leaving = node('leaving', {}, { state: 'draining' });
  const silent = node('silent', {}, { silentMs: 5_001 });
  const { media: _none, ...other } = node('api', {});
  assert.deepEqual(choiceOf(leaving, silent, other, node('late', {}, { silentMs: 5_000 })).ranked('silent'), ['late']);
});
