/**
 * Names of the status table (`statusTable` in the protocol package) that media code can end with:
 * - `OBJECT_MISMATCH`: the bytes are not what they claim to be (malformed, cut short, beyond a limit);
 * - `CODEC_UNSUPPORTED`: well formed, but nothing here can carry it;
 * - `INVALID_REQUEST`: the caller asked for something impossible (unknown track, time out of range).
 */
export type MediaErrorCode = 'OBJECT_MISMATCH' | 'CODEC_UNSUPPORTED' | 'INVALID_REQUEST';

/** The one class every parser and builder of this package throws. Match on `code`, never on `message`. */
export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The error of a parser whose input is malformed: `OBJECT_MISMATCH`. */
export function malformed(message: string): MediaError {
  return new MediaError('OBJECT_MISMATCH', message);
}
