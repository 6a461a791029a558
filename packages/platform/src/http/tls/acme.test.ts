import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { createRandom, SystemClock, silentLogger, VirtualClock } from '@cardea/core';
import { axios } from 'acme-client';
import { type Pebble, startPebble } from '../../testing/pebble.ts';
import { KeyVault } from '../../tokens/key-vault.ts';
import { HttpServer } from '../http-server.ts';
import { AcmeChallenges } from './acme-challenges.ts';
import { Certificates } from './certificates.ts';

const DAY_MS = 24 * 3_600_000;
const DOMAIN = 'home.example';

/** A platform of its own with the parts of it that show certificates, and an authority beside. */
class Town implements AsyncDisposable {
  readonly directory: string;
  readonly pebble: Pebble;
  readonly clock = new VirtualClock(new SystemClock().now());
  private readonly httpPort: number;

  private constructor(directory: string, pebble: Pebble, httpPort: number) {
    this.directory = directory;
    this.pebble = pebble;
    this.httpPort = httpPort;
    axios.defaults.httpsAgent = pebble.agent;
  }

  static async open(): Promise<Town> {
    const directory = await mkdtemp(join(tmpdir(), 'cardea-acme-'));
    const probe = new AcmeChallenges({ host: '127.0.0.1', port: 0 }, '');
    const httpPort = await probe.open();
    await probe[Symbol.asyncDispose]();
    return new Town(directory, await startPebble(directory, httpPort), httpPort);
  }

  /** @param challengePort where it waits for the authority, instead of where that looks */
  async serve({ challengePort }: { readonly challengePort?: number } = {}) {
    const { clock, directory, httpPort, pebble } = this;
    const certificates = await Certificates.open({
      ...{ mode: 'acme', certFile: '', keyFile: '', directory: join(directory, 'tls'), names: [], vault: new KeyVault('a secret') },
      acme: {
        ...{ directoryUrl: pebble.directoryUrl, email: 'ann@home.example', domains: [DOMAIN], random: createRandom(clock) },
        ...{ listen: { host: '127.0.0.1', port: challengePort ?? httpPort }, origin: `https://${DOMAIN}` },
      },
      ...{ clock, logger: silentLogger },
    });
    const http = new HttpServer({ logger: silentLogger, tls: certificates.pair });
    certificates.register(http.app, { publicUrl: () => 'https://home.example' });
    const port = await http.listen('127.0.0.1', 0);
    certificates.watch((pair) => http.useCertificate(pair));
    return {
      certificates,
      shown: () => shownAt(port),
      plain: (path: string) => fetch(`http://127.0.0.1:${httpPort}${path}`, { redirect: 'manual' }),
      [Symbol.asyncDispose]: async () => {
        await certificates[Symbol.asyncDispose]();
        await http[Symbol.asyncDispose]();
      },
    };
  }

