export interface LinkHandlers {
  onText(text: string): void;
  onBinary(bytes: Uint8Array): void;
  /** Called exactly once. 1006 when the other end vanished without a close frame. */
  onClose(code: number, reason: string): void;
}

/** One message-preserving connection, whatever carries it. */
export interface Link {
  /** Delivers everything that arrived so far and from now on; call once. */
  open(handlers: LinkHandlers): void;
  /** Queues a text message; dropped silently when the link is closed. */
  sendText(text: string): void;
  /** Queues a binary message; the bytes must not change afterwards. */
  sendBinary(bytes: Uint8Array): void;
  /** Starts the closing handshake; the link is gone at the latest two seconds later. */
  close(code: number, reason: string): void;
  /** Bytes accepted by `send...` that the network has not taken yet. */
  readonly bufferedBytes: number;
}
