import { finished, type Readable } from 'node:stream';
import { AppError } from '@cardea/core';
import type { IntakeThreads, RunningIntake } from './intake-threads.ts';
import type { ObjectDigest } from './object-store.ts';

export interface ByteIntakeOptions {
  readonly maxBytes: number;
  readonly threads: IntakeThreads;
  /** Descriptor of the file the bytes are written to. */
  readonly file?: number;
  /** Keeps the next bytes besides: copies them before it returns. Called again when it has resolved. */
  readonly keep?: (chunks: readonly Uint8Array[]) => Promise<void>;
}

/** Handing bytes to a thread costs as much as hashing some ten kilobytes. */
const PASSED_ON_BYTES = 256 * 1024;
/** Whoever sends a byte at a time does not get to fill memory with pieces. */
const PASSED_ON_CHUNKS = 64;

/**
 * Takes all bytes of `source`, and the memory they come in, to be hashed while they are written. The source stays usable whatever
 * happens here.
 * @throws AppError TOO_LARGE; CANCELLED when the source ends early; what `keep` throws, and the error of the system for `file`
 */
export async function takeBytes(source: Readable, options: ByteIntakeOptions): Promise<ObjectDigest> {
  const intake = new ByteIntake(options);
  try {
    await readAll(source, intake);
    return await intake.finish();
  } finally {
    await intake.release();
  }
}

class ByteIntake {
  private readonly options: ByteIntakeOptions;
  private readonly running: RunningIntake;
  private chunks: Uint8Array[] = [];
  private heldBytes = 0;
  private sizeBytes = 0;
  private ended = false;
  /** What was passed on last. */
  private passed: Promise<unknown> | undefined;
  /** Ends when nobody works on that any more, whether it failed or not. */
  private work: Promise<unknown> | undefined;

  constructor(options: ByteIntakeOptions) {
    this.options = options;
    this.running = options.threads.begin(options.file);
  }

  /** Undefined when more may come, else when it may. */
  add(chunk: unknown): Promise<void> | undefined {
    const { maxBytes } = this.options;
    if (!(chunk instanceof Uint8Array))
      return Promise.reject(new AppError('INVALID_PARAMS', undefined, { message: 'not a stream of bytes' }));
    this.sizeBytes += chunk.length;
    if (this.sizeBytes > maxBytes) return Promise.reject(new AppError('TOO_LARGE', { maxBytes }));
    this.chunks.push(chunk);
    this.heldBytes += chunk.length;
    if (this.heldBytes < PASSED_ON_BYTES && this.chunks.length < PASSED_ON_CHUNKS) return undefined;
    const passed = this.passOn((chunks) => this.running.take(chunks));
    this.passed = passed;
    return passed;
  }

  async finish(): Promise<ObjectDigest> {
    // A source may end although it was asked to wait.
    await this.passed;
    const sha256 = await this.passOn((chunks) => this.running.finish(chunks));
    this.ended = true;
    return { sizeBytes: this.sizeBytes, sha256 };
  }

  /** Resolves when nobody uses the file any more. */
  async release(): Promise<void> {
    await this.work;
    if (!this.ended) this.running.abandon();
  }

  private async passOn<T>(take: (chunks: readonly Uint8Array[]) => Promise<T>): Promise<T> {
    const { chunks } = this;
    this.chunks = [];
    this.heldBytes = 0;
    const kept = this.options.keep?.(chunks);
    const taken = take(chunks);
    this.work = Promise.allSettled([kept, taken]);
    await kept;
    return await taken;
  }
}

/** Resolves when all chunks were added. @throws AppError CANCELLED when the source ends early; what `add` throws */
async function readAll(source: Readable, intake: ByteIntake): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onData = (chunk: unknown): void => {
    const full = intake.add(chunk);
    if (full === undefined) return;
    source.pause();
    full.then(() => source.resume(), reject);
  };
  const forget = finished(source, { writable: false }, (error) => (error == null ? resolve() : reject(early(error))));
  source.on('data', onData);
  try {
    await promise;
  } finally {
    forget();
    source.off('data', onData).pause();
  }
}

function early(error: unknown): AppError {
  return error instanceof AppError ? error : new AppError('CANCELLED', undefined, { cause: error, message: 'the bytes ended early' });
}
