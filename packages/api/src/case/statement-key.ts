import { type SegmentStatement, segmentStatement } from '@cardea/protocol';

type SubtleKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** The public half of the identity of a device, as far as it tells who signed a statement. */
export class StatementKey {
  /** SHA-256 of the raw key, of which the device id is made. */
  readonly digest: Uint8Array;
  private readonly key: SubtleKey;

  private constructor(digest: Uint8Array, key: SubtleKey) {
    this.digest = digest;
    this.key = key;
  }

  /** @param publicKey raw Ed25519 key, base64url */
  static async of(publicKey: string): Promise<StatementKey> {
    const raw = bytesOf(publicKey);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', raw));
    return new StatementKey(digest, await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']));
  }

  /** Whether `signature` (base64url) is one over the statement by this key. */
  async signed(statement: SegmentStatement, signature: string): Promise<boolean> {
    return await crypto.subtle.verify('Ed25519', this.key, bytesOf(signature), new TextEncoder().encode(segmentStatement(statement)));
  }
}

function bytesOf(base64Url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64Url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
