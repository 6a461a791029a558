import type { Socket } from 'node:net';
import type { FanOut } from '../fan-out.ts';
import type { ConnectionReport, ViewerConnection, ViewerConnectionOptions } from '../view-session.ts';

export interface FlvConnectionOptions extends ViewerConnectionOptions {
  /** On which the head of the answer was written; nobody else writes to it. */
  readonly socket: Socket;
  readonly output: FanOut;
}

const CLOSE_GRACE_MS = 2_000;

/** One HTTP connection on which somebody watches: the output writes to the raw socket, because the bytes are the same for all. */
export class FlvConnection implements ViewerConnection {
  private readonly options: FlvConnectionOptions;
  private subscription: Disposable | undefined;

  constructor(options: FlvConnectionOptions) {
    this.options = options;
  }

  /** Writes from now on. Call once. */
  start(): void {
    const { socket, session, output, onClosed } = this.options;
    const use = session.attach(this);
    socket.once('close', () => {
      this.subscription?.[Symbol.dispose]();
      use[Symbol.dispose]();
      onClosed();
    });
    this.subscription = output.join({ socket, onTooSlow: () => this.close() });
  }

  report(): ConnectionReport {
    return { form: 'flv', bytesOut: this.options.socket.bytesWritten };
  }

  /** The answer ends where it is; HTTP has no words for why. */
  close(): void {
    const { socket, clock } = this.options;
    this.subscription?.[Symbol.dispose]();
    socket.end();
    // A viewer that does not read never takes what is queued.
    const timer = clock.setTimer(CLOSE_GRACE_MS, () => socket.destroy());
    socket.once('close', () => timer[Symbol.dispose]());
  }
}
