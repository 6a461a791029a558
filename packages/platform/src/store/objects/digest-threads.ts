import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { AppError } from '@cardea/core';
import type { DigestOrder, DigestReport } from './digest-thread.ts';

/** SHA-256 of bytes that come block by block; exactly one of `finish` and `abandon` ends it. */
export interface RunningDigest {
  /** Takes a block of shared memory, which must not change until this resolves. One at a time. */
  update(block: Uint8Array): Promise<void>;
  /** Lower-case hex of all blocks. */
  finish(): Promise<string>;
  abandon(): void;
}

const MAX_THREADS = 4;

/**
 * Hashes in threads of their own: the bytes of many recorders would keep the main thread from everything else. Threads start
 * when they are first needed, and an idle one does not keep the process alive.
 */
export class DigestThreads {
  private readonly maxThreads = Math.min(MAX_THREADS, availableParallelism());
  private threads: DigestThread[] = [];
  private last = 0;

  begin(): RunningDigest {
    const thread = this.leastBusy();
    const digest = ++this.last;
    thread.hold();
    return {
      update: async (block) => void (await thread.ask({ digest, block })),
      finish: async () => {
        try {
          return (await thread.ask({ digest, end: 'finish' })) ?? '';
        } finally {
          thread.release();
        }
      },
      abandon: () => {
        thread.tell({ digest, end: 'abandon' });
        thread.release();
      },
    };
  }

  private leastBusy(): DigestThread {
    this.threads = this.threads.filter(({ alive }) => alive);
    const [least] = this.threads.toSorted((one, other) => one.load - other.load);
    if (least !== undefined && (least.load === 0 || this.threads.length >= this.maxThreads)) return least;
    const thread = new DigestThread();
    this.threads.push(thread);
    return thread;
  }
}

interface Asked {
  resolve(sha256: string | undefined): void;
  reject(error: unknown): void;
}

class DigestThread {
  /** Digests it works on. */
  load = 0;
  private readonly worker: Worker;
  private readonly asked = new Map<number, Asked>();
  private failure: AppError | undefined;

  constructor() {
    // Beside this module lies the source, or what was built of it.
    const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.worker = new Worker(new URL(`./digest-thread.${suffix}`, import.meta.url));
    this.worker.on('message', ({ digest, sha256 }: DigestReport) => this.take(digest)?.resolve(sha256));
    this.worker.on('error', (cause) => this.fail(cause));
    this.worker.unref();
  }

  get alive(): boolean {
    return this.failure === undefined;
  }

  hold(): void {
    this.load += 1;
    if (this.load === 1) this.worker.ref();
  }

  release(): void {
    this.load -= 1;
    if (this.load === 0) this.worker.unref();
  }

  tell(order: DigestOrder): void {
    this.worker.postMessage(order);
  }

  async ask(order: DigestOrder): Promise<string | undefined> {
    if (this.failure !== undefined) throw this.failure;
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    this.asked.set(order.digest, { resolve, reject });
    this.tell(order);
    return await promise;
  }

  private take(digest: number): Asked | undefined {
    const asked = this.asked.get(digest);
    this.asked.delete(digest);
    return asked;
  }

  private fail(cause: unknown): void {
    this.failure = new AppError('INTERNAL_ERROR', undefined, { cause, message: 'a thread that hashes ended' });
    for (const digest of [...this.asked.keys()]) this.take(digest)?.reject(this.failure);
  }
}
