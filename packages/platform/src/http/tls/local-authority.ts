// The library of certificates below looks for it when it is loaded.
import 'reflect-metadata';
import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Clock } from '@cardea/core';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { KeyVault } from '../../tokens/key-vault.ts';
import { type KeyPair, keepPair, readPair } from './kept-pair.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3_600_000;
const AUTHORITY_DAYS = 3_650;
/** Browsers take no certificate that lasts longer (CA/Browser Forum, Baseline Requirements 6.3.2). */
const SERVER_DAYS = 397;
const RENEW_DAYS = 30;
/** Clocks of devices may be behind. */
const BACKDATED_MS = DAY_MS;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export interface AuthorityOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** Opens and seals the keys. */
  readonly vault: KeyVault;
}

/** Issues the certificate of this platform for whoever was told to trust it: made once, kept in the data directory. */
export class LocalAuthority {
  /** Certificate of the authority, PEM: what browsers and devices are given. */
  readonly cert: string;
  private readonly directory: string;
  private readonly vault: KeyVault;
  private readonly clock: Clock;
  private readonly key: string;

  private constructor(pair: KeyPair, { directory, clock, vault }: AuthorityOptions) {
    this.cert = pair.cert;
    this.key = pair.key;
    this.directory = directory;
    this.vault = vault;
    this.clock = clock;
  }

  /** Reads the authority in `directory`, making it at the first start. @throws AppError INTERNAL_ERROR when it cannot be read */
  static async open(options: AuthorityOptions): Promise<LocalAuthority> {
    const { directory, clock, vault } = options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const pair =
      (await readPair(directory, 'authority', vault)) ?? (await keepPair(directory, 'authority', await makeAuthority(clock), vault));
    return new LocalAuthority(pair, options);
  }

  /** SHA-256 of the certificate, lower-case hex: what a device is given to know it by. */
  get fingerprint(): string {
    return createHash('sha256').update(new X509Certificate(this.cert).raw).digest('hex');
  }

  /** A certificate for these host names and addresses, with the one of the authority behind it; the one there is while it does. */
  async certificateFor(names: readonly string[]): Promise<KeyPair> {
    const pair = await readPair(this.directory, 'server', this.vault);
    const fits = pair !== undefined && this.isGood(pair.cert, names);
    const { cert, key } = fits ? pair : await keepPair(this.directory, 'server', await this.issue(names), this.vault);
    return { key, cert: `${cert.trim()}\n${this.cert}` };
  }

  private isGood(pem: string, names: readonly string[]): boolean {
    const certificate = new X509Certificate(pem);
    const lasts = Date.parse(certificate.validTo) - this.clock.now() > RENEW_DAYS * DAY_MS;
    const covers = names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined);
    return lasts && covers && certificate.verify(new X509Certificate(this.cert).publicKey);
  }

  private async issue(names: readonly string[]): Promise<KeyPair> {
    const authority = new X509Certificate(this.cert);
    const signingKey = await webcrypto.subtle.importKey('pkcs8', derOf(this.key), ALGORITHM, false, ['sign']);
    const authorityKey = await webcrypto.subtle.importKey(
      'spki',
      authority.publicKey.export({ type: 'spki', format: 'der' }),
      ALGORITHM,
      true,
      ['verify'],
    );
    return await makeCertificate({
      subject: 'CN=Cardea',
      issuer: subjectOf(authority),
      signingKey,
      validFor: { from: this.clock.now() - BACKDATED_MS, to: this.clock.now() + (SERVER_DAYS - 1) * DAY_MS },
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([SERVER_AUTH]),
        new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
        await AuthorityKeyIdentifierExtension.create(authorityKey),
      ],
    });
  }
}

interface CertificateWish {
  readonly subject: string;
  readonly issuer: string;
  /** Its own key signs when left out. */
  readonly signingKey?: webcrypto.CryptoKey;
  /** Unix ms. */
  readonly validFor: { readonly from: number; readonly to: number };
  readonly extensions: readonly Extension[];
}

async function makeAuthority(clock: Clock): Promise<KeyPair> {
  // Somebody may have trusted the authority of an earlier installation, so each has a name of its own.
  const name = `CN=Cardea at home ${randomBytes(4).toString('hex')}`;
  return await makeCertificate({
    subject: name,
    issuer: name,
    validFor: { from: clock.now() - BACKDATED_MS, to: clock.now() + AUTHORITY_DAYS * DAY_MS },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
}

async function makeCertificate({ subject, issuer, signingKey, validFor, extensions }: CertificateWish): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `00${randomBytes(16).toString('hex')}`,
    subject,
    issuer,
    notBefore: new Date(validFor.from),
    notAfter: new Date(validFor.to),
    publicKey: keys.publicKey,
    signingKey: signingKey ?? keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [...extensions, await SubjectKeyIdentifierExtension.create(keys.publicKey)],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { key: pemOf('PRIVATE KEY', der), cert: `${certificate.toString('pem')}\n` };
}

/** As the generator takes it. */
function subjectOf({ subject }: X509Certificate): string {
  return subject.split('\n').join(', ');
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}

function pemOf(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
}
