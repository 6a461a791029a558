import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '@cardea/core';
import { type RandomAccessEntry, randomAccessIndex } from '@cardea/media';
import { syncDirectory } from '../state/durable-file.ts';

export interface FinishedFile {
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** Changes what is recorded before it is written. */
export interface SegmentCoat {
  /** Stands at the beginning of the file in place of the init segment. */
  readonly init: Uint8Array;
  seal(fragment: Uint8Array, place: { readonly index: number; readonly last: boolean }): Promise<Uint8Array>;
}

/** What is known of a fragment beside its bytes. */
export interface FragmentNote {
  /** The key frame it begins with. */
  readonly key?: Pick<RandomAccessEntry, 'trackId' | 'time'> | undefined;
  /** No fragment follows. */
  readonly last?: boolean;
}

/** A disk that is so far behind does not keep up with the camera. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * Writes one video segment to disk while it is recorded: init segment, fragments, and at the end the index. What is handed
 * over is written in order behind the caller's back, and is on the disk before the next fragment is due, so that a power cut costs no
 * more than the end of the process does; a failure shows at `finish`.
 */
export class SegmentFile {
  private readonly path: string;
  private readonly handle: Promise<FileHandle>;
  private readonly hash = createHash('sha256');
  private readonly index: RandomAccessEntry[] = [];
  private work: Promise<void>;
  private waitingBytes = 0;
  private sizeBytes = 0;
  private named = false;
  private coat: SegmentCoat | undefined;
  private fragments = 0;

  /** Begins the file, which must not exist, with its init segment; `coat` makes what covers it, when something does. */
  constructor(path: string, init: Uint8Array, coat?: () => Promise<SegmentCoat>) {
    this.path = path;
    this.handle = open(path, 'wx', 0o600);
    this.work = this.handle.then(async (handle) => {
      this.coat = await coat?.();
      await this.write(handle, this.coat?.init ?? init);
    });
    // Whoever finishes or discards the file sees the failure.
    this.work.catch(() => {});
  }

  append(fragment: Uint8Array, { key, last = false }: FragmentNote = {}): void {
    this.waitingBytes += fragment.length;
    const tooSlow = this.waitingBytes > MAX_WAITING_BYTES;
    const index = this.fragments;
    this.fragments += 1;
    this.work = this.work.then(async () => {
      if (tooSlow) throw new AppError('DISK_ERROR', { reason: 'the disk is too slow' });
      const bytes = this.coat === undefined ? fragment : await this.coat.seal(fragment, { index, last });
      if (key !== undefined) this.index.push({ ...key, moofOffset: this.sizeBytes });
      this.waitingBytes -= fragment.length;
      await this.write(await this.handle, bytes);
    });
    this.work.catch(() => {});
  }

  /** Resolves when the whole file is durable. @throws what the file system says, or AppError DISK_ERROR */
  async finish(): Promise<FinishedFile> {
    await this.work;
    const handle = await this.handle;
    await this.write(handle, randomAccessIndex(this.index));
    await handle.close();
    return { sizeBytes: this.sizeBytes, sha256: this.hash.digest('hex') };
  }

  /** Removes the file. */
  async discard(): Promise<void> {
    await this.work.catch(() => {});
    await this.handle.then((handle) => handle.close()).catch(() => {});
    await rm(this.path, { force: true });
  }

  private async write(handle: FileHandle, bytes: Uint8Array): Promise<void> {
    this.sizeBytes += bytes.length;
    this.hash.update(bytes);
    await handle.appendFile(bytes);
    // On a disk that is behind one sync serves all that waits.
    if (this.waitingBytes === 0) await this.sync(handle);
  }

  private async sync(handle: FileHandle): Promise<void> {
    await handle.datasync();
    if (this.named) return;
    await syncDirectory(dirname(this.path));
    this.named = true;
  }
}
