import type { Readable } from 'node:stream';

export interface ReceivedObject extends ObjectDigest {
  /** Where the bytes wait until `commit`; opaque, taken by `commit`, `discard`, `stat` and `open`. */
  readonly uploadKey: string;
}

export interface ObjectStat {
  readonly sizeBytes: number;
  /** When the last byte was written, by the clock of the store. */
  readonly modifiedAt: number;
  /** As given to `commit`, or empty. */
  readonly facts: ObjectFacts;
}

/** Random access to one object; belongs to the caller, who disposes it. */
export interface OpenObject extends AsyncDisposable {
  readonly sizeBytes: number;
  /** Resolves with exactly `length` bytes, or fewer at the end of the object. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes a device brings straight to the store, past this platform. */
export interface DirectUploads {
  /** Host devices must be able to reach. */
  readonly host: string;
  /**
   * A right to PUT bytes for `key` until `expiresAt`; the last whole PUT counts. `uploadId` is a ULID that was not used before.
   * `headers` go with the request.
   */
  address(
    key: string,
    right: { readonly uploadId: string; readonly contentType: string; readonly expiresAt: number },
  ): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }>;
  /**
   * Takes the newest upload for `key` that is as `expected` out of the reach of whoever brought it, and reads it whole to prove
   * it. The result is an upload as of `receive`. `facts` are kept with it, as by `commit`.
   * @throws AppError OBJECT_MISSING without any upload; OBJECT_MISMATCH when none is as expected
   */
  claim(
    key: string,
    wanted: { readonly maxBytes: number; readonly expected?: ObjectDigest; readonly facts?: ObjectFacts },
  ): Promise<ReceivedObject>;
  /** Drops whatever was brought for `key` and not taken. */
  discard(key: string): Promise<void>;
}

/** What a store that can keeps beside the bytes of an object, so that a lost catalogue can be made anew from it. */
export type ObjectFacts = Readonly<Record<string, string>>;

export interface ObjectDigest {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface ListedObject {
  readonly key: string;
  readonly kind: 'object' | 'upload';
}

/**
 * Bytes of segments, snapshots, logs and firmware under keys like `h/{homeId}/d/{deviceId}/...`.
 * An object is invisible until `commit`, and durable when `commit` has resolved.
 * Reading works at any time; a store that is not sound refuses to write with NO_CAPACITY.
 */
export interface ObjectStore {
  /** False before `start`, and after a failure that makes what is written untrustworthy. */
  readonly sound: boolean;
  /** Absent when all bytes come through this platform. */
  readonly direct?: DirectUploads;
  /**
   * Takes the store into service, or back into service once its disk works again.
   * @throws AppError INVALID_STATE when the catalogue's objects are elsewhere; NO_CAPACITY or INTERNAL_ERROR while the disk fails
   */
  start(): Promise<void>;
  /**
   * Takes bytes for `key` and syncs them without making them visible. Each call is its own upload; a torn one leaves nothing.
   * On failure `source` is left as it is, so that whoever feeds it can still be answered.
   * Chunks that have memory of their own are taken with it: nobody else finds anything in them after that.
   * @throws AppError TOO_LARGE beyond `maxBytes`; CANCELLED when the source ends early; NO_CAPACITY when the disk is full
   *   or too many uploads run; INTERNAL_ERROR when the sync failed (it is never tried again on the same file)
   */
  receive(key: string, source: Readable, options: { readonly maxBytes: number }): Promise<ReceivedObject>;
  /**
   * Makes an upload the object of `key`: renames it and syncs the directories above it.
   * Idempotent: succeeds when `key` already holds committed bytes and the upload is gone.
   * @throws AppError OBJECT_MISSING; INTERNAL_ERROR when a sync failed: the bytes count as lost then
   */
  commit(key: string, uploadKey: string, facts?: ObjectFacts): Promise<void>;
  /** Drops an upload that will not be committed; succeeds when it is already gone. */
  discard(uploadKey: string): Promise<void>;
  /** @throws AppError NOT_FOUND */
  stat(key: string): Promise<ObjectStat>;
  /** `end` is inclusive, as in HTTP Range. @throws AppError NOT_FOUND */
  read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>;
  /** @throws AppError NOT_FOUND */
  open(key: string): Promise<OpenObject>;
  /** Removes the object and syncs the directory; succeeds when it is already gone. */
  remove(key: string): Promise<void>;
  /**
   * Every object and upload below `prefix`; what comes or goes meanwhile may be missed. Files with names this store gives to
   * nothing (those a file browser leaves behind) are not listed.
   */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Moves a file of unknown origin out of the way, below `quarantine/`; nothing is ever deleted there. */
  quarantine(key: string): Promise<void>;
}
