import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Backoff, type Clock, type Logger, type Random } from '@cardea/core';
import type { ListenAddress } from '../../listen-address.ts';
import { isMissing, makeDirectoryDurably, writeFileDurably } from '../../store/durable-file.ts';
import type { KeyVault } from '../../tokens/key-vault.ts';
import { AcmeChallenges } from './acme-challenges.ts';
import { type KeyPair, keepPair, readPair } from './kept-pair.ts';

export interface AcmeOptions {
  /** Directory of an ACME server (RFC 8555 7.1.1). */
  readonly directoryUrl: string;
  /** Told to that server, which writes to it before a certificate ends. */
  readonly email: string;
  /** Host names the certificate is for. */
  readonly domains: readonly string[];
  /** Where that server makes sure that the names lead here: it comes to port 80. */
  readonly listen: ListenAddress;
  /** Where plain HTTP is led to. */
  readonly origin: string;
  /** Directory of account key, key and certificate. */
  readonly directory: string;
  readonly vault: KeyVault;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface AcmeFailure {
  /** Unix ms. */
  readonly at: number;
  readonly reason: string;
  readonly nextTryAt: number;
}

const NAME = 'acme';
const DAY_MS = 24 * 3_600_000;
/**
 * Renewed after this part of its life, and up to `JITTER` later, so that many platforms do not ask at once; how much later
 * follows from the certificate, so that a restart does not move it.
 */
const RENEW_AFTER = 2 / 3;
const JITTER = 0.05;
const RETRY = { baseMs: 10 * 60_000, maxMs: 12 * 3_600_000 };
const POLL = { backoffMin: 1_000, backoffMax: 30_000, backoffAttempts: 12 };
const REQUEST_MS = 30_000;
const MAX_REASON = 500;

/**
 * A certificate of an authority that browsers know, asked for and renewed by itself (ACME, RFC 8555, with http-01). While a
 * renewal fails the one before stays.
 */
export class AcmeCertificate implements AsyncDisposable {
  private readonly options: AcmeOptions;
  private readonly challenges: AcmeChallenges;
  private readonly backoff: Backoff;
  private kept: KeyPair | undefined;
  private failed: AcmeFailure | undefined;
  /** Unix ms from which on another one is asked for. */
  private due: number;

  private constructor(options: AcmeOptions) {
    this.options = options;
    this.challenges = new AcmeChallenges(options.listen, options.origin);
    this.backoff = new Backoff({ ...RETRY, random: () => options.random.fraction() });
    this.due = options.clock.now();
  }

  /** Reads what was kept; asks for nothing yet. @throws AppError as `readPair` */
  static async open(options: AcmeOptions): Promise<AcmeCertificate> {
    await makeDirectoryDurably(options.directory);
    const opened = new AcmeCertificate(options);
    await opened.takeKept();
    return opened;
  }

  /** The newest there is; `undefined` until the first was made. */
  get pair(): KeyPair | undefined {
    return this.kept;
  }

  /** Unix ms. */
  get renewAt(): number {
    return this.due;
  }

  /** Why the last try failed; `undefined` when it did not. */
  get failure(): AcmeFailure | undefined {
    return this.failed;
  }

  /** Opens the port of plain HTTP, which leads browsers on. Never rejects: it is opened again when a certificate is due. */
  async start(): Promise<void> {
    await this.challenges.open().catch((error: unknown) => this.options.logger.warn({ err: error }, 'plain HTTP is not led to TLS'));
  }

  /** Asks for a certificate when it is time; call now and then. Never rejects. */
  async refresh(): Promise<void> {
    const { clock, logger } = this.options;
    try {
      await this.takeKept();
      if (clock.now() < this.due) return;
      await this.challenges.open();
      const made = await this.order();
      this.kept = await keepPair(this.options.directory, NAME, made, this.options.vault);
      this.failed = undefined;
      this.backoff.reset();
      // However the clocks differ, no two within a day: authorities count them.
      this.due = Math.max(renewalOf(made.cert), clock.now() + DAY_MS);
      logger.info({ domains: this.options.domains }, 'there is a new certificate');
    } catch (error) {
      const now = clock.now();
      this.due = Math.max(this.due, now + this.backoff.next());
      const reason = this.reasonOf(error);
      this.failed = { at: now, reason, nextTryAt: this.due };
      logger.warn({ err: error, nextTryAt: this.due }, 'no certificate was made; the one before stays');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.challenges[Symbol.asyncDispose]();
  }

  /** What is in the directory now: another process of the platform may have made one. */
  private async takeKept(): Promise<void> {
    const { directory, vault } = this.options;
    const found = await readPair(directory, NAME, vault);
    if (found === undefined || found.cert === this.kept?.cert) return;
    this.kept = found;
    this.failed = undefined;
    this.due = this.covers(found.cert) ? renewalOf(found.cert) : this.options.clock.now();
  }

  private reasonOf(error: unknown): string {
    // That no answer came, the library says by stumbling over it.
    if (error instanceof TypeError) return `${this.options.directoryUrl} cannot be reached`;
    return (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON);
  }

  private async order(): Promise<KeyPair> {
    const { directoryUrl, domains, email } = this.options;
    const { axios, Client, crypto } = await import('acme-client');
    // It waits as long as a server says, however long; we come back by ourselves.
    Object.assign(axios.defaults, { timeout: REQUEST_MS, acmeSettings: { retryMaxAttempts: 0 } });
    const client = new Client({ directoryUrl, accountKey: await this.accountKey(), ...POLL });
    const [key, csr] = await crypto.createCsr({ altNames: [...domains] }, await crypto.createPrivateEcdsaKey('P-256'));
    const cert = await client.auto({
      csr,
      termsOfServiceAgreed: true,
      ...(email !== '' && { email }),
      challengePriority: ['http-01'],
      // Whether the names lead here is for the server to find out: from here they may not.
      skipChallengeVerification: true,
      challengeCreateFn: async (_authorization, { token }, answer) => this.challenges.add(token, answer),
      challengeRemoveFn: async (_authorization, { token }) => this.challenges.remove(token),
    });
    return { key: key.toString(), cert };
  }

  /** Made at the first order; an authority knows us by it from then on. */
  private async accountKey(): Promise<string> {
    const { directory, vault } = this.options;
    const path = join(directory, 'acme-account.key');
    try {
      return vault.open(await readFile(path, 'utf8'), path);
    } catch (error) {
      if (!isMissing(error)) throw error;
      const { crypto } = await import('acme-client');
      const made = (await crypto.createPrivateEcdsaKey('P-256')).toString();
      await writeFileDurably(path, vault.seal(made));
      return made;
    }
  }

  private covers(cert: string): boolean {
    const certificate = new X509Certificate(cert);
    return this.options.domains.every((domain) => certificate.checkHost(domain) !== undefined);
  }
}

/** Unix ms. */
function renewalOf(cert: string): number {
  const { fingerprint256, validFrom, validTo } = new X509Certificate(cert);
  const from = Date.parse(validFrom);
  const lifeMs = Date.parse(validTo) - from;
  const spread = Number.parseInt(fingerprint256.replaceAll(':', '').slice(0, 4), 16);
  return from + lifeMs * (RENEW_AFTER + (spread / 0xffff) * JITTER);
}
