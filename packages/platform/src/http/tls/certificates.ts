import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import type { CertificateState } from '@cardea/api';
import { AppError, type Clock, Lifetime, type Logger, sleep } from '@cardea/core';
import type { FastifyInstance } from 'fastify';
import type { KeyVault } from '../../tokens/key-vault.ts';
import { AcmeCertificate, type AcmeOptions } from './acme-certificate.ts';
import { registerAuthorityPage } from './authority-page.ts';
import type { KeyPair } from './kept-pair.ts';
import type { LocalAuthority } from './local-authority.ts';

export interface CertificateOptions {
  readonly mode: 'auto' | 'files' | 'acme';
  /** PEM files, for `files`: the chain of the server, and its key. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Directory of the authority, for `auto`, and of what was made for `acme`. */
  readonly directory: string;
  /** For `acme`. */
  readonly acme?: Omit<AcmeOptions, 'directory' | 'vault' | 'clock' | 'logger'> | undefined;
  /** Host names and addresses beyond those of this machine. */
  readonly names: readonly string[];
  /** Opens and seals the keys of the authority. */
  readonly vault: KeyVault;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LOOK_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

/**
 * The certificate the platform shows: its own, that of files, which may be replaced while it runs, or that of an authority
 * everybody knows; until there is one of those, its own.
 */
export class Certificates implements AsyncDisposable {
  private readonly options: CertificateOptions;
  private readonly lifetime: Lifetime;
  private readonly authority: LocalAuthority | undefined;
  private readonly acme: AcmeCertificate | undefined;
  private failure: CertificateState['failure'];
  private current: KeyPair = { key: '', cert: '' };

  private constructor(options: CertificateOptions, authority: LocalAuthority | undefined, acme: AcmeCertificate | undefined) {
    this.options = options;
    this.authority = authority;
    this.acme = acme;
    this.lifetime = new Lifetime(options.logger);
  }

  /** @throws AppError INVALID_PARAMS when the files cannot be read or do not fit each other */
  static async open(options: CertificateOptions): Promise<Certificates> {
    const { acme: wish, mode } = options;
    const authority = mode === 'files' ? undefined : await openAuthority(options);
    const acme = mode === 'acme' && wish !== undefined ? await AcmeCertificate.open({ ...options, ...wish }) : undefined;
    const certificates = new Certificates(options, authority, acme);
    certificates.current = await certificates.read();
    return certificates;
  }

  get pair(): KeyPair {
    return this.current;
  }

  /** SHA-256 of the local authority, lower-case hex; `undefined` for a certificate others know. */
  get fingerprint(): string | undefined {
    return this.trusted?.fingerprint;
  }

  /** The local authority, PEM; `undefined` for a certificate others know. */
  get authorityCertificate(): string | undefined {
    return this.trusted?.cert;
  }

  /** What whoever runs the platform looks after. */
  state(): CertificateState {
    const { validTo, subjectAltName = '' } = new X509Certificate(this.current.cert);
    const expiresAt = Date.parse(validTo);
    const names = subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
    const daysLeft = Math.floor((expiresAt - this.options.clock.now()) / DAY_MS);
    const failure = this.acme?.failure ?? this.failure;
    const renewal = this.acme && { renewAt: this.acme.renewAt };
    return { mode: this.options.mode, names, expiresAt, daysLeft, ...renewal, ...(failure && { failure }) };
  }

  /** Looks once a minute whether there is another certificate, and hands it to `use`. */
  watch(use: (pair: KeyPair) => void): void {
    const { clock, logger } = this.options;
    this.lifetime.run('certificates', async (signal) => {
      await this.acme?.start();
      while (!signal.aborted) {
        await this.acme?.refresh();
        try {
          const next = await this.read();
          this.failure = undefined;
          if (next.cert !== this.current.cert || next.key !== this.current.key) {
            use(next);
            this.current = next;
            logger.info({}, 'the certificate was replaced');
          }
        } catch (error) {
          const { message } = AppError.from(error);
          this.failure = { at: clock.now(), reason: message };
          logger.warn({ err: error }, 'the new certificate cannot be used; the one before stays');
        }
        await sleep(clock, LOOK_MS, { signal });
      }
    });
  }

  /** Hands out the certificate of the local authority, if there is one, and says how to trust it. */
  register(app: FastifyInstance, { publicUrl }: { readonly publicUrl: () => string }): void {
    const authority = this.trusted;
    if (authority !== undefined) registerAuthorityPage(app, { cert: authority.cert, fingerprint: authority.fingerprint, publicUrl });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
    await this.acme?.[Symbol.asyncDispose]();
  }

  /** The authority people are to trust; the one that stands in until there is a certificate everybody trusts is none. */
  private get trusted(): LocalAuthority | undefined {
    return this.acme === undefined ? this.authority : undefined;
  }

  private async read(): Promise<KeyPair> {
    const made = this.acme?.pair;
    if (made !== undefined) return made;
    if (this.authority !== undefined) return await this.authority.certificateFor([...ownNames(), ...this.options.names]);
    const { certFile, keyFile } = this.options;
    try {
      const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
      if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new TypeError('the key is not that of the certificate');
      return { cert, key };
    } catch (error) {
      const message = `the certificate ${certFile || '(tls.cert)'} and its key ${keyFile || '(tls.key)'} cannot be used`;
      throw new AppError('INVALID_PARAMS', { certFile, keyFile }, { cause: error, message });
    }
  }
}

/** What makes certificates is loaded only where they are made. */
async function openAuthority({ directory, clock, vault }: CertificateOptions): Promise<LocalAuthority> {
  const { LocalAuthority } = await import('./local-authority.ts');
  return await LocalAuthority.open({ directory, clock, vault });
}

/** Under which names and addresses this machine may be reached. */
function ownNames(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((infos = []) => infos.map(({ address }) => address.split('%', 1)[0] ?? ''));
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname().toLowerCase(), ...addresses.filter((address) => address !== '')])];
}
