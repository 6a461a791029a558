import { AppError } from './errors.ts';
import type { Logger } from './logger.ts';

/**
 * Owns the background work and the resources of one part: loops run until `signal` aborts, and disposal waits for them,
 * then releases resources in reverse order of `own`. Disposal is idempotent.
 */
export class Lifetime implements AsyncDisposable {
  private readonly controller = new AbortController();
  private readonly stack = new AsyncDisposableStack();
  private readonly tasks = new Set<Promise<void>>();
  private readonly logger: Logger;
  private closing: Promise<void> | undefined;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  /** Aborts when disposal starts. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Runs `work` in the background. A failure is logged; cancellation at the end of the lifetime is not. */
  run(name: string, work: (signal: AbortSignal) => Promise<void>): void {
    const task = work(this.signal).catch((error: unknown) => {
      if (!this.signal.aborted) this.logger.error({ err: error, task: name }, 'background task failed');
    });
    const tracked = task.finally(() => this.tasks.delete(tracked));
    this.tasks.add(tracked);
  }

  /** Takes over `resource` and returns it; it is disposed with this lifetime. */
  own<T extends AsyncDisposable | Disposable>(resource: T): T {
    if (this.closing !== undefined) throw new AppError('GOING_AWAY');
    return this.stack.use(resource);
  }

  /** Calls `action` at disposal. */
  defer(action: () => void | Promise<void>): void {
    this.stack.defer(action);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closing ??= this.close();
    await this.closing;
  }

  private async close(): Promise<void> {
    this.controller.abort(new AppError('GOING_AWAY'));
    await Promise.allSettled(this.tasks);
    await this.stack.disposeAsync();
  }
}
