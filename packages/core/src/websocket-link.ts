import type { Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from './clock.ts';
import type { Link, LinkHandlers } from './link.ts';
import { webSocketText } from './websocket-frame.ts';

const CLOSE_GRACE_MS = 2_000;

/** A `Link` over an open WebSocket (RFC 6455). */
export class WebSocketLink implements Link {
  private readonly socket: WebSocket;
  private readonly clock: Clock;
  private readonly wire: Writable | undefined;

  /**
   * @param wire on a server, without extensions: what lies under `socket`. Texts go there as one write each, where `ws`
   * makes two of them.
   */
  constructor(socket: WebSocket, clock: Clock, wire?: Writable) {
    this.socket = socket;
    this.clock = clock;
    this.wire = wire;
    // Bytes that arrive before `open` stay in the socket.
    socket.pause();
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  open(handlers: LinkHandlers): void {
    this.socket.on('message', (data: RawData, isBinary: boolean) => {
      const bytes = toBytes(data);
      if (isBinary) handlers.onBinary(bytes);
      else handlers.onText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
    });
    // A protocol error is followed by 'close' with its code; without a listener it would end the process.
    this.socket.on('error', () => {});
    this.socket.once('close', (code, reason) => handlers.onClose(code, reason.toString('utf8')));
    this.socket.resume();
  }

  sendText(text: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.wire === undefined) this.socket.send(text);
    else this.wire.write(webSocketText(text));
  }

  sendBinary(bytes: Uint8Array): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(bytes, { binary: true });
  }

  close(code: number, reason: string): void {
    if (this.socket.readyState === this.socket.CLOSED) return;
    this.socket.close(code, reason);
    const timer = this.clock.setTimer(CLOSE_GRACE_MS, () => this.socket.terminate());
    this.socket.once('close', () => timer[Symbol.dispose]());
  }
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
