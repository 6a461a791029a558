import { malformed } from '../media-error.ts';

/** HMAC-SHA-256, which this package does not bring: 32 bytes. */
export type HmacSha256 = (key: Uint8Array, data: Uint8Array) => Uint8Array;

export interface RtmpHandshakeOptions {
  readonly hmac: HmacSha256;
  /** Unpredictable bytes. */
  readonly randomBytes: (length: number) => Uint8Array;
}

const VERSION = 3;
const PACKET_BYTES = 1_536;
const DIGEST_BYTES = 32;
/** Where the digest's four offset bytes stand, in the two layouts there are. */
const digestSchemes: readonly number[] = [8, 772];
const MAX_DIGEST_OFFSET = 728;

const clientKey = textBytes('Genuine Adobe Flash Player 001');
/** After the text, the same 32 bytes for every server and player. */
const serverKey = Uint8Array.of(
  ...textBytes('Genuine Adobe Flash Media Server 001'),
  ...[0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57],
  ...[0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae],
);
const SERVER_TEXT_BYTES = 36;
/** Any number that is not 0 says that the digests are meant. */
const SERVER_VERSION = [4, 5, 0, 1] as const;

/**
 * The server's side of the handshake: simple (RTMP 1.0, 5.2), or with digests when the client uses them.
 * Feed `push` until it says that the handshake is over.
 */
export class RtmpServerHandshake {
  private readonly options: RtmpHandshakeOptions;
  private pending: Uint8Array = new Uint8Array();
  private step: 'hello' | 'echo' | 'over' = 'hello';

  constructor(options: RtmpHandshakeOptions) {
    this.options = options;
  }

  /**
   * `answer` is to be sent; `rest`, once it is there, is what follows the handshake.
   * @throws MediaError OBJECT_MISMATCH for another protocol
   */
  push(bytes: Uint8Array): { readonly answer: Uint8Array | undefined; readonly rest: Uint8Array | undefined } {
    const all = new Uint8Array(this.pending.length + bytes.length);
    all.set(this.pending);
    all.set(bytes, this.pending.length);
    let at = 0;
    let answer: Uint8Array | undefined;
    if (this.step === 'hello' && all.length > 0) {
      if (all[0] !== VERSION) throw malformed('this is no RTMP');
      if (all.length > PACKET_BYTES) {
        answer = this.answerTo(all.subarray(1, 1 + PACKET_BYTES));
        at = 1 + PACKET_BYTES;
        this.step = 'echo';
      }
    }
    if (this.step === 'echo' && all.length - at >= PACKET_BYTES) {
      // What it says is not checked: clients are known by their token.
      at += PACKET_BYTES;
      this.step = 'over';
    }
    this.pending = all.slice(at);
    return { answer, rest: this.step === 'over' ? this.pending : undefined };
  }

  private answerTo(hello: Uint8Array): Uint8Array {
    const { hmac, randomBytes } = this.options;
    const answer = new Uint8Array(1 + 2 * PACKET_BYTES);
    answer[0] = VERSION;
    const own = answer.subarray(1, 1 + PACKET_BYTES);
    const echo = answer.subarray(1 + PACKET_BYTES);
    own.set(randomBytes(PACKET_BYTES - 8), 8);
    const found = findDigest(hello, hmac);
    if (found === undefined) {
      echo.set(hello);
      return answer;
    }
    own.set(SERVER_VERSION, 4);
    const at = digestPlace(own, found.scheme);
    own.set(digestOf(own, at, { key: serverKey.subarray(0, SERVER_TEXT_BYTES), hmac }), at);
    echo.set(randomBytes(PACKET_BYTES - DIGEST_BYTES));
    const echoKey = hmac(serverKey, found.digest);
    echo.set(hmac(echoKey, echo.subarray(0, PACKET_BYTES - DIGEST_BYTES)), PACKET_BYTES - DIGEST_BYTES);
    return answer;
  }
}

function findDigest(hello: Uint8Array, hmac: HmacSha256): { readonly scheme: number; readonly digest: Uint8Array } | undefined {
  for (const scheme of digestSchemes) {
    const at = digestPlace(hello, scheme);
    const digest = hello.subarray(at, at + DIGEST_BYTES);
    const expected = digestOf(hello, at, { key: clientKey, hmac });
    if (expected.every((byte, index) => byte === digest[index])) return { scheme, digest };
  }
  return undefined;
}

function digestPlace(packet: Uint8Array, scheme: number): number {
  const sum = packet.subarray(scheme, scheme + 4).reduce((total, byte) => total + byte, 0);
  return scheme + 4 + (sum % MAX_DIGEST_OFFSET);
}

/** Of everything in the packet but the digest itself. */
function digestOf(packet: Uint8Array, at: number, { key, hmac }: { readonly key: Uint8Array; readonly hmac: HmacSha256 }): Uint8Array {
  const signed = new Uint8Array(PACKET_BYTES - DIGEST_BYTES);
  signed.set(packet.subarray(0, at));
  signed.set(packet.subarray(at + DIGEST_BYTES), at);
  return hmac(key, signed);
}

function textBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
