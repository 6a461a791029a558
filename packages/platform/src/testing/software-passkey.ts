import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Presence {
  /** Origin of the page that asks. */
  readonly origin?: string;
  /** Host the key is asked for. */
  readonly host?: string;
  /** Whether the user showed finger, face or PIN. */
  readonly verified?: boolean;
  readonly userHandle?: string;
}

/** The device of a user that makes passkeys, as WebAuthn Level 3 describes it, with the browser around it. */
export class SoftwarePasskey {
  counter = 0;
  private readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  private readonly id = randomBytes(16);
  private userId = '';
  private readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** The answer to `navigator.credentials.create`. */
  create(options: { readonly challenge: string; readonly user: { readonly id: string } }, presence: Presence = {}) {
    this.userId = options.user.id;
    const { x = '', y = '' } = this.keys.publicKey.export({ format: 'jwk' });
    const coordinate = (label: number, value: string): Buffer =>
      Buffer.concat([Buffer.from([label, 0x58, 32]), Buffer.from(value, 'base64url')]);
    const cose = Buffer.concat([Buffer.from([0xa5, 1, 2, 3, 0x26, 0x20, 1]), coordinate(0x21, x), coordinate(0x22, y)]);
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, cose]);
    const data = Buffer.concat([this.authenticatorData(0x40, presence), credential]);
    const attestation = Buffer.concat([
      Buffer.from([0xa3, 0x63]),
      Buffer.from('fmt'),
      Buffer.from([0x64]),
      Buffer.from('none'),
      Buffer.from([0x67]),
      Buffer.from('attStmt'),
      Buffer.from([0xa0, 0x68]),
      Buffer.from('authData'),
      Buffer.from([0x58, data.length]),
      data,
    ]);
    const clientDataJSON = this.clientData('webauthn.create', options.challenge, presence).toString('base64url');
    return {
      ...this.credential(),
      response: { clientDataJSON, attestationObject: attestation.toString('base64url'), transports: ['internal'] },
    };
  }

  /** The answer to `navigator.credentials.get`. */
  get({ challenge }: { readonly challenge: string }, presence: Presence = {}) {
    this.counter += 1;
    const data = this.authenticatorData(0, presence);
    const client = this.clientData('webauthn.get', challenge, presence);
    const signed = Buffer.concat([data, createHash('sha256').update(client).digest()]);
    const signature = sign('sha256', signed, this.keys.privateKey).toString('base64url');
    const { userHandle = this.userId } = presence;
    const response = { clientDataJSON: client.toString('base64url'), authenticatorData: data.toString('base64url'), signature, userHandle };
    return { ...this.credential(), response };
  }

  private credential() {
    const id = this.id.toString('base64url');
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {} } as const;
  }

  private authenticatorData(flags: number, { host = new URL(this.origin).hostname, verified = true }: Presence): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return Buffer.concat([createHash('sha256').update(host).digest(), Buffer.from([flags | 1 | (verified ? 4 : 0)]), counter]);
  }

  private clientData(type: string, challenge: string, { origin = this.origin }: Presence): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }
}
