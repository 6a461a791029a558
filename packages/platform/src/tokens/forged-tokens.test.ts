import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createRandom, VirtualClock } from '@cardea/core';
import { type TokenClaims, TokenIssuer } from './token-issuer.ts';
import { UrlSigner } from './url-signer.ts';

const TRIALS = 10_000;
const SECOND_MS = 1_000;

const newKey = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;

const view: TokenClaims['view'] = {
  ...{ userId: 'u', userSessionId: 's', deviceId: 'd', epoch: 1, channel: 1, sessionId: 'x' },
  ...{ stream: 'main', action: 'view.live' },
};
const push: TokenClaims['vm-publish'] = { deviceId: 'd', epoch: 1, channel: 1, stream: 'main', sessionId: 'x', kind: 'live' };

/** Ways to make a token say more than it was made for; each gives the token, or what to ask for it as. */
type Forger = (token: string, trial: number) => string;

function edited(token: string, change: Record<string, unknown>): string {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return [header, encode({ ...decode(claims), ...change }), signature].join('.');
}

function reheaded(token: string, header: Record<string, unknown>, sign: (body: string) => string): string {
  const [, claims = ''] = token.split('.');
  const body = `${encode(header)}.${claims}`;
  return `${body}.${sign(body)}`;
}

function flipped(token: string, at: number): string {
  // Not the last letter: it holds bits that decoders ignore.
  const place = at % (token.length - 1);
  const letter = token[place];
  if (letter === '.') return token.slice(0, place) + token.slice(place + 1);
  return token.slice(0, place) + (letter === 'A' ? 'B' : 'A') + token.slice(place + 1);
}

test('of ten thousand forged, edited, swapped and expired tokens none is taken', async () => {
  const clock = new VirtualClock();
  const random = createRandom(clock);
  const pem = newKey();
  const issuer = new TokenIssuer(pem, { clock, random });
  const stranger = new TokenIssuer(newKey(), { clock, random });
  const { token } = await issuer.mint('view', view, 60 * SECOND_MS);
  const { token: published } = await issuer.mint('vm-publish', push, 60 * SECOND_MS);
  const { token: foreign } = await stranger.mint('view', view, 60 * SECOND_MS);
  assert.equal((await issuer.verify('view', token)).deviceId, 'd');

  const hmac = (key: string) => (body: string) => createHmac('sha256', key).update(body).digest('base64url');
  const forgers: readonly Forger[] = [
    (good, trial) => edited(good, { deviceId: `device-${trial}` }),
    (good, trial) => edited(good, { userId: `user-${trial}` }),
    (good, trial) => edited(good, { exp: 4_000_000_000 + trial }),
    (good) => edited(good, { action: 'view.recordings' }),
    (good) => edited(good, { aud: 'vd' }),
    (good) => reheaded(good, { alg: 'none' }, () => ''),
    (good) => reheaded(good, { alg: 'HS256' }, hmac(pem)),
    (good, trial) => reheaded(good, { alg: 'HS256', kid: `../../${trial}` }, hmac('')),
    (good) => reheaded(good, { alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' } }, hmac('x')),
    (good, trial) => `${good}.${trial}`,
    (good, trial) => flipped(good, trial * 7),
    (good) => good.split('.').slice(0, 2).join('.'),
    () => foreign,
    () => published,
    (_good, trial) => Buffer.from(String(trial)).toString('base64'),
  ];
  let accepted = 0;
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const forged = forgers[trial % forgers.length]?.(token, trial) ?? '';
    await issuer.verify('view', forged).then(
      () => {
        accepted += 1;
      },
      (error: unknown) => assert.equal(error instanceof Error && 'status' in error && error.status, 'UNAUTHORIZED'),
    );
  }
  assert.equal(accepted, 0);
  for (const audience of ['vd', 'vr', 'vm-publish'] as const)
    await assert.rejects(issuer.verify(audience, token), { status: 'UNAUTHORIZED' });
  await clock.advance(61 * SECOND_MS);
  await assert.rejects(issuer.verify('view', token), { status: 'UNAUTHORIZED' });
});

test('of ten thousand edited and expired addresses none is taken, and none for another path', async () => {
  const clock = new VirtualClock();
  const signer = new UrlSigner(Buffer.alloc(32, 1), clock);
  const path = '/vr/v1/objects/T1';
  const url = new URL(signer.sign(path, { kind: 'snapshot', maxBytes: '1000' }, clock.now() + 60 * SECOND_MS), 'http://h');
  assert.equal(signer.verify(path, url.searchParams).maxBytes, '1000');
  const forge = (trial: number): URLSearchParams => {
    const query = new URLSearchParams(url.searchParams);
    const ways = [
      () => query.set('maxBytes', String(1_001 + trial)),
      () => query.set('expires', String(clock.now() + 1_000_000 + trial)),
      () => query.set('kind', `log${trial}`),
      () => query.append('extra', String(trial)),
      () => query.append('maxBytes', '9999999'),
      () => query.delete('maxBytes'),
      () => query.set('signature', createHmac('sha256', String(trial)).update(path).digest('base64url')),
      () => query.set('signature', ''),
      () => query.delete('signature'),
    ];
    ways[trial % ways.length]?.();
    return query;
  };
  for (let trial = 0; trial < TRIALS; trial += 1) assert.throws(() => signer.verify(path, forge(trial)), { status: 'UNAUTHORIZED' });
  for (const other of ['/vr/v1/objects/T2', `${path}/`, `${path}%00`, `${path}/../T1`]) {
    assert.throws(() => signer.verify(other, url.searchParams), { status: 'UNAUTHORIZED' });
  }
  await clock.advance(61 * SECOND_MS);
  assert.throws(() => signer.verify(path, url.searchParams), { status: 'TICKET_EXPIRED' });
});
