import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { buildRtspRequest, type InterleavedFrame, RtspReader, type RtspResponse } from '@cardea/media';
import { until } from './ws-viewer.ts';

/** A client that says what it is told to, and keeps what it hears. */
export class RtspClient implements Disposable {
  readonly frames: InterleavedFrame[] = [];
  private readonly socket: Socket;
  private readonly responses: RtspResponse[] = [];
  private sequence = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    const reader = new RtspReader();
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      for (const item of reader.push(bytes)) {
        if (item.kind === 'interleaved') this.frames.push(item);
        if (item.kind === 'response') this.responses.push(item);
      }
    });
  }

  static async connect(url: string): Promise<RtspClient> {
    const { hostname, port, protocol } = new URL(url);
    const isSecure = protocol === 'rtsps:';
    const socket = isSecure
      ? connectTls({ port: Number(port), host: hostname, rejectUnauthorized: false })
      : connect(Number(port), hostname);
    await once(socket, isSecure ? 'secureConnect' : 'connect');
    return new RtspClient(socket);
  }

  /** Of the certificate that was shown; empty without TLS. */
  get certificateDigest(): string {
    return this.socket instanceof TLSSocket ? this.socket.getPeerCertificate().fingerprint256 : '';
  }

  get isOver(): boolean {
    return this.socket.closed || this.socket.readableEnded;
  }

  async ask(method: string, url: string, headers: Readonly<Record<string, string>> = {}): Promise<RtspResponse> {
    const answered = this.responses.length;
    this.sequence += 1;
    this.socket.write(buildRtspRequest(method, url, { headers: { CSeq: this.sequence, ...headers } }));
    await until(() => this.responses.length > answered || this.isOver);
    const response = this.responses[answered];
    if (response === undefined) throw new Error(`${method} was not answered`);
    return response;
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Takes nothing more from the network. */
  stopReading(): void {
    this.socket.pause();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
