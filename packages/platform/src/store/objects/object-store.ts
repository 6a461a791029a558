import type { Readable } from 'node:stream';

export interface ReceivedObject {
  /** Where the bytes wait until `commit`; opaque. */
  readonly uploadKey: string;
  readonly sizeBytes: number;
  /** Lower-case hex, computed while the bytes came in. */
  readonly sha256: string;
}

/**
 * Bytes of segments, snapshots, logs and firmware under keys like `h/{homeId}/d/{deviceId}/...`.
 * An object is invisible until `commit`, and durable when `commit` has resolved.
 */
export interface ObjectStore {
  /**
   * Takes bytes for `key` without making them visible. Each call is its own upload; a torn one leaves nothing that counts.
   * @throws AppError TOO_LARGE beyond `maxBytes`; CANCELLED when the source ends early
   */
  receive(key: string, source: Readable, options: { readonly maxBytes: number }): Promise<ReceivedObject>;
  /**
   * Makes an upload the object of `key`: syncs the file, renames it, syncs the directory.
   * Idempotent: succeeds when `key` already holds the committed bytes and the upload is gone.
   * @throws AppError OBJECT_MISSING; INTERNAL_ERROR when a sync failed (it is never tried again on the same file)
   */
  commit(key: string, uploadKey: string): Promise<void>;
  /** Drops an upload that will not be committed. */
  discard(uploadKey: string): Promise<void>;
  /** @throws AppError NOT_FOUND */
  stat(key: string): Promise<{ readonly sizeBytes: number }>;
  /** `end` is inclusive, as in HTTP Range. @throws AppError NOT_FOUND */
  read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>;
  /** Removes the object and syncs the directory; succeeds when it is already gone. */
  remove(key: string): Promise<void>;
}
