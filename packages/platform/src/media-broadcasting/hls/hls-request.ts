import type { ServerResponse } from 'node:http';

/** One request of a player, from its arrival until its answer has left or nobody waits for it any more. */
export class HlsRequest {
  readonly response: ServerResponse;
  /** Called once, when the request ends while it waits. */
  onEnd: (() => void) | undefined;

  constructor(response: ServerResponse) {
    this.response = response;
  }

  /** The answer has left, or whoever asked is gone. */
  get isClosed(): boolean {
    return this.response.closed;
  }

  onClosed(action: () => void): void {
    this.response.once('close', () => {
      this.end();
      action();
    });
  }

  /** It is not to be served any more: a wait ends, an answer that is on its way is cut off. */
  cancel(): void {
    if (this.response.headersSent) this.response.destroy();
    else this.end();
  }

  private end(): void {
    this.onEnd?.();
    this.onEnd = undefined;
  }
}
