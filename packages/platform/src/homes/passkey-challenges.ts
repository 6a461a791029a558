import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '@cardea/core';
import type { Db } from '../store/ports.ts';

const TTL_MS = 5 * 60_000;
const TIME_BYTES = 6;
const NONCE_BYTES = 16;
const MAC_BYTES = 32;

export interface PasskeyChallengesOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly secret: Uint8Array;
}

/**
 * Challenges that say themselves what they are for and until when, so that whoever asks for many costs no memory; only an
 * answered one is noted, and answered once. They last five minutes.
 */
export class PasskeyChallenges {
  private readonly options: PasskeyChallengesOptions;

  constructor(options: PasskeyChallengesOptions) {
    this.options = options;
  }

  /** @param purpose what the answer does, and for whom */
  create(purpose: string): string {
    const { clock, random } = this.options;
    const head = Buffer.alloc(TIME_BYTES + NONCE_BYTES);
    head.writeUIntBE(clock.now() + TTL_MS, 0, TIME_BYTES);
    head.set(random.bytes(NONCE_BYTES), TIME_BYTES);
    return Buffer.concat([head, this.mac(head, purpose)]).toString('base64url');
  }

  /** Whether a challenge was made for this and still counts. */
  isGood(challenge: string, purpose: string): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    if (bytes.length !== TIME_BYTES + NONCE_BYTES + MAC_BYTES) return false;
    const head = bytes.subarray(0, TIME_BYTES + NONCE_BYTES);
    return timingSafeEqual(bytes.subarray(head.length), this.mac(head, purpose)) && expiryOf(bytes) > this.options.clock.now();
  }

  /** Notes that a good one was answered; false when it was before. */
  async use(challenge: string): Promise<boolean> {
    const bytes = Buffer.from(challenge, 'base64url');
    const { numInsertedOrUpdatedRows } = await this.options.db
      .insertInto('used_challenge')
      .values({ challenge: bytes.toString('base64url'), refused_from: expiryOf(bytes) })
      .onConflict((conflict) => conflict.column('challenge').doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  /** Removes what has expired; call now and then. */
  async purgeExpired(): Promise<void> {
    await this.options.db.deleteFrom('used_challenge').where('refused_from', '<=', this.options.clock.now()).execute();
  }

  private mac(head: Buffer, purpose: string): Buffer {
    return createHmac('sha256', this.options.secret).update(`passkey challenge ${purpose}\n`).update(head).digest();
  }
}

/** Unix ms. */
function expiryOf(challenge: Buffer): number {
  return challenge.readUIntBE(0, TIME_BYTES);
}
