import { type FileHandle, open } from 'node:fs/promises';
import { AppError, type Clock, withDeadline } from '@cardea/core';
import { firmwareTimers } from '@cardea/protocol';
import { secureAddress } from '../net/secure-address.ts';

export interface ImageDownload {
  readonly url: string;
  /** Grows there; what is there already is not fetched again. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly onProgress: (receivedBytes: number) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const PARTIAL = 206;
const OK = 200;

/**
 * Fetches an image once, going on where an earlier try ended; resolves when it is whole and on disk. Never follows a redirect.
 * @throws AppError DOWNLOAD_FAILED (may be tried again; also when nothing comes for a minute) | DIGEST_MISMATCH (it is longer
 * than announced) | URL_INVALID | CANCELLED
 */
export async function downloadImage(download: ImageDownload): Promise<void> {
  const { path, sizeBytes, signal } = download;
  await using file = await open(path, 'a+', 0o600);
  let haveBytes = (await file.stat()).size;
  if (haveBytes > sizeBytes) {
    await file.truncate(0);
    haveBytes = 0;
  }
  if (haveBytes < sizeBytes) {
    try {
      await receive(download, file, haveBytes);
    } catch (error) {
      if (signal.aborted) throw new AppError('CANCELLED', undefined, { cause: error });
      if (error instanceof AppError && error.status !== 'TIMEOUT') throw error;
      throw new AppError('DOWNLOAD_FAILED', undefined, { cause: error });
    }
  }
  await file.sync();
}

async function receive({ url, sizeBytes, onProgress, clock, signal }: ImageDownload, file: FileHandle, haveBytes: number): Promise<void> {
  const ending = new AbortController();
  const inner = AbortSignal.any([signal, ending.signal]);
  const alive = <T>(work: () => Promise<T>): Promise<T> => withDeadline(clock, firmwareTimers.stallMs, work, { signal });
  try {
    const headers: Record<string, string> = haveBytes > 0 ? { range: `bytes=${haveBytes}-` } : {};
    const response = await alive(() => fetch(secureAddress(url), { headers, redirect: 'manual', signal: inner }));
    let writtenBytes = await startOf(response, file, haveBytes);
    const reader = response.body?.getReader();
    while (reader !== undefined) {
      const { done, value } = await alive(() => reader.read());
      if (done) break;
      writtenBytes += value.length;
      if (writtenBytes > sizeBytes) throw new AppError('DIGEST_MISMATCH', { reason: 'longer than announced' });
      await file.appendFile(value);
      onProgress(writtenBytes);
    }
    if (writtenBytes < sizeBytes) throw new AppError('DOWNLOAD_FAILED', { receivedBytes: writtenBytes });
  } finally {
    ending.abort();
  }
}

/** Where the bytes of the answer belong. A server that cannot go on in the middle starts again. */
async function startOf(response: Response, file: FileHandle, haveBytes: number): Promise<number> {
  const { status, headers } = response;
  if (status === PARTIAL && headers.get('content-range')?.startsWith(`bytes ${haveBytes}-`) === true) return haveBytes;
  if (status !== OK) throw new AppError('DOWNLOAD_FAILED', { httpStatus: status });
  await file.truncate(0);
  return 0;
}
