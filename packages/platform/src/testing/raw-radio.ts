import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

interface WakeBlock {
  readonly port: number;
  readonly authB64: string;
  readonly heartbeatB64: string;
  readonly wakeB64: string;
}

/** The radio of a sleeping device, written by hand after the profile. */
export class RawRadio {
  /** Bytes the platform sent. */
  received: Buffer = Buffer.alloc(0);
  readonly closed: Promise<unknown>;
  private readonly socket: Socket;
  private readonly block: WakeBlock;

  private constructor(socket: Socket, block: WakeBlock) {
    this.socket = socket;
    this.block = block;
    this.closed = once(socket, 'close');
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
    });
  }

  /** Over TLS where `ca`, the authority to trust, PEM, is given. */
  static async connect(block: WakeBlock, { ca }: { readonly ca?: string } = {}): Promise<RawRadio> {
    const socket = ca === undefined ? connect(block.port, '127.0.0.1') : connectSecurely({ host: '127.0.0.1', port: block.port, ca });
    await once(socket, ca === undefined ? 'connect' : 'secureConnect');
    const radio = new RawRadio(socket, block);
    radio.send(Buffer.from(block.authB64, 'base64'));
    return radio;
  }

  /** How often it was told to wake its device. */
  get wakes(): number {
    return this.received.length / Buffer.from(this.block.wakeB64, 'base64').length;
  }

  beat(): void {
    this.send(Buffer.from(this.block.heartbeatB64, 'base64'));
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  end(): void {
    this.socket.destroy();
  }
}
