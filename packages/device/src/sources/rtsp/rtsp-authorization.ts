import { createHash } from 'node:crypto';
import type { Random } from '@cardea/core';
import type { RtspLogin } from './rtsp-address.ts';

interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The digest algorithms known here, the better first (RFC 7616, 3.2; MD5 is what is meant where none is named). */
const algorithms = [
  { name: 'SHA-256', hash: 'sha256' },
  { name: 'MD5', hash: 'md5' },
] as const;

const NONCE_BYTES = 16;

/** Proves to a camera that somebody knows the password (RFC 7616 Digest, RFC 7617 Basic), without sending it where it can be helped. */
export class RtspAuthorization {
  private readonly login: RtspLogin;
  private readonly random: Random;
  private challenge: Challenge | undefined;
  private uses = 0;

  constructor(login: RtspLogin, random: Random) {
    this.login = login;
    this.random = random;
  }

  /** Takes the best of what a camera offers in `WWW-Authenticate`; `false` when nothing of it is known here. */
  accept(offer: string): boolean {
    const challenges = parseChallenges(offer);
    const digests = algorithms.flatMap(({ name }) => challenges.filter((challenge) => isDigestOf(challenge, name)));
    this.challenge = digests[0] ?? challenges.find(({ scheme }) => scheme === 'basic');
    this.uses = 0;
    return this.challenge !== undefined;
  }

  /** The header `Authorization` of a request; `undefined` before a camera asked for it. */
  header(method: string, url: string): string | undefined {
    if (this.challenge === undefined) return undefined;
    const { user, password } = this.login;
    if (this.challenge.scheme === 'basic') return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    return this.digest(this.challenge.parameters, method, url);
  }

  private digest({ realm = '', nonce = '', qop = '', opaque, algorithm }: Challenge['parameters'], method: string, url: string): string {
    const { user, password } = this.login;
    const { hash } = algorithms.find(({ name }) => name === algorithm?.toUpperCase()) ?? algorithms[1];
    const digestOf = (...parts: readonly string[]): string => createHash(hash).update(parts.join(':')).digest('hex');
    const secret = digestOf(user, realm, password);
    const request = digestOf(method, url);
    const quoted = { username: user, realm, nonce, uri: url, ...(opaque !== undefined && { opaque }) };
    const plain: Record<string, string> = algorithm === undefined ? {} : { algorithm };
    const head = Object.entries(quoted).map(([name, value]) => `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`);
    if (!qop.split(/[\s,]+/).includes('auth'))
      return `Digest ${[...head, `response="${digestOf(secret, nonce, request)}"`, ...pairsOf(plain)].join(', ')}`;
    this.uses += 1;
    const count = this.uses.toString(16).padStart(8, '0');
    const own = Buffer.from(this.random.bytes(NONCE_BYTES)).toString('hex');
    const response = digestOf(secret, nonce, count, own, 'auth', request);
    return `Digest ${[...head, `response="${response}"`, `cnonce="${own}"`, ...pairsOf({ ...plain, qop: 'auth', nc: count })].join(', ')}`;
  }
}

function pairsOf(parameters: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
}

function isDigestOf({ scheme, parameters }: Challenge, algorithm: string): boolean {
  return scheme === 'digest' && (parameters.algorithm ?? 'MD5').toUpperCase() === algorithm;
}

/** All challenges of a header whose values may have been joined by commas: a word without a value begins the next one. */
function parseChallenges(offer: string): readonly Challenge[] {
  const challenges: { readonly scheme: string; readonly parameters: Record<string, string> }[] = [];
  for (const [, word = '', quoted, plain] of offer.matchAll(/([\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g)) {
    const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain;
    if (value === undefined) challenges.push({ scheme: word.toLowerCase(), parameters: {} });
    else Object.assign(challenges.at(-1)?.parameters ?? {}, { [word.toLowerCase()]: value });
  }
  return challenges;
}
