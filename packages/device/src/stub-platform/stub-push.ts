import type { WebSocket } from 'ws';
import type { Json } from './stub-vd.ts';

export interface StubFrame {
  readonly kind: number;
  readonly key: boolean;
  readonly track: number;
  readonly seq: number;
  readonly payload: Buffer;
}

export interface StubPushOptions {
  readonly bearer: string;
  readonly path: string;
  readonly subprotocol: string;
  readonly onStart: (push: StubPush) => Json | undefined;
}

/** One media session seen from the media server: the 8-byte header read by hand. */
export class StubPush {
  readonly bearer: string;
  readonly path: string;
  readonly subprotocol: string;
  readonly texts: Json[] = [];
  readonly frames: StubFrame[] = [];
  closeCode: number | undefined;
  private readonly socket: WebSocket;

  constructor(socket: WebSocket, { bearer, path, subprotocol, onStart }: StubPushOptions) {
    this.socket = socket;
    this.bearer = bearer;
    this.path = path;
    this.subprotocol = subprotocol;
    socket.on('close', (code) => {
      this.closeCode = code;
    });
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.frames.push(decode(data as Buffer));
        return;
      }
      this.texts.push(JSON.parse(data.toString()));
      const answer = this.texts.length === 1 ? onStart(this) : undefined;
      if (answer !== undefined) this.send(answer);
    });
  }

  get sessionId(): string {
    return this.path.split('/').at(-1) ?? '';
  }

  get start(): Json {
    return this.texts[0] ?? {};
  }

  /** Frames of the video track. */
  get pictures(): StubFrame[] {
    return this.frames.filter((frame) => frame.kind === 1 && frame.track === 1);
  }

  /** The session as one MP4 file. */
  get file(): Buffer {
    return Buffer.concat(this.frames.map((frame) => frame.payload));
  }

  send(frame: Json): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Stops reading, as a network that is stuck. */
  stall(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  cut(): void {
    this.socket.terminate();
  }
}

function decode(bytes: Buffer): StubFrame {
  return {
    kind: bytes.readUInt8(0),
    key: (bytes.readUInt8(1) & 1) === 1,
    track: bytes.readUInt16BE(2),
    seq: bytes.readUInt32BE(4),
    payload: bytes.subarray(8),
  };
}
