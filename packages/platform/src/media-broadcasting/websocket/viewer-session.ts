import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { FanOut } from '../fan-out.ts';
import type { ConnectionReport, ViewerConnection, ViewerConnectionOptions } from '../view-session.ts';

export interface ViewerSessionOptions extends ViewerConnectionOptions {
  readonly webSocket: WebSocket;
  /** The socket `webSocket` stands on. */
  readonly socket: Duplex;
  readonly output: FanOut;
}

/** RFC 6455 7.4.1 and its registry: try again later. */
const CLOSE_TOO_SLOW = 1013;
const CLOSE_GRACE_MS = 2_000;

/**
 * One WebSocket on which somebody watches. The output writes whole frames to the raw socket, because they are the same for
 * all; `ws` reads, and writes pong and close frames. Both write only whole frames, each in one synchronous step (no
 * compression is negotiated), so their frames follow one another and never mix.
 */
export class ViewerSession implements ViewerConnection {
  private readonly options: ViewerSessionOptions;
  private subscription: Disposable | undefined;

  constructor(options: ViewerSessionOptions) {
    this.options = options;
  }

  /** Writes from now on. Call once. */
  start(): void {
    const { webSocket, socket, session, output, onClosed } = this.options;
    const use = session.attach(this);
    // A protocol error of the viewer is followed by 'close'; without a listener it would end the process.
    webSocket.on('error', () => {});
    webSocket.once('close', () => {
      this.subscription?.[Symbol.dispose]();
      use[Symbol.dispose]();
      onClosed();
    });
    this.subscription = output.join({ socket, onTooSlow: () => this.close(CLOSE_TOO_SLOW, 'too slow') });
  }

  report(): ConnectionReport {
    const { socket } = this.options;
    return { form: 'ws', bytesOut: socket instanceof Socket ? socket.bytesWritten : 0 };
  }

  close(code: number, reason: string): void {
    const { webSocket, clock } = this.options;
    this.subscription?.[Symbol.dispose]();
    webSocket.close(code, reason);
    // A viewer that does not read never sees the close frame.
    const timer = clock.setTimer(CLOSE_GRACE_MS, () => webSocket.terminate());
    webSocket.once('close', () => timer[Symbol.dispose]());
  }
}
