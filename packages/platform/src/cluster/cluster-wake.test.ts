import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { LoopbackExchange } from '../store/bus/testing/loopback-exchange.ts';
import type { Exchange } from '../store/ports.ts';
import { ClusterWake, type LocalRadios } from './cluster-wake.ts';

const DEVICE = '7h3kq0v9xw2m5n8d1c4t6r0yzb';

/** A process where radios may wait. */
class Radios implements LocalRadios {
  readonly signalled: string[] = [];
  private readonly listeners = new Set<(deviceId: string) => void>();

  signal(deviceId: string): void {
    this.signalled.push(deviceId);
  }

  onRadio(listener: (deviceId: string) => void): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  /** The radio of a device connects. */
  connect(deviceId: string): void {
    for (const listener of this.listeners) listener(deviceId);
  }
}

function startProcess(exchange: Exchange): { readonly radios: Radios; readonly wake: ClusterWake } {
  const radios = new Radios();
  const wake = new ClusterWake({ exchange, radios });
  wake.start();
  return { radios, wake };
}

test('a device is woken by the process its radio waits at, whichever wants it', async () => {
  const exchanges = new LoopbackExchange();
  const [near, far] = [startProcess(exchanges.end()), startProcess(exchanges.end())];
  near.wake.signal(DEVICE);
  await turn();
  assert.deepEqual([near.radios.signalled, far.radios.signalled], [[DEVICE], [DEVICE]]);
});

test('who waits for a device hears that its radio connected to another process, until they wait no longer', async () => {
  const exchanges = new LoopbackExchange();
  const [near, far] = [startProcess(exchanges.end()), startProcess(exchanges.end())];
  const heard: string[] = [];
  const waiting = near.wake.onRadio((deviceId) => heard.push(deviceId));
  far.radios.connect(DEVICE);
  near.radios.connect(DEVICE);
  await turn();
  assert.deepEqual(heard, [DEVICE, DEVICE]);
  waiting[Symbol.dispose]();
  far.radios.connect(DEVICE);
  await turn();
  assert.equal(heard.length, 2);
});
