import { type EncryptedSubject, MAX_RECIPIENTS, SegmentSealer } from '@cardea/media';
import type { Configuration } from '../configuration.ts';

/** A public key (X25519) as the configuration has it: 32 bytes, base64url. */
const PUBLIC_KEY = /^[A-Za-z0-9_-]{43}$/;

/** Whether a value is a list of public keys that recordings can be encrypted for. */
export function isRecipients(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_RECIPIENTS) return false;
  return value.every((key) => typeof key === 'string' && PUBLIC_KEY.test(key)) && new Set(value).size === value.length;
}

/**
 * For whom recordings are encrypted (`record.encryption.*`). Fixed by whoever runs the device, the platform has no say in it: a platform
 * that is not honest cannot add itself.
 */
export class RecordingEncryption {
  private readonly config: Pick<Configuration, 'text' | 'value'>;
  private readonly fixed: readonly string[] | undefined;
  private readonly deviceId: string;

  constructor({
    config,
    fixed,
    deviceId,
  }: { config: Pick<Configuration, 'text' | 'value'>; fixed?: readonly string[] | undefined; deviceId: string }) {
    this.config = config;
    this.fixed = fixed;
    this.deviceId = deviceId;
  }

  /** What is recorded is encrypted. */
  get isOn(): boolean {
    return this.fixed !== undefined || this.config.text('record.encryption.mode') === 'on';
  }

  /** There is somebody who can open what is recorded; nothing is recorded that nobody can open. */
  get isReady(): boolean {
    return !this.isOn || this.recipients.length > 0;
  }

  /** Begins to encrypt a segment for those who can open recordings now. */
  async seal(init: Uint8Array, subject: Omit<EncryptedSubject, 'deviceId'>): Promise<SegmentSealer> {
    const keys = this.recipients.map((key) => Buffer.from(key, 'base64url'));
    return await SegmentSealer.create(init, { deviceId: this.deviceId, ...subject }, keys);
  }

  private get recipients(): readonly string[] {
    const value = this.fixed ?? this.config.value('record.encryption.recipients');
    return isRecipients(value) ? value : [];
  }
}
