import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { type ParamsOf, ptzControl, type ResultOf } from '@cardea/protocol';
import { CommandCoalescer } from './command-coalescer.ts';
import { CommandGate } from './command-gate.ts';

type Move = ParamsOf<typeof ptzControl>;

const moving: ResultOf<typeof ptzControl> = { state: 'moving' };

function setUp() {
  const clock = new VirtualClock();
  const gate = new CommandGate(clock);
  const coalescer = new CommandCoalescer();
  const sent: Omit<Move, 'channel'>[] = [];
  const send = (params: Omit<Move, 'channel'>, { channel = 1, deviceId = 'camera' } = {}) =>
    coalescer.run(deviceId, ptzControl, {
      params: { channel, ...params },
      take: (command) => gate.run(deviceId, command),
      send: async ({ channel: _, ...move }) => {
        sent.push(move);
        return moving;
      },
    });
  /** Uses up what the device may get at once, so that the next commands wait. */
  const exhaust = async (): Promise<void> => {
    for (let count = 0; count < 10; count += 1) await gate.run('camera', async () => {});
  };
  return { clock, exhaust, send, sent };
}

const turn = (pan: number) => ({ action: 'continuous', velocity: { pan } }) as const;

test('ptz.control: of moves that wait only the newest is sent, and everybody gets its answer', async () => {
  const { clock, exhaust, send, sent } = setUp();
  await exhaust();
  const answers = [0.1, 0.2, 0.3, 0.4].map((pan) => send(turn(pan)));
  await clock.advance(1_000);
  assert.deepEqual(await Promise.all(answers), Array(4).fill({ state: 'moving' }));
  assert.deepEqual(sent, [turn(0.4)]);
});

test('ptz.control: a command that need not wait goes as it is', async () => {
  const { send, sent } = setUp();
  for (const pan of [0.1, 0.2]) await send(turn(pan));
  assert.deepEqual(sent, [turn(0.1), turn(0.2)]);
});

test('ptz.control: turning another axis does not forget the one that waits, and a stop that waits stops the others', async () => {
  const { clock, exhaust, send, sent } = setUp();
  await exhaust();
  const first = [send(turn(1)), send({ action: 'continuous', velocity: { zoom: 1 }, timeoutMs: 500 })];
  await clock.advance(1_000);
  await Promise.all(first);
  await clock.advance(5_000);
  await exhaust();
  const second = [send({ action: 'stop' }), send(turn(-1))];
  await clock.advance(1_000);
  await Promise.all(second);
  assert.deepEqual(sent, [
    { action: 'continuous', velocity: { pan: 1, zoom: 1 }, timeoutMs: 500 },
    { action: 'continuous', velocity: { pan: -1, tilt: 0, zoom: 0 } },
  ]);
});

test('ptz.control: presets are never skipped, and neither another channel nor another camera is touched', async () => {
  const { clock, exhaust, send, sent } = setUp();
  await exhaust();
  const waiting = [
    send(turn(1)),
    send({ action: 'setPreset', presetId: 1 }),
    send({ action: 'setPreset', presetId: 2 }),
    send(turn(0.5), { channel: 2 }),
  ];
  await send({ action: 'stop' }, { deviceId: 'other' });
  await clock.advance(2_000);
  await Promise.all(waiting);
  assert.deepEqual(sent, [
    { action: 'stop' },
    turn(1),
    { action: 'setPreset', presetId: 1 },
    { action: 'setPreset', presetId: 2 },
    turn(0.5),
  ]);
});

test('ptz.control: when its turn does not come everybody who waited hears it', async () => {
  const clock = new VirtualClock();
  const coalescer = new CommandCoalescer();
  const refuse = Promise.withResolvers<never>();
  const run = () =>
    coalescer.run('camera', ptzControl, {
      params: { channel: 1, action: 'stop' },
      take: () => refuse.promise,
      send: async () => moving,
    });
  const both = [run(), run()];
  refuse.reject(new Error('too many'));
  for (const outcome of both) await assert.rejects(outcome, /too many/);
  assert.equal(clock.pendingTimers, 0);
});
