import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { seeded } from './seeded.ts';

export interface LossyRelayOptions {
  readonly seed: number;
  /** Share of datagrams for the client that are lost, 0..1. */
  readonly loss: number;
  /** Port of this machine that what comes to `port` is for; `undefined` when the client sends nothing by way of the relay. */
  readonly serverPort?: number;
  /** Port of this machine that what comes from the server is for; default: whoever sent last. */
  readonly clientPort?: number;
}

const HOST = '127.0.0.1';

/** A network on this machine between one client and one UDP port that loses some of what is for the client. */
export class LossyRelay implements Disposable {
  /** Where the client sends. */
  readonly port: number;
  /** Where the server sends. */
  readonly portForServer: number;
  /** Nothing gets to the client at all. */
  isCut = false;
  passed = 0;
  lost = 0;
  private readonly options: LossyRelayOptions;
  private readonly near: Socket;
  private readonly far: Socket;
  private readonly random: () => number;
  private clientPort: number | undefined;

  private constructor(options: LossyRelayOptions, near: Socket, far: Socket) {
    this.options = options;
    this.near = near;
    this.far = far;
    this.port = near.address().port;
    this.portForServer = far.address().port;
    this.random = seeded(options.seed);
    this.clientPort = options.clientPort;
    near.on('message', (packet, from) => this.toServer(packet, from));
    far.on('message', (packet) => this.toClient(packet));
  }

  static async open(options: LossyRelayOptions): Promise<LossyRelay> {
    return new LossyRelay(options, await bind(), await bind());
  }

  [Symbol.dispose](): void {
    this.near.close();
    this.far.close();
  }

  private toServer(packet: Buffer, { port }: RemoteInfo): void {
    const { clientPort, serverPort } = this.options;
    this.clientPort = clientPort ?? port;
    if (serverPort !== undefined) this.far.send(packet, serverPort, HOST);
  }

  private toClient(packet: Buffer): void {
    if (this.clientPort === undefined) return;
    if (this.isCut || this.random() < this.options.loss) {
      this.lost += 1;
      return;
    }
    this.passed += 1;
    this.near.send(packet, this.clientPort, HOST);
  }
}

async function bind(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, HOST);
  await once(socket, 'listening');
  socket.setRecvBufferSize(1 << 20);
  return socket;
}
