import type { Link, LinkHandlers } from './link.ts';

/** Two links joined in memory: what one end sends the other receives, in order, in a later microtask. */
export function createLoopbackLinks(): readonly [Link, Link] {
  const first = new LoopbackLink();
  const second = new LoopbackLink();
  first.join(second);
  second.join(first);
  return [first, second];
}

class LoopbackLink implements Link {
  readonly bufferedBytes = 0;
  private peer: LoopbackLink | undefined;
  private handlers: LinkHandlers | undefined;
  private closed = false;
  private readonly early: (() => void)[] = [];

  join(peer: LoopbackLink): void {
    this.peer = peer;
  }

  open(handlers: LinkHandlers): void {
    this.handlers = handlers;
    for (const deliver of this.early.splice(0)) deliver();
  }

  sendText(text: string): void {
    this.peer?.deliver((handlers) => handlers.onText(text), this.closed);
  }

  sendBinary(bytes: Uint8Array): void {
    this.peer?.deliver((handlers) => handlers.onBinary(bytes), this.closed);
  }

  close(code: number, reason: string): void {
    if (this.closed) return;
    this.peer?.end(code, reason);
    this.end(code, reason);
  }

  private end(code: number, reason: string): void {
    this.deliver((handlers) => {
      if (this.closed) return;
      this.closed = true;
      handlers.onClose(code, reason);
    }, this.closed);
  }

  private deliver(action: (handlers: LinkHandlers) => void, closed: boolean): void {
    if (closed) return;
    queueMicrotask(() => {
      const handlers = this.handlers;
      if (handlers !== undefined) action(handlers);
      else this.early.push(() => this.handlers && action(this.handlers));
    });
  }
}
