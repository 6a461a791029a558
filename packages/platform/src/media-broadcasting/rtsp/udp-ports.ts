import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { AppError } from '@cardea/core';

export interface UdpPortsOptions {
  /** Address to bind to. */
  readonly host: string;
  /** First and last port that may be used. */
  readonly range: readonly [number, number];
}

/** Who reports over RTCP. */
export interface ReportSender {
  readonly address: string;
  readonly port: number;
}

const MAX_PAIRS_TRIED = 64;
const SEND_BUFFER_BYTES = 1 << 20;

/** Two neighbouring ports, the even one for RTP and the next for RTCP (RFC 3550, 11), which all viewers over UDP share. */
export class UdpPorts implements Disposable {
  readonly ports: readonly [number, number];
  private readonly rtp: Socket;
  private readonly rtcp: Socket;

  private constructor(rtp: Socket, rtcp: Socket) {
    this.rtp = rtp;
    this.rtcp = rtcp;
    this.ports = [rtp.address().port, rtcp.address().port];
  }

  /** Opens the first free pair of the range. `onReport` gets what arrives for RTCP. @throws AppError LIMIT_EXCEEDED when all are taken */
  static async open({ host, range }: UdpPortsOptions, onReport: (packet: Uint8Array, from: ReportSender) => void): Promise<UdpPorts> {
    const [first, last] = range;
    const start = first + (first % 2);
    for (let port = start; port + 1 <= last && port < start + 2 * MAX_PAIRS_TRIED; port += 2) {
      const rtp = await bind(host, port);
      const rtcp = rtp && (await bind(host, port + 1));
      if (rtp !== undefined && rtcp !== undefined) {
        rtp.setSendBufferSize(SEND_BUFFER_BYTES);
        rtcp.on('message', (packet, { address, port: from }) => onReport(packet, { address, port: from }));
        return new UdpPorts(rtp, rtcp);
      }
      rtp?.close();
    }
    throw new AppError('LIMIT_EXCEEDED', { range });
  }

  send(packet: Uint8Array, { address, port, isReport }: ReportSender & { readonly isReport: boolean }): void {
    // A datagram that cannot leave is lost like any other; the callback keeps it from ending the process.
    (isReport ? this.rtcp : this.rtp).send(packet, port, address, () => {});
  }

  [Symbol.dispose](): void {
    this.rtp.close();
    this.rtcp.close();
  }
}

/** `undefined` when the port is taken. */
async function bind(host: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    socket.bind(port, host);
    await once(socket, 'listening');
    // ICMP errors of viewers that are gone; they are noticed by their silence.
    socket.on('error', () => {});
    socket.unref();
    return socket;
  } catch {
    socket.close();
    return undefined;
  }
}
