import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createServer as createSecureServer } from 'node:tls';
import { createRandom, silentLogger, VirtualClock } from '@cardea/core';
import type { WakeService } from '@cardea/protocol';
import { trustAuthority } from '../net/trusted-authority.ts';
import { Radio, type RadioEnd } from './radio.ts';

const directory = mkdtempSync(join(tmpdir(), 'cardea-radio-'));
after(() => rmSync(directory, { recursive: true }));

/** Makes a key and a certificate, PEM, signed by `issuer` or by itself. */
function certify(name: string, subjectAltName: string, issuer?: string): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', `/CN=${name}`];
  const signed = issuer === undefined ? [] : ['-CA', join(directory, `${issuer}.crt`), '-CAkey', join(directory, `${issuer}.key`)];
  const names = ['-addext', `subjectAltName=${subjectAltName}`];
  execFileSync('openssl', ['req', ...kind, ...signed, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

const authority = certify('authority', 'DNS:authority.example');
certify('stranger', 'DNS:stranger.example');
// For the whole process, as in a device that runs.
trustAuthority(authority.cert);

/** What stands for the wake service: one socket at a time. */
class Bench implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly sockets: Socket[] = [];
  /** The last one after the handshake of TLS. */
  secured: Socket | undefined;
  received = '';
  private readonly server: Server;
  private readonly transport: WakeService['transport'];

  constructor({ server = createServer(), transport }: { readonly server?: Server; readonly transport: WakeService['transport'] }) {
    this.server = server;
    this.transport = transport;
    server.on('connection', (socket: Socket) => {
      this.sockets.push(socket);
      socket.on('error', () => {});
      if (transport === 'tcp') this.read(socket);
    });
    server.on('secureConnection', (socket: Socket) => {
      this.secured = socket;
      socket.on('error', () => {});
      this.read(socket);
    });
  }

  async run(signal: AbortSignal = new AbortController().signal): Promise<Promise<RadioEnd>[]> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    const service: WakeService = {
      host: '127.0.0.1',
      port: typeof address === 'object' && address !== null ? address.port : 0,
      transport: this.transport,
      authB64: Buffer.from('AUTH').toString('base64'),
      heartbeatB64: Buffer.from('hb').toString('base64'),
      wakeB64: Buffer.from('WAKE-UP').toString('base64'),
      heartbeatSec: 60,
    };
    const { clock } = this;
    // In a list, so that waiting for the bench does not wait for the radio.
    return [new Radio({ service, clock, random: createRandom(clock), logger: silentLogger }).run(signal)];
  }

  /** Lets time pass until the radio has given up. */
  async giveUp(running: Promise<RadioEnd> | undefined): Promise<RadioEnd | undefined> {
    let ended: RadioEnd | undefined;
    void running?.then((value) => {
      ended = value;
    });
    const startedMs = performance.now();
    while (ended === undefined && performance.now() - startedMs < 10_000) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.clock.advance(100);
    }
    return ended;
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

  private read(socket: Socket): void {
    socket.on('data', (bytes) => {
      this.received += bytes.toString('latin1');
    });
  }
}

test('the radio shows its pass, beats each minute, and wakes the device when its bytes come, in pieces or not', async () => {
  await using bench = new Bench({ transport: 'tcp' });
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
  await using bench = new Bench({ transport: 'tcp' });
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
  await using bench = new Bench({ transport: 'tcp' });
  const stop = new AbortController();
  const [running] = await bench.run(stop.signal);
  await bench.until(() => bench.received === 'AUTH');
  stop.abort();
  assert.equal(await running, 'stopped');
  assert.equal(bench.clock.pendingTimers, 0);
});

test('the radio waits over TLS where the authority of the platform is trusted, and is woken there', async () => {
  await using bench = new Bench({ transport: 'tls', server: createSecureServer(certify('platform', 'IP:127.0.0.1', 'authority')) });
  const [running] = await bench.run();
  await bench.until(() => bench.received === 'AUTH');
  bench.secured?.write('WAKE-UP');
  assert.equal(await running, 'woken');
});

for (const [what, names, issuer] of [
  ['of an authority nobody trusts', 'IP:127.0.0.1', 'stranger'],
  ['for another host', 'IP:127.0.0.2', 'authority'],
] as const) {
  test(`a certificate ${what} is refused: the pass is not shown, and after three more tries the device wakes`, async () => {
    await using bench = new Bench({ transport: 'tls', server: createSecureServer(certify('impostor', names, issuer)) });
    const [running] = await bench.run();
    // No time passes, so that it is not the wait that ends here.
    await bench.until(() => bench.sockets[0]?.destroyed === true);
    assert.equal(await bench.giveUp(running), 'lost');
    assert.equal(bench.received, '');
  });
}

test('a service that takes the connection and does not shake hands is given up after ten seconds', async () => {
  await using bench = new Bench({ transport: 'tls' });
  const [running] = await bench.run();
  await bench.until(() => bench.sockets.length === 1);
  const [socket] = bench.sockets;
  socket?.resume();
  await bench.clock.advance(9_999);
  for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(socket?.destroyed, false);
  await bench.clock.advance(1);
  await bench.until(() => socket?.destroyed === true);
  assert.equal(await bench.giveUp(running), 'lost');
});
