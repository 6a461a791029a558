import type { Socket } from 'node:net';

/** One request of a direct connection; the next one is read when its answer has left. */
export interface DirectRequest {
  /** Path and query as they came. */
  readonly target: string;
  /** The answer has left, or whoever asked is gone. */
  readonly isClosed: boolean;
  /** Called once, when `isClosed` becomes true. */
  onClosed: (() => void) | undefined;
  /** The whole answer as it stands on the wire, texts in Latin-1. Call once. */
  send(pieces: readonly (string | Uint8Array)[]): void;
  /** Cuts the connection. */
  destroy(): void;
}

/** Takes a request, to answer it now or later; false: it is for others. */
export type DirectHandler = (request: DirectRequest) => boolean;

export interface DirectConnectionOptions {
  readonly socket: Socket;
  /** A connection on which nothing comes for as long is closed. */
  readonly keepAliveMs: number;
  readonly handle: DirectHandler;
  /** Gives the connection, with bytes it has sent already, to node:http for good. */
  readonly handOver: (socket: Socket, bytes: Buffer) => void;
  /** It was closed before it was given away. */
  readonly onClosed: () => void;
}

/** What a client may have sent ahead of the answer it waits for. */
const AHEAD_MAX_BYTES = 64 * 1024;
const METHOD = 'GET ';
const VERSION = ' HTTP/1.1';
const HEAD_END = '\r\n\r\n';
/** Whatever changes where a request ends, or what follows it, is for node:http, and so is a line end that is none (RFC 9112 2.2). */
const notPlain = /[^\r]\n|\r[^\n]|\n(?:content-length|transfer-encoding|expect|upgrade|trailer)\s*:|\nconnection:(?!\s*keep-alive\r)/i;

/**
 * The requests of one connection for as long as they are plain: GET over HTTP/1.1 without a body, each whole when it comes, and
 * known to the handler. A request through node:http costs more than twice as much; players ask for several a second. Everything
 * else, and all that follows it, goes to node:http as it came.
 */
export class DirectConnection {
  private readonly options: DirectConnectionOptions;
  private current: CurrentRequest | undefined;
  private ahead: Buffer | undefined;
  private isReading = false;
  private readonly onData = (bytes: Buffer): void => this.receive(bytes);
  private readonly onDrain = (): void => this.finish();
  /** Servers of node:http leave it to us to end what the other side ended. */
  private readonly onEnd = (): void => void this.options.socket.end();
  private readonly onTimeout = (): void => this.endIdle();
  private readonly onClose = (): void => {
    this.current?.close();
    this.options.onClosed();
  };

  constructor(options: DirectConnectionOptions) {
    this.options = options;
  }

  /** Reads from now on. Call once. */
  start(): void {
    const { keepAliveMs, socket } = this.options;
    socket.setTimeout(keepAliveMs, this.onTimeout);
    socket.on('error', ignore);
    socket.on('data', this.onData);
    socket.on('drain', this.onDrain);
    socket.once('end', this.onEnd);
    socket.once('close', this.onClose);
  }

  private receive(bytes: Buffer): void {
    this.ahead = this.ahead === undefined ? bytes : Buffer.concat([this.ahead, bytes]);
    if (this.ahead.length > AHEAD_MAX_BYTES) this.options.socket.destroy();
    else this.readAhead();
  }

  private readAhead(): void {
    // An answer at once brings us here again, amid the loop.
    if (this.isReading) return;
    this.isReading = true;
    while (this.current === undefined && this.ahead !== undefined) {
      const bytes = this.ahead;
      this.ahead = undefined;
      this.read(bytes);
    }
    this.isReading = false;
  }

  private read(bytes: Buffer): void {
    const text = bytes.toString('latin1');
    const end = text.indexOf(HEAD_END);
    const line = text.slice(0, text.indexOf('\r\n'));
    const isPlain = end >= 0 && line.startsWith(METHOD) && line.endsWith(VERSION) && !notPlain.test(text.slice(0, end + 2));
    if (!isPlain) {
      this.leave(bytes);
      return;
    }
    const headBytes = end + HEAD_END.length;
    if (headBytes < bytes.length) this.ahead = bytes.subarray(headBytes);
    const request = new CurrentRequest(this.options.socket, line.slice(METHOD.length, -VERSION.length), () => this.finish());
    this.current = request;
    if (this.options.handle(request)) return;
    this.current = undefined;
    this.ahead = undefined;
    this.leave(bytes);
  }

  /** The answer is out of our hands once the network took it; then comes what was sent ahead. */
  private finish(): void {
    const { current, options } = this;
    if (current === undefined || !current.isAnswered || options.socket.writableNeedDrain) return;
    this.current = undefined;
    current.close();
    this.readAhead();
  }

  private leave(bytes: Buffer): void {
    const { handOver, socket } = this.options;
    socket.setTimeout(0, this.onTimeout);
    socket.off('error', ignore).off('data', this.onData).off('drain', this.onDrain).off('end', this.onEnd).off('close', this.onClose);
    handOver(socket, bytes);
  }

  private endIdle(): void {
    if (this.current === undefined || this.current.isAnswered) this.options.socket.destroy();
  }
}

class CurrentRequest implements DirectRequest {
  readonly target: string;
  onClosed: (() => void) | undefined;
  isClosed = false;
  isAnswered = false;
  private readonly socket: Socket;
  private readonly onAnswered: () => void;

  constructor(socket: Socket, target: string, onAnswered: () => void) {
    this.socket = socket;
    this.target = target;
    this.onAnswered = onAnswered;
  }

  send(pieces: readonly (string | Uint8Array)[]): void {
    const { socket } = this;
    if (this.isClosed) return;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece, 'latin1');
    if (pieces.length > 1) socket.uncork();
    this.isAnswered = true;
    this.onAnswered();
  }

  destroy(): void {
    this.socket.destroy();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onClosed?.();
    this.onClosed = undefined;
  }
}

function ignore(): void {}
