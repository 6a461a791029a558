import { createHash, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import type { RecipientKey, RecipientKeyRequest } from '@cardea/api';
import { AppError, type Clock } from '@cardea/core';
import { MAX_RECIPIENTS } from '@cardea/media';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import { covers, grantOf } from '../authorization/grant.ts';
import type { HomeProof } from '../authorization/proof.ts';
import type { Db } from '../store/ports.ts';

export interface RecipientKeysOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly caps?: Caps;
  /** The devices of a home may have to encrypt for others than they know. */
  readonly onChange: (homeId: string) => void;
}

interface Place {
  readonly homeId: string;
  readonly deviceId: string;
}

/** Public keys of members. The other halves never come here: what is encrypted for them the platform cannot open. */
export class RecipientKeys {
  private readonly options: RecipientKeysOptions;
  private expiredBefore: number;

  constructor(options: RecipientKeysOptions) {
    this.options = options;
    this.expiredBefore = options.clock.now();
  }

  async list({ homeId }: HomeProof<'view.recordings'>): Promise<readonly RecipientKey[]> {
    return await this.keys(homeId).orderBy('recipient_key.created_at').orderBy('key_id').execute();
  }

  /** Adds a key of whoever asks; again is fine. @throws AppError INVALID_PARAMS for bytes that are no key; LIMIT_EXCEEDED */
  async add({ homeId, principal }: HomeProof<'view.recordings'>, { publicKey, name }: RecipientKeyRequest): Promise<RecipientKey> {
    const { caps = defaultCaps, clock, db, onChange } = this.options;
    const { userId } = principal;
    assertUsable(publicKey);
    const keyId = keyIdOf(publicKey);
    const own = await this.keys(homeId).where('recipient_key.user_id', '=', userId).execute();
    if (!own.some((key) => key.keyId === keyId)) assertRoomFor('keysPerMember', caps, own.length);
    await db
      .insertInto('recipient_key')
      .values({ home_id: homeId, user_id: userId, key_id: keyId, public_key: publicKey, name, created_at: clock.now() })
      .onConflict((conflict) => conflict.columns(['home_id', 'user_id', 'key_id']).doUpdateSet({ name }))
      .execute();
    onChange(homeId);
    return await this.keys(homeId).where('recipient_key.user_id', '=', userId).where('key_id', '=', keyId).executeTakeFirstOrThrow();
  }

  /** Removes a key of whoever asks; one that is not there is removed already. */
  async remove({ homeId, principal }: HomeProof<'view.recordings'>, keyId: string): Promise<void> {
    const { db, onChange } = this.options;
    const { userId: user_id } = principal;
    await db
      .deleteFrom('recipient_key')
      .where((e) => e.and({ home_id: homeId, user_id, key_id: keyId }))
      .execute();
    onChange(homeId);
  }

  /** Public keys of all who may see recordings of the device, in an order that stays the same. */
  async of({ homeId, deviceId }: Place): Promise<readonly string[]> {
    const now = this.options.clock.now();
    const rows = await this.ofMembers()
      .select(['public_key', 'actions', 'devices', 'hours', 'access_until'])
      .where('recipient_key.home_id', '=', homeId)
      .execute();
    const held = rows.filter((row) => {
      const grant = grantOf(row);
      return grant.actions.includes('view.recordings') && covers(grant, deviceId, now);
    });
    return [...new Set(held.map((row) => row.public_key))].toSorted().slice(0, MAX_RECIPIENTS);
  }

  /** The device encrypts for these from now on. */
  async applied({ homeId, deviceId }: Place, recipients: readonly string[]): Promise<void> {
    await this.options.db
      .updateTable('device')
      .set({ recipients: JSON.stringify(recipients) })
      .where('id', '=', deviceId)
      .where('home_id', '=', homeId)
      .execute();
  }

  /** Whether the device has to be told yet. */
  async isDue(place: Place): Promise<boolean> {
    const device = await this.options.db.selectFrom('device').select('recipients').where('id', '=', place.deviceId).executeTakeFirst();
    return (device?.recipients ?? '[]') !== JSON.stringify(await this.of(place));
  }

  /** Has devices told of members whose time ran out; call now and then. */
  async noticeExpired(): Promise<void> {
    const now = this.options.clock.now();
    const ended = await this.ofMembers()
      .select('recipient_key.home_id')
      .distinct()
      .where('access_until', '>', this.expiredBefore)
      .where('access_until', '<=', now)
      .execute();
    this.expiredBefore = now;
    for (const { home_id: homeId } of ended) this.options.onChange(homeId);
  }

  /** A key counts for as long as its user is a member. */
  private ofMembers() {
    return this.options.db
      .selectFrom('recipient_key')
      .innerJoin('home_member', (join) =>
        join.onRef('home_member.home_id', '=', 'recipient_key.home_id').onRef('home_member.user_id', '=', 'recipient_key.user_id'),
      );
  }

  private keys(homeId: string) {
    return this.ofMembers()
      .innerJoin('user', 'user.id', 'recipient_key.user_id')
      .select([
        'key_id as keyId',
        'recipient_key.user_id as userId',
        'user.name as userName',
        'public_key as publicKey',
        'recipient_key.name as name',
        'recipient_key.created_at as createdAt',
      ])
      .where('recipient_key.home_id', '=', homeId);
  }
}

function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex').slice(0, 16);
}

/** Some 32 bytes are points with which nobody can agree on a secret (RFC 7748, 6.1). */
function assertUsable(publicKey: string): void {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: publicKey }, format: 'jwk' });
    const secret = diffieHellman({ privateKey: generateKeyPairSync('x25519').privateKey, publicKey: key });
    if (secret.some((byte) => byte !== 0)) return;
  } catch {
    // Told the same way as below.
  }
  throw new AppError('INVALID_PARAMS', { member: 'publicKey' }, { message: 'this is no public key' });
}
