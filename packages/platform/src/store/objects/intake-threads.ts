import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { AppError } from '@cardea/core';
import type { IntakeOrder, IntakeReport } from './intake-thread.ts';

/** Bytes that come piece by piece; exactly one of `finish` and `abandon` ends it, when nothing else is under way. */
export interface RunningIntake {
  /** Takes the memory of the chunks away with what is in it. One at a time. @throws Error with the code of the system */
  take(chunks: readonly Uint8Array[]): Promise<void>;
  /** As `take`, with the last chunks; the result is the SHA-256 of all in lower-case hex. */
  finish(chunks: readonly Uint8Array[]): Promise<string>;
  abandon(): void;
}

const MAX_THREADS = 4;

/**
 * Hashes and writes in threads of their own: the bytes of many recorders would keep the main thread from everything else. Memory
 * goes there with the bytes: what stays here until it is collected makes the collector go through the whole heap of the platform
 * for every 64 MiB. Threads start when they are first needed, and an idle one does not
 * keep the process alive.
 */
export class IntakeThreads {
  private readonly maxThreads = Math.min(MAX_THREADS, availableParallelism());
  private threads: IntakeThread[] = [];
  private last = 0;

  /** @param file descriptor the bytes are written to as well; it stays open until the intake has ended */
  begin(file?: number): RunningIntake {
    const thread = this.leastBusy();
    const intake = ++this.last;
    thread.hold();
    return {
      take: async (chunks) => void (await thread.ask({ intake, chunks: chunks.map(owned), last: false, file })),
      finish: async (chunks) => {
        const { sha256 = '' } = await thread.ask({ intake, chunks: chunks.map(owned), last: true, file });
        thread.release();
        return sha256;
      },
      abandon: () => {
        thread.tell({ intake, abandoned: true });
        thread.release();
      },
    };
  }

  private leastBusy(): IntakeThread {
    this.threads = this.threads.filter(({ alive }) => alive);
    const [least] = this.threads.toSorted((one, other) => one.load - other.load);
    if (least !== undefined && (least.load === 0 || this.threads.length >= this.maxThreads)) return least;
    const thread = new IntakeThread();
    this.threads.push(thread);
    return thread;
  }
}

interface Asked {
  resolve(report: IntakeReport): void;
  reject(error: unknown): void;
}

class IntakeThread {
  /** Intakes it works on. */
  load = 0;
  private readonly worker: Worker;
  private readonly asked = new Map<number, Asked>();
  private failure: AppError | undefined;

  constructor() {
    // Beside this module lies the source, or what was built of it.
    const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.worker = new Worker(new URL(`./intake-thread.${suffix}`, import.meta.url));
    this.worker.on('message', (report: IntakeReport) => this.hear(report));
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

  tell(order: IntakeOrder): void {
    this.worker.postMessage(order, 'chunks' in order ? order.chunks.map(({ buffer }) => buffer) : []);
  }

  async ask(order: IntakeOrder): Promise<IntakeReport> {
    if (this.failure !== undefined) throw this.failure;
    const { promise, resolve, reject } = Promise.withResolvers<IntakeReport>();
    this.asked.set(order.intake, { resolve, reject });
    this.tell(order);
    return await promise;
  }

  private hear(report: IntakeReport): void {
    const asked = this.takeAsked(report.intake);
    if (report.failure === undefined) asked?.resolve(report);
    else asked?.reject(Object.assign(new Error(report.failure.message), { code: report.failure.code }));
  }

  private takeAsked(intake: number): Asked | undefined {
    const asked = this.asked.get(intake);
    this.asked.delete(intake);
    return asked;
  }

  private fail(cause: unknown): void {
    this.failure = new AppError('INTERNAL_ERROR', undefined, { cause, message: 'a thread that takes bytes ended' });
    for (const intake of [...this.asked.keys()]) this.takeAsked(intake)?.reject(this.failure);
  }
}

/** Memory of its own: a chunk that shares it with others is copied. */
function owned(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = chunk;
  return buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength ? new Uint8Array(buffer) : new Uint8Array(chunk);
}
