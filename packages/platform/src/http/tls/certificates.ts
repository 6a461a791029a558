import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { AppError, type Clock, Lifetime, type Logger, sleep } from '@cardea/core';
import type { FastifyInstance } from 'fastify';
import type { KeyVault } from '../../tokens/key-vault.ts';
import type { KeyPair, LocalAuthority } from './local-authority.ts';

export interface CertificateOptions {
  readonly mode: 'auto' | 'files';
  /** PEM files, for `files`: the chain of the server, and its key. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Directory of the authority, for `auto`. */
  readonly directory: string;
  /** Host names and addresses beyond those of this machine. */
  readonly names: readonly string[];
  /** Opens and seals the keys of the authority. */
  readonly vault: KeyVault;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LOOK_MS = 60_000;

/** The certificate the platform shows: its own, or that of files, which may be replaced while it runs. */
export class Certificates implements AsyncDisposable {
  private readonly options: CertificateOptions;
  private readonly lifetime: Lifetime;
  private readonly authority: LocalAuthority | undefined;
  private current: KeyPair = { key: '', cert: '' };

  private constructor(options: CertificateOptions, authority: LocalAuthority | undefined) {
    this.options = options;
    this.authority = authority;
    this.lifetime = new Lifetime(options.logger);
  }

  /** @throws AppError INVALID_PARAMS when the files cannot be read or do not fit each other */
  static async open(options: CertificateOptions): Promise<Certificates> {
    const authority = options.mode === 'auto' ? await openAuthority(options) : undefined;
    const certificates = new Certificates(options, authority);
    certificates.current = await certificates.read();
    return certificates;
  }

  get pair(): KeyPair {
    return this.current;
  }

  /** SHA-256 of the local authority, lower-case hex; `undefined` for a certificate others know. */
  get fingerprint(): string | undefined {
    return this.authority?.fingerprint;
  }

  /** The local authority, PEM; `undefined` for a certificate others know. */
  get authorityCertificate(): string | undefined {
    return this.authority?.cert;
  }

  /** Looks once a minute whether there is another certificate, and hands it to `use`. */
  watch(use: (pair: KeyPair) => void): void {
    const { clock, logger } = this.options;
    this.lifetime.run('certificates', async (signal) => {
      while (!signal.aborted) {
        await sleep(clock, LOOK_MS, { signal });
        try {
          const next = await this.read();
          if (next.cert === this.current.cert && next.key === this.current.key) continue;
          use(next);
          this.current = next;
          logger.info({}, 'the certificate was replaced');
        } catch (error) {
          logger.warn({ err: error }, 'the new certificate cannot be used; the one before stays');
        }
      }
    });
  }

  /** Hands out the certificate of the local authority at `/ca.crt`, if there is one. */
  register(app: FastifyInstance): void {
    const { authority } = this;
    if (authority === undefined) return;
    app.get('/ca.crt', { exposeHeadRoute: false }, async (_request, reply) => {
      reply.header('content-disposition', 'attachment; filename="cardea-ca.crt"').header('cache-control', 'no-cache');
      return await reply.type('application/x-x509-ca-cert').send(authority.cert);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async read(): Promise<KeyPair> {
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
