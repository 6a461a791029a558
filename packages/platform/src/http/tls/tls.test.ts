import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { SystemClock, silentLogger, VirtualClock } from '@cardea/core';
import { KeyVault } from '../../tokens/key-vault.ts';
import { HttpServer } from '../http-server.ts';
import { Certificates } from './certificates.ts';

const DAY_MS = 24 * 3_600_000;

async function workshop() {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-tls-'));
  const clock = new VirtualClock(new SystemClock().now());
  const files = { certFile: join(directory, 'a.crt'), keyFile: join(directory, 'a.key'), directory: join(directory, 'tls') };
  const open = (mode: 'auto' | 'files', names: readonly string[] = []) =>
    Certificates.open({ mode, ...files, names, clock, vault: new KeyVault('a secret'), logger: silentLogger });
  return { directory, clock, files, open, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

const leafOf = (pem: string): X509Certificate => new X509Certificate(pem);

function get(port: number, path: string, ca?: string): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, ...(ca && { ca }) }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('whoever trusts the authority of the platform reaches it over TLS, nobody else does', async () => {
  await using shop = await workshop();
  await using certificates = await shop.open('auto', ['cardea.example']);
  await using http = new HttpServer({ logger: silentLogger, tls: certificates.pair });
  certificates.register(http.app, { publicUrl: () => 'https://home.example' });
  const port = await http.listen('127.0.0.1', 0);
  await assert.rejects(get(port, '/ca.crt'), /self-signed|unable to verify|unable to get/i);
  const authority = certificates.pair.cert.split(/(?<=-----END CERTIFICATE-----\n)/)[1] ?? '';
  const { status, body } = await get(port, '/ca.crt', authority);
  assert.deepEqual([status, body], [200, authority]);
  assert.equal(new X509Certificate(body).fingerprint256.replaceAll(':', '').toLowerCase(), certificates.fingerprint);
  const leaf = leafOf(certificates.pair.cert);
  for (const name of ['localhost', 'cardea.example']) assert.equal(leaf.checkHost(name), name);
  assert.deepEqual([leaf.checkIP('127.0.0.1'), leaf.checkHost('evil.example'), leaf.ca], ['127.0.0.1', undefined, false]);
  for (const name of ['authority.key', 'server.key']) assert.equal((await stat(join(shop.files.directory, name))).mode & 0o777, 0o600);
});

test('a page beside the certificate shows what to compare and how to install it, and a phone how to get there', async () => {
  await using shop = await workshop();
  await using certificates = await shop.open('auto');
  await using http = new HttpServer({ logger: silentLogger });
  certificates.register(http.app, { publicUrl: () => 'https://home.example' });
  const page = (await http.app.inject('/ca')).body;
  assert.ok(page.replaceAll(' ', '').toLowerCase().includes(`<code>${certificates.fingerprint}</code>`));
  for (const text of ['href="/ca.crt"', 'iPhone and iPad', 'Android', 'Windows', 'https://home.example/ca', '<svg class="qr"']) {
    assert.ok(page.includes(text), text);
  }
  // The content security policy of the platform allows neither.
  assert.doesNotMatch(page, /<script|<style|style=|\son\w+=/);
});

test('TLS before 1.2 is refused', async () => {
  await using shop = await workshop();
  await using certificates = await shop.open('auto');
  await using http = new HttpServer({ logger: silentLogger, tls: certificates.pair });
  const port = await http.listen('127.0.0.1', 0);
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
  const failure = await new Promise((resolve) => socket.once('error', resolve).once('secureConnect', () => resolve(undefined)));
  assert.ok(failure instanceof Error);
});

test('the authority stays, the certificate is renewed a month before its end and when the machine has another name', async () => {
  await using shop = await workshop();
  await using first = await shop.open('auto');
  await using again = await shop.open('auto');
  assert.deepEqual(again.pair, first.pair);
  await using renamed = await shop.open('auto', ['new.example']);
  assert.notEqual(renamed.pair.cert, first.pair.cert);
  assert.equal(renamed.fingerprint, first.fingerprint);
  await shop.clock.advance(370 * DAY_MS);
  await using later = await shop.open('auto', ['new.example']);
  assert.notEqual(later.pair.cert, renamed.pair.cert);
  assert.equal(later.fingerprint, first.fingerprint);
  assert.ok(Date.parse(leafOf(later.pair.cert).validTo) - shop.clock.now() > 300 * DAY_MS);
});

test('files that are replaced are shown from the next connection on, files that do not fit are not', async () => {
  await using shop = await workshop();
  await assert.rejects(shop.open('files'), /cannot be used/);
  const { certFile, keyFile } = shop.files;
  const keep = async ({ cert, key }: { readonly cert: string; readonly key: string }): Promise<void> => {
    await writeFile(keyFile, key);
    await writeFile(certFile, cert);
  };
  const [one, two] = [(await shop.open('auto', ['one.example'])).pair, (await shop.open('auto', ['two.example'])).pair];
  await keep(one);
  await using certificates = await shop.open('files');
  await using http = new HttpServer({ logger: silentLogger, tls: certificates.pair });
  const port = await http.listen('127.0.0.1', 0);
  const shown = async (): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    const { subjectaltname = '' } = socket.getPeerCertificate();
    socket.destroy();
    return /\w+\.example/.exec(subjectaltname)?.[0] ?? '';
  };
  const replaced: string[] = [];
  certificates.watch((pair) => {
    http.useCertificate(pair);
    replaced.push(pair.cert);
  });
  assert.equal(await shown(), 'one.example');
  await writeFile(certFile, two.cert);
  await shop.clock.advance(60_000);
  await keep(two);
  // Files are read on the clock of the machine.
  const givesUpAt = performance.now() + 10_000;
  while (replaced.length === 0 && performance.now() < givesUpAt) {
    await shop.clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(replaced, [two.cert]);
  assert.equal(await shown(), 'two.example');
  assert.equal(await readFile(keyFile, 'utf8'), two.key);
});

test('what goes out over TLS is enciphered by the quickest cipher that every client has, also after the certificate was renewed', async () => {
  await using shop = await workshop();
  await using certificates = await shop.open('auto');
  await using http = new HttpServer({ logger: silentLogger, tls: certificates.pair });
  const port = await http.listen('127.0.0.1', 0);
  const cipher = async (): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    const { name } = socket.getCipher();
    socket.destroy();
    return name;
  };
  assert.equal(await cipher(), 'TLS_AES_128_GCM_SHA256');
  http.useCertificate(certificates.pair);
  assert.equal(await cipher(), 'TLS_AES_128_GCM_SHA256');
});
