import type { RpcId } from '@cardea/protocol';
import type { Clock } from './clock.ts';
import { AppError } from './errors.ts';

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: AppError) => void;
}

/** The unanswered requests of one end. Each is settled exactly once and leaves the table when it is. */
export class PendingCalls {
  private readonly calls = new Map<RpcId, PendingCall>();
  private readonly clock: Clock;
  private readonly maxCount: number;
  private lastId = 0;

  constructor(clock: Clock, maxCount: number) {
    this.clock = clock;
    this.maxCount = maxCount;
  }

  get count(): number {
    return this.calls.size;
  }

  /**
   * Gives the next id to `send` and resolves with what arrives for it.
   * @throws AppError TIMEOUT | CANCELLED | LIMIT_EXCEEDED
   */
  add(send: (id: number) => void, { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new AppError('CANCELLED', undefined, { cause: signal.reason }));
      if (this.calls.size >= this.maxCount) return reject(new AppError('LIMIT_EXCEEDED', { inFlight: this.calls.size }));
      this.lastId += 1;
      const id = this.lastId;
      const timer = this.clock.setTimer(timeoutMs, () => this.reject(id, new AppError('TIMEOUT', { timeoutMs })));
      const onAbort = (): void => this.reject(id, new AppError('CANCELLED', undefined, { cause: signal?.reason }));
      const release = (): void => {
        this.calls.delete(id);
        timer[Symbol.dispose]();
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.calls.set(id, {
        resolve: (result) => {
          release();
          resolve(result);
        },
        reject: (error) => {
          release();
          reject(error);
        },
      });
      send(id);
    });
  }

  /** An unknown id is a late or foreign answer and is ignored. */
  resolve(id: RpcId, result: unknown): void {
    this.calls.get(id)?.resolve(result);
  }

  reject(id: RpcId, error: AppError): void {
    this.calls.get(id)?.reject(error);
  }

  rejectAll(error: AppError): void {
    for (const call of [...this.calls.values()]) call.reject(error);
  }
}
