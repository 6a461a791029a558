import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AppError, type Clock, withDeadline } from '@cardea/core';
import { buildRtspRequest, type InterleavedFrame, MediaError, type RtspMessage, RtspReader, type RtspResponse } from '@cardea/media';
import { nameOf, type RtspAddress } from './rtsp-address.ts';

export interface RtspConnectionOptions {
  readonly clock: Clock;
  /** Ends the connection. */
  readonly signal: AbortSignal;
  /** RTP and RTCP between the answers; called synchronously. */
  readonly onFrame: (frame: InterleavedFrame) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * One connection to a camera: requests and their answers, and what comes interleaved between them (RFC 2326, 10.12). It leads to
 * the address it was given and nowhere else: what a camera says of other places is not followed.
 */
export class RtspConnection implements Disposable {
  /** Rejects when the connection ends. */
  readonly ended: Promise<never>;
  private readonly socket: Socket;
  private readonly options: RtspConnectionOptions;
  private readonly name: string;
  private readonly reader = new RtspReader();
  private readonly waiting = new Map<number, (response: RtspResponse) => void>();
  private readonly fail: (error: AppError) => void;
  private lastSequence = 0;

  private constructor(socket: Socket, name: string, options: RtspConnectionOptions) {
    this.socket = socket;
    this.name = name;
    this.options = options;
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    this.ended.catch(() => {});
    this.fail = reject;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Uint8Array) => this.read(bytes));
    socket.on('error', (cause) => reject(unreachable(name, cause)));
    socket.once('close', () =>
      reject(new AppError('GOING_AWAY', { camera: name }, { message: `the camera at ${name} closed the connection` })),
    );
    options.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  /** @throws AppError DEVICE_OFFLINE when the camera cannot be reached | TIMEOUT | CANCELLED */
  static async open(address: RtspAddress, options: RtspConnectionOptions): Promise<RtspConnection> {
    const { host, port, isSecure } = address;
    const name = nameOf(address);
    const socket = isSecure ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) }) : connect({ host, port });
    const connected = new Promise<void>((resolve, reject) => {
      socket.once(isSecure ? 'secureConnect' : 'connect', resolve);
      socket.once('error', (cause) => reject(unreachable(name, cause)));
    });
    try {
      await withDeadline(options.clock, CONNECT_TIMEOUT_MS, () => connected, options);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return new RtspConnection(socket, name, options);
  }

  /** @throws AppError TIMEOUT | GOING_AWAY when the connection ends first */
  async request(method: string, url: string, headers: Readonly<Record<string, string>>): Promise<RtspResponse> {
    this.lastSequence += 1;
    const sequence = this.lastSequence;
    const { promise, resolve } = Promise.withResolvers<RtspResponse>();
    this.waiting.set(sequence, resolve);
    this.socket.write(buildRtspRequest(method, url, { headers: { CSeq: sequence, 'User-Agent': 'Cardea', ...headers } }));
    try {
      return await withDeadline(this.options.clock, REQUEST_TIMEOUT_MS, () => Promise.race([promise, this.ended]), this.options);
    } finally {
      this.waiting.delete(sequence);
    }
  }

  /** Sends without waiting for what is said to it. */
  tell(method: string, url: string, headers: Readonly<Record<string, string>>): void {
    this.lastSequence += 1;
    this.socket.end(buildRtspRequest(method, url, { headers: { CSeq: this.lastSequence, ...headers } }));
  }

  [Symbol.dispose](): void {
    this.options.signal.removeEventListener('abort', this.onAbort);
    this.socket.destroySoon();
  }

  private readonly onAbort = (): void => this.fail(new AppError('CANCELLED'));

  private read(bytes: Uint8Array): void {
    try {
      for (const item of this.reader.push(bytes)) this.take(item);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.fail(
        new AppError('UNSPECIFIED', { camera: this.name }, { cause: error, message: `the camera at ${this.name} does not speak RTSP` }),
      );
      this.socket.destroy();
    }
  }

  private take(item: RtspMessage | InterleavedFrame): void {
    if (item.kind === 'interleaved') this.options.onFrame(item);
    // What a camera asks of its client (RFC 2326, 10) may stay without an answer.
    else if (item.kind === 'response') this.waiting.get(Number(item.headers.cseq))?.(item);
  }
}

function unreachable(name: string, cause: Error): AppError {
  return new AppError('DEVICE_OFFLINE', { camera: name }, { cause, message: `the camera at ${name} cannot be reached: ${cause.message}` });
}
