import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, isIPv6 } from 'node:net';
import { AppError } from '@cardea/core';
import type { PeerConnection } from 'node-datachannel';
import type { ListenAddress } from '../../listen-address.ts';

export type RtcLibrary = typeof import('node-datachannel');

export interface RtcEngineOptions {
  readonly listen: ListenAddress;
  /** IPv4 address at which the port is reached from outside, where that is not one of this machine; '' for none. */
  readonly publicAddress: string;
}

const ANY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];

/** The library is one for all of the process. Its threads end when the last engine has no more use for it. */
let openEngines = 0;

/** WebRTC of a platform: every connection goes over one UDP port. Close its connections before it. */
export class RtcEngine implements Disposable {
  readonly library: RtcLibrary;
  readonly port: number;
  readonly publicAddress: string;
  private readonly bindAddress: string | undefined;

  private constructor(library: RtcLibrary, { address, port }: AddressInfo, publicAddress: string) {
    this.library = library;
    this.port = port;
    this.publicAddress = publicAddress;
    this.bindAddress = ANY_ADDRESS.includes(address) ? undefined : address;
    openEngines += 1;
  }

  /** @throws AppError NOT_SUPPORTED where the native library is not installed or does not load, INVALID_STATE when the port is taken */
  static async open(options: RtcEngineOptions): Promise<RtcEngine> {
    const library = await import('node-datachannel').catch((cause: unknown) => {
      throw new AppError('NOT_SUPPORTED', undefined, { cause, message: 'node-datachannel, an optional part, is not installed here' });
    });
    return new RtcEngine(library, await tryPort(options.listen), options.publicAddress);
  }

  /** A connection that waits for an offer. Hold it, and close it: what nobody holds is closed by the library. */
  createPeer(name: string): PeerConnection {
    return new this.library.PeerConnection(name, {
      iceServers: [],
      disableAutoNegotiation: true,
      enableIceUdpMux: true,
      portRangeBegin: this.port,
      portRangeEnd: this.port,
      ...(this.bindAddress !== undefined && { bindAddress: this.bindAddress }),
    });
  }

  [Symbol.dispose](): void {
    openEngines -= 1;
    if (openEngines === 0) this.library.cleanup();
  }
}

/** The library opens the port with its first connection and says nothing when it cannot: it is tried here. */
async function tryPort({ host, port }: ListenAddress): Promise<AddressInfo> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    socket.bind(port, host);
    await once(socket, 'listening');
    return socket.address();
  } catch (cause) {
    throw new AppError('INVALID_STATE', { host, port }, { cause, message: `cannot use UDP port ${host}:${port}` });
  } finally {
    socket.close();
  }
}
