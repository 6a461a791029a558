import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '@cardea/core';

/** The three byte strings of one schedule: what the radio of a sleeping device says, and what wakes it. */
export interface WakePass {
  readonly auth: Uint8Array;
  readonly heartbeat: Uint8Array;
  readonly wake: Uint8Array;
}

export interface PassHolder {
  readonly deviceId: string;
  /** Of the binding the pass was made for; a later binding makes it worthless. */
  readonly epoch: number;
}

export interface WakePassesOptions {
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
}

const MAGIC = 'hsw1';
const DEVICE_ID_CHARS = 26;
const EPOCH_AT = MAGIC.length + DEVICE_ID_CHARS;
const EXPIRY_AT = EPOCH_AT + 4;
const NONCE_AT = EXPIRY_AT + 6;
const NONCE_BYTES = 8;
const BODY_BYTES = NONCE_AT + NONCE_BYTES;
const SEAL_BYTES = 16;
const HEARTBEAT_BYTES = 8;
const WAKE_BYTES = 16;
/** A device may sleep for longer than its schedule lasts; its radio can come back with the same bytes for this long. */
const TTL_MS = 7 * 24 * 3_600_000;

/** Length of every `auth`. */
export const AUTH_BYTES = BODY_BYTES + SEAL_BYTES;

/**
 * Makes passes and recognises them. Nothing is stored: all three strings follow from the secret and what stands in `auth`,
 * so that a radio can come back after a restart of the platform.
 * @see profile hss-open-1 B2.1 (wake block) and C11
 */
export class WakePasses {
  private readonly options: WakePassesOptions;

  constructor(options: WakePassesOptions) {
    this.options = options;
  }

  mint({ deviceId, epoch }: PassHolder): WakePass {
    const { clock, random } = this.options;
    const body = Buffer.alloc(BODY_BYTES);
    body.write(MAGIC + deviceId, 'latin1');
    body.writeUInt32BE(epoch, EPOCH_AT);
    body.writeUIntBE(clock.now() + TTL_MS, EXPIRY_AT, 6);
    body.set(random.bytes(NONCE_BYTES), NONCE_AT);
    return this.passOf(body);
  }

  /** Who shows these `AUTH_BYTES` bytes, and with what pass; `undefined` when they are not ours or too old. */
  open(auth: Uint8Array): (PassHolder & WakePass) | undefined {
    const body = Buffer.from(auth.subarray(0, BODY_BYTES));
    const pass = this.passOf(body);
    if (auth.length !== AUTH_BYTES || !timingSafeEqual(auth, pass.auth)) return undefined;
    if (body.readUIntBE(EXPIRY_AT, 6) <= this.options.clock.now()) return undefined;
    return { ...pass, deviceId: body.toString('latin1', MAGIC.length, EPOCH_AT), epoch: body.readUInt32BE(EPOCH_AT) };
  }

  private passOf(body: Buffer): WakePass {
    const derive = (purpose: string, length: number): Buffer =>
      createHmac('sha256', this.options.secret).update(purpose).update(body).digest().subarray(0, length);
    return {
      auth: Buffer.concat([body, derive('auth', SEAL_BYTES)]),
      heartbeat: derive('heartbeat', HEARTBEAT_BYTES),
      wake: derive('wake', WAKE_BYTES),
    };
  }
}