  /** Lets time pass a minute at a time until something holds; what is on the network takes the time of the machine. */
  async until(holds: () => boolean): Promise<void> {
    const givesUpAt = performance.now() + 60_000;
    while (!holds() && performance.now() < givesUpAt) {
      await this.clock.advance(60_000);
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(holds(), true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pebble[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true });
  }
}

async function shownAt(port: number): Promise<X509Certificate> {
  const socket = connect({ host: '127.0.0.1', port, servername: DOMAIN, rejectUnauthorized: false });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  assert.ok(certificate);
  return certificate;
}

test('a certificate of an authority is made, shown without a restart, kept, and renewed after two thirds of its life', async () => {
  await using town = await Town.open();
  let first: string;
  let renewAt: number;
  {
    await using served = await town.serve();
    const standIn = await served.shown();
    assert.match(standIn.issuer, /Cardea at home/);
    assert.deepEqual([served.certificates.fingerprint, served.certificates.state().mode], [undefined, 'acme']);
    await town.until(() => /Pebble/.test(new X509Certificate(served.certificates.pair.cert).issuer));
    const made = await served.shown();
    assert.deepEqual([made.checkHost(DOMAIN), /Pebble/.test(made.issuer)], [DOMAIN, true]);
    const { daysLeft, failure, names, ...state } = served.certificates.state();
    renewAt = state.renewAt ?? 0;
    assert.deepEqual([names, failure], [[DOMAIN], undefined]);
    const [from, to] = [Date.parse(made.validFrom), Date.parse(made.validTo)];
    assert.equal(daysLeft, Math.floor((to - town.clock.now()) / DAY_MS));
    const part = (renewAt - from) / (to - from);
    assert.ok(part >= 0.66 && part <= 0.72, `renewed after ${part} of its life`);
    assert.equal((await served.plain('/devices?x=1')).headers.get('location'), `https://${DOMAIN}/devices?x=1`);
    assert.equal((await served.plain('/.well-known/acme-challenge/none')).status, 308);
    first = made.serialNumber;
  }
  const files = await readdir(join(town.directory, 'tls'));
  for (const name of files.filter((file) => file.startsWith('acme'))) {
    assert.equal((await stat(join(town.directory, 'tls', name))).mode & 0o777, 0o600, name);
    if (name.endsWith('.key')) assert.doesNotMatch(await readFile(join(town.directory, 'tls', name), 'utf8'), /PRIVATE/);
  }
  await town.clock.advance(renewAt - town.clock.now() - 10 * DAY_MS);
  {
    await using before = await town.serve();
    assert.deepEqual([(await before.shown()).serialNumber, before.certificates.state().failure], [first, undefined]);
    renewAt = before.certificates.state().renewAt ?? 0;
    assert.ok(renewAt > town.clock.now());
  }
  await town.clock.advance(renewAt - town.clock.now());
  await using again = await town.serve();
  assert.equal((await again.shown()).serialNumber, first);
  await town.until(() => new X509Certificate(again.certificates.pair.cert).serialNumber !== first);
  assert.notEqual((await again.shown()).serialNumber, first);
});

test('of two processes with one data directory the one that has the port gets the certificate, and both show it', async () => {
  await using town = await Town.open();
  await using first = await town.serve();
  await using second = await town.serve();
  const isMade = ({ certificates }: typeof first): boolean => /Pebble/.test(new X509Certificate(certificates.pair.cert).issuer);
  await town.until(() => isMade(first) && isMade(second));
  assert.equal((await first.shown()).serialNumber, (await second.shown()).serialNumber);
  assert.deepEqual([first.certificates.state().failure, second.certificates.state().failure], [undefined, undefined]);
});

test('while a renewal fails the certificate before stays, the reason is told, and it is tried again later', async () => {
  await using town = await Town.open();
  let serialNumber: string;
  {
    await using served = await town.serve();
    await town.until(() => /Pebble/.test(new X509Certificate(served.certificates.pair.cert).issuer));
    serialNumber = (await served.shown()).serialNumber;
    await town.pebble.stop();
  }
  const { validFrom, validTo } = new X509Certificate(await readFile(join(town.directory, 'tls', 'acme.crt')));
  await town.clock.advance((Date.parse(validTo) - Date.parse(validFrom)) * 0.73);
  await using later = await town.serve();
  await town.until(() => later.certificates.state().failure !== undefined);
  const { failure, daysLeft } = later.certificates.state();
  assert.match(failure?.reason ?? '', /cannot be reached/);
  const waitMs = (failure?.nextTryAt ?? 0) - (failure?.at ?? 0);
  assert.ok(waitMs >= 5 * 60_000 && waitMs <= 20 * 60_000, `${waitMs} ms`);
  assert.equal((await later.shown()).serialNumber, serialNumber);
  assert.ok(daysLeft > 0);
});

test('an authority that does not find the platform under its name says so, and the stand-in stays', async () => {
  await using town = await Town.open();
  await using served = await town.serve({ challengePort: 0 });
  await town.until(() => served.certificates.state().failure !== undefined);
  assert.match(served.certificates.state().failure?.reason ?? '', /refused|urn:ietf:params:acme:error/i);
  assert.match((await served.shown()).issuer, /Cardea at home/);
});
