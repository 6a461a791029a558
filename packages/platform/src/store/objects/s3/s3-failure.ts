import { AppError } from '@cardea/core';

const BUSY_RETRY_MS = 5_000;
const absentNames = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);

/** What the client of the store throws, as far as it matters here. */
function facts(error: unknown): { readonly name: string; readonly httpStatus: number | undefined } {
  if (!(error instanceof Error)) return { name: '', httpStatus: undefined };
  const metadata = '$metadata' in error && typeof error.$metadata === 'object' ? error.$metadata : undefined;
  const httpStatus = metadata !== null && metadata !== undefined && 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  return { name: error.name, httpStatus: typeof httpStatus === 'number' ? httpStatus : undefined };
}

/** Says a failure of an S3-compatible store in the words of this platform. `absence` is what a bare 404 means. */
export function s3Failure(
  error: unknown,
  { bucket, absence }: { readonly bucket: string; readonly absence?: string | undefined },
): AppError {
  const { name, httpStatus } = facts(error);
  const cause = error;
  if (name === 'NoSuchBucket' || (absence === 'NoSuchBucket' && httpStatus === 404)) {
    return new AppError(
      'INVALID_STATE',
      { bucket },
      { cause, message: `the object store has no bucket ${bucket}; make it, or change objects.url` },
    );
  }
  if (httpStatus === 404 || absentNames.has(name)) return new AppError('NOT_FOUND', undefined, { cause });
  if (httpStatus === 412) return new AppError('DUPLICATE', undefined, { cause });
  if (httpStatus === 401 || httpStatus === 403) {
    const message = `the object store refuses objects.accessKey for bucket ${bucket}`;
    return new AppError('INVALID_STATE', { bucket }, { cause, message, httpStatus: 500 });
  }
  // 409 tells of two conditional writes at once, which is over in a moment; without a status the store was not reached.
  if (httpStatus === undefined || httpStatus >= 500 || httpStatus === 429 || httpStatus === 409 || httpStatus === 408) {
    return new AppError('NO_CAPACITY', undefined, { cause, message: 'the object store does not answer', retryAfterMs: BUSY_RETRY_MS });
  }
  return new AppError('INTERNAL_ERROR', { httpStatus, name }, { cause, message: 'the object store refused a request' });
}
