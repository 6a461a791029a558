import { access, constants, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AppError, type Logger } from '@cardea/core';
import { syncDirectory } from '../durable-file.ts';

const MAX_KNOWN_DIRECTORIES = 4_096;
const RETRY_AFTER_MS = 60_000;

/**
 * Brings files and directory entries of one volume to its disk. After one failure everything fails until `reset`:
 * Linux may have dropped the unwritten pages, so that a second fsync would succeed and mean nothing (reliability.md P7, C-4).
 */
export class VolumeSync {
  private readonly root: string;
  private readonly logger: Logger;
  private failed: unknown;
  /** Directories whose own entry, and all above it, are known to be on the disk; the oldest is forgotten first. */
  private readonly durable = new Set<string>();
  private readonly waiting = new Map<string, Promise<void>>();
  private readonly running = new Map<string, Promise<void>>();

  constructor(root: string, logger: Logger) {
    this.root = root;
    this.logger = logger;
  }

  /** @throws AppError NO_CAPACITY after a failed sync */
  assertSound(): void {
    if (this.failed === undefined) return;
    throw new AppError('NO_CAPACITY', undefined, {
      cause: this.failed,
      message: 'the object store takes no bytes since its disk failed',
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  get sound(): boolean {
    return this.failed === undefined;
  }

  /** Begins anew. Only for who has made sure that what was being written at the failure counts as lost. */
  reset(): void {
    this.failed = undefined;
    this.durable.clear();
  }

  /** @throws AppError INTERNAL_ERROR */
  async file(handle: Pick<FileHandle, 'sync'>, path: string): Promise<void> {
    await this.attempt(path, () => handle.sync());
  }

  /**
   * Makes the entries of directory `path` durable, and its own entry in every directory up to the root.
   * Callers that come while a sync of the same directory waits to begin share it.
   * @throws AppError INTERNAL_ERROR
   */
  async directory(path: string): Promise<void> {
    await this.share(path);
    for (let child = path; child !== this.root && !this.durable.has(child); child = dirname(child)) await this.share(dirname(child));
    this.remember(path);
  }

  /**
   * Makes the entry of the root durable where it lies, and so on upwards: a new directory is lost with the name it has in one
   * that is not synced. What is above the reach of this user was there before.
   * @throws AppError INTERNAL_ERROR
   */
  async ancestors(): Promise<void> {
    for (let child = resolve(this.root); child !== dirname(child); child = dirname(child)) {
      if (!(await isReadable(dirname(child)))) return;
      await this.share(dirname(child));
    }
  }

  private share(path: string): Promise<void> {
    const joined = this.waiting.get(path);
    if (joined !== undefined) return joined;
    const batch = this.syncAfter(this.running.get(path), path);
    this.waiting.set(path, batch);
    return batch;
  }

  private async syncAfter(before: Promise<void> | undefined, path: string): Promise<void> {
    // An entry made while a sync runs may have missed it: it waits for the next one, together with all that come until then.
    await before?.catch(() => {});
    const batch = this.waiting.get(path);
    this.waiting.delete(path);
    if (batch !== undefined) this.running.set(path, batch);
    try {
      await this.attempt(path, () => syncDirectory(path));
    } finally {
      if (this.running.get(path) === batch) this.running.delete(path);
    }
  }

  private remember(path: string): void {
    for (let child = path; child !== this.root && !this.durable.has(child); child = dirname(child)) this.durable.add(child);
    for (const oldest of this.durable) {
      if (this.durable.size <= MAX_KNOWN_DIRECTORIES) break;
      this.durable.delete(oldest);
    }
  }

  private async attempt(path: string, sync: () => Promise<void>): Promise<void> {
    this.assertSound();
    try {
      await sync();
    } catch (error) {
      this.failed = error;
      this.logger.error({ err: error, path }, 'a sync failed: the object store takes no more bytes');
      throw new AppError('INTERNAL_ERROR', undefined, { cause: error, message: 'the bytes could not be made durable' });
    }
  }
}

async function isReadable(path: string): Promise<boolean> {
  return await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
