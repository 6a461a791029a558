import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AppError } from '@cardea/core';
import type { DigestThreads, RunningDigest } from './digest-threads.ts';

export interface ByteIntakeOptions {
  readonly maxBytes: number;
  readonly digests: DigestThreads;
  /** Keeps the next bytes; they change once this has resolved. Called again only then. */
  readonly write: (block: Uint8Array) => Promise<void>;
}

const BLOCK_BYTES = 128 * 1024;

/**
 * Takes all bytes of `source` in blocks, each of which is written and hashed at the same time while the next one fills; holds
 * two blocks. The source stays usable whatever happens here.
 * @throws AppError TOO_LARGE; CANCELLED when the source ends early; what `write` throws
 */
export async function takeBytes(
  source: Readable,
  options: ByteIntakeOptions,
): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  const intake = new ByteIntake(options);
  try {
    for await (const chunk of chunksOf(source)) await intake.add(chunk);
    return await intake.finish();
  } catch (error) {
    await intake.abandon();
    throw error;
  }
}

class ByteIntake {
  private readonly options: ByteIntakeOptions;
  private sizeBytes = 0;
  private filling = newBlock();
  private filledBytes = 0;
  private spare: Uint8Array | undefined;
  /** What happens to the block before. */
  private work: Promise<unknown> = Promise.resolve();
  private digest: RunningDigest | undefined;

  constructor(options: ByteIntakeOptions) {
    this.options = options;
  }

  async add(chunk: Uint8Array): Promise<void> {
    const { maxBytes } = this.options;
    this.sizeBytes += chunk.length;
    if (this.sizeBytes > maxBytes) throw new AppError('TOO_LARGE', { maxBytes });
    for (let taken = 0; taken < chunk.length; ) {
      if (this.filledBytes === BLOCK_BYTES) await this.passOn();
      const part = chunk.subarray(taken, taken + BLOCK_BYTES - this.filledBytes);
      this.filling.set(part, this.filledBytes);
      this.filledBytes += part.length;
      taken += part.length;
    }
  }

  async finish(): Promise<{ sizeBytes: number; sha256: string }> {
    const { sizeBytes, digest } = this;
    if (digest === undefined) {
      const block = this.filling.subarray(0, this.filledBytes);
      // So little is hashed sooner than a thread hears of it.
      const sha256 = createHash('sha256').update(block).digest('hex');
      await this.options.write(block);
      return { sizeBytes, sha256 };
    }
    await this.passOn();
    await this.work;
    this.digest = undefined;
    return { sizeBytes, sha256: await digest.finish() };
  }

  /** Resolves when nothing uses the blocks any more. */
  async abandon(): Promise<void> {
    await this.work.catch(() => {});
    this.digest?.abandon();
  }

  private async passOn(): Promise<void> {
    await this.work;
    const block = this.filling.subarray(0, this.filledBytes);
    this.digest ??= this.options.digests.begin();
    this.work = Promise.all([this.options.write(block), this.digest.update(block)]);
    // Whoever comes next sees the failure.
    this.work.catch(() => {});
    const next = this.spare ?? newBlock();
    this.spare = this.filling;
    this.filling = next;
    this.filledBytes = 0;
  }
}

function newBlock(): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES));
}

/** @throws AppError CANCELLED when the source ends early */
async function* chunksOf(source: Readable): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      if (!(chunk instanceof Uint8Array)) throw new AppError('INVALID_PARAMS', undefined, { message: 'not a stream of bytes' });
      yield chunk;
    }
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('CANCELLED', undefined, { cause: error, message: 'the bytes ended early' });
  }
}
