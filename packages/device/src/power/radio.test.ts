import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { createRandom, silentLogger, VirtualClock } from '@cardea/core';
import type { WakeService } from '@cardea/protocol';
import { Radio, type RadioEnd } from './radio.ts';

/** What stands for the wake service: one socket at a time. */
class Bench implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly sockets: Socket[] = [];
  received = '';
  private readonly server: Server;

  constructor() {
    this.server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        this.received += bytes.toString('latin1');
      });
    });
  }

  async run(signal: AbortSignal = new AbortController().signal): Promise<Promise<RadioEnd>[]> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    const service: WakeService = {
      host: '127.0.0.1',
      port: typeof address === 'object' && address !== null ? address.port : 0,
      transport: 'tcp',
      authB64: Buffer.from('AUTH').toString('base64'),
      heartbeatB64: Buffer.from('hb').toString('base64'),
      wakeB64: Buffer.from('WAKE-UP').toString('base64'),
      heartbeatSec: 60,
    };
    const { clock } = this;
    // In a list, so that waiting for the bench does not wait for the radio.
    return [new Radio({ service, clock, random: createRandom(clock), logger: silentLogger }).run(signal)];
  }

  async until(condition: () => boolean): Promise<void> {
    const startedMs = performance.now();
    while (!condition()) {
      if (performance.now() - startedMs > 10_000) throw new Error(`the awaited state did not come: ${condition}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

test('the radio shows its pass, beats each minute, and wakes the device when its bytes come, in pieces or not', async () => {
  await using bench = new Bench();
  const [running] = await bench.run();
  await bench.until(() => bench.received === 'AUTH');
  await bench.clock.advance(60_000);
  await bench.until(() => bench.received === 'AUTHhb');
  await bench.clock.advance(60_000);
  await bench.until(() => bench.received === 'AUTHhbhb');
  bench.sockets[0]?.write('noiseWAKE');
  await new Promise((resolve) => setImmediate(resolve));
  bench.sockets[0]?.write('-UP');
  assert.equal(await running, 'woken');
});

test('a radio that is cut off comes back three times, then the device has to wake', async () => {
  await using bench = new Bench();
  const [running] = await bench.run();
  for (let tries = 1; tries <= 4; tries += 1) {
    await bench.until(() => bench.sockets.length === tries && bench.received.length === 4 * tries);
    bench.sockets.at(-1)?.destroy();
    await once(bench.sockets.at(-1) as Socket, 'close').catch(() => {});
    for (let step = 0; step < 20 && tries < 4; step += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await bench.clock.advance(1_000);
    }
  }
  assert.equal(await running, 'lost');
});

test('a radio that is told to stop is silent at once', async () => {
  await using bench = new Bench();
  const stop = new AbortController();
  const [running] = await bench.run(stop.signal);
  await bench.until(() => bench.received === 'AUTH');
  stop.abort();
  assert.equal(await running, 'stopped');
  assert.equal(bench.clock.pendingTimers, 0);
});
