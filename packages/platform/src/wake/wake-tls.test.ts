import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemClock } from '@cardea/core';
import { LocalAuthority } from '../http/tls/local-authority.ts';
import { ControlPlane } from '../testing/control-plane.ts';
import { RawRadio } from '../testing/raw-radio.ts';
import { KeyVault } from '../tokens/key-vault.ts';

/** A platform with a certificate of its own authority for its wake channel, and a bound device that is away. */
async function setUp() {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-wake-'));
  stack.defer(() => rm(directory, { recursive: true }));
  // OpenSSL looks at the clock of the machine.
  const authority = await LocalAuthority.open({ directory, clock: new SystemClock(), vault: new KeyVault('a secret') });
  const plane = stack.use(await ControlPlane.start({ wakeTls: await authority.certificateFor(['127.0.0.1']) }));
  const { device, connection } = await plane.boundDevice();
  connection.socket.terminate();
  await plane.until(() => plane.registry.presenceOf(device.id) === 'suspect');
  const { body } = await device.schedule({ lowPower: true, reason: 'reconnect' });
  const opened = stack.move();
  return { plane, authority, device, wake: body.wake, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

test('where the platform has a certificate its sleeping devices are told to wait over TLS, and are woken there', async () => {
  await using setting = await setUp();
  const { plane, authority, device, wake } = setting;
  assert.equal(wake.transport, 'tls');
  const radio = await RawRadio.connect(wake, { ca: authority.cert });
  await plane.until(() => plane.wake.radioCount === 1);
  plane.wake.signal(device.id);
  await plane.until(() => radio.wakes === 1);
  assert.deepEqual(radio.received, Buffer.from(wake.wakeB64, 'base64'));
});

test('a radio that shows its pass in the clear is cut off', async () => {
  await using setting = await setUp();
  const radio = await RawRadio.connect(setting.wake);
  await radio.closed;
  assert.equal(setting.plane.wake.radioCount, 0);
});

test('who does not finish the handshake of TLS is cut off after five seconds', async () => {
  await using setting = await setUp();
  const { plane, authority, device, wake } = setting;
  const mute = connect(wake.port, '127.0.0.1').resume();
  const ended = once(mute, 'close');
  await once(mute, 'connect');
  // Connections are taken in order, so that the mute one was, too.
  const radio = await RawRadio.connect(wake, { ca: authority.cert });
  await plane.until(() => plane.wake.radioCount === 1);
  await plane.clock.advance(4_999);
  plane.wake.signal(device.id);
  await plane.until(() => radio.wakes === 1);
  assert.equal(mute.destroyed, false);
  await plane.clock.advance(1);
  await ended;
  assert.equal(plane.wake.radioCount, 1);
});

test('a certificate that was replaced is shown from the next connection on, and radios that are there stay', async () => {
  await using setting = await setUp();
  const { plane, authority, device, wake } = setting;
  const radio = await RawRadio.connect(wake, { ca: authority.cert });
  await plane.until(() => plane.wake.radioCount === 1);
  plane.wake.useCertificate(await authority.certificateFor(['elsewhere.example']));
  await assert.rejects(RawRadio.connect(wake, { ca: authority.cert }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  plane.wake.signal(device.id);
  await plane.until(() => radio.wakes === 1);
});
