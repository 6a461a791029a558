/** What a player does, and why. `stillAt` is when the picture that stays on show was taken, in Unix ms. */
export type LiveStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'playing' }
  /** Connected, but no new picture has come for some seconds. */
  | { readonly kind: 'stalled'; readonly stillAt: number }
  /** The connection failed and will be tried again. */
  | { readonly kind: 'retrying'; readonly cause: unknown }
  /** Trying again is of no use. */
  | { readonly kind: 'refused'; readonly cause: unknown }
  | { readonly kind: 'unsupported'; readonly mime: string }
  /** The browser plays only after a touch. */
  | { readonly kind: 'blocked' };

/** Numbers about a running player. */
export interface LiveStats {
  /** From the start of the connection to the first picture. */
  readonly firstFrameMs: number | undefined;
  /** How far the picture on show is behind the newest that arrived. */
  readonly behindMs: number | undefined;
  readonly droppedFrames: number;
  readonly mime: string | undefined;
}

/** The type of video in a MIME type is not one this browser shows. */
export class UnsupportedMedia extends Error {
  readonly mime: string;

  constructor(mime: string) {
    super(`this browser cannot play ${mime}`);
    this.name = 'UnsupportedMedia';
    this.mime = mime;
  }
}
