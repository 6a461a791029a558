import { generateKeyPairSync, sign } from 'node:crypto';
import type { Firmware } from '@cardea/api';
import type { Owner } from '../e2e/owner.ts';

export interface BuildOptions {
  readonly model?: string;
  /** `noBoot`: a build that bricks. */
  readonly fault?: 'noBoot';
  readonly payloadBytes?: number;
}

/** A maker of devices: builds images, signs them with its own key and uploads them. */
export class FirmwareMaker {
  readonly keyPem: string;
  private readonly privateKey;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.keyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    this.privateKey = privateKey;
  }

  build(version: string, { model = 'Simulated camera', fault, payloadBytes = 50_000 }: BuildOptions = {}): Buffer {
    return Buffer.concat([Buffer.from(`${JSON.stringify({ model, version, fault })}\n`), Buffer.alloc(payloadBytes, version)]);
  }

  sign(image: Uint8Array): string {
    return sign(null, image, this.privateKey).toString('base64');
  }

  /** Puts a build in the catalogue as its owner would; resolves with the whole answer. */
  async upload(
    owner: Owner,
    version: string,
    { image, signature, ...options }: BuildOptions & { readonly image?: Uint8Array; readonly signature?: string } = {},
  ): Promise<Response> {
    const bytes = image ?? this.build(version, options);
    const query = { version, model: options.model ?? 'Simulated camera', signature: signature ?? this.sign(bytes) };
    return await fetch(owner.client.urlOf('firmware.create', { query }), {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
    });
  }

  async offer(owner: Owner, version: string, options: BuildOptions = {}): Promise<Firmware> {
    const response = await this.upload(owner, version, options);
    if (response.status !== 201) throw new Error(`upload: ${response.status} ${await response.text()}`);
    return (await response.json()) as Firmware;
  }
}
