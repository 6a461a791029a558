import type { Clock, Link, LinkHandlers } from '@cardea/core';
import { TokenBucket } from '@cardea/core';
import { closeCodes } from '@cardea/protocol';

const MESSAGES_PER_SECOND = 50;
/** Far above what the limit of events answers, so that a hasty device is told to slow down before it is cut off. */
const MESSAGES_BURST = 1_000;
/** Sixteen of the largest answers: a device that asks but does not read gets no more. */
const MAX_UNREAD_BYTES = 1_048_576;

/** A link to a device that is closed with 4029 when the device floods it or does not read what it asked for. */
export class MeteredLink implements Link {
  private readonly link: Link;
  private readonly bucket: TokenBucket;
  private readonly afterSend: () => void;
  private closing = false;

  /** @param afterSend called after each message handed to the network */
  constructor(link: Link, clock: Clock, afterSend: () => void) {
    this.link = link;
    this.bucket = new TokenBucket({ burst: MESSAGES_BURST, perSecond: MESSAGES_PER_SECOND }, clock);
    this.afterSend = afterSend;
  }

  get bufferedBytes(): number {
    return this.link.bufferedBytes;
  }

  open(handlers: LinkHandlers): void {
    this.link.open({
      ...handlers,
      onText: (text) => {
        if (this.closing) return;
        if (this.bucket.take() === 0) handlers.onText(text);
        else this.close(closeCodes.RATE_LIMITED.code, 'too many messages');
      },
    });
  }

  sendText(text: string): void {
    if (this.link.bufferedBytes > MAX_UNREAD_BYTES) this.close(closeCodes.RATE_LIMITED.code, 'answers are not read');
    else this.link.sendText(text);
    this.afterSend();
  }

  sendBinary(bytes: Uint8Array): void {
    this.link.sendBinary(bytes);
  }

  close(code: number, reason: string): void {
    if (this.closing) return;
    this.closing = true;
    this.link.close(code, reason);
  }
}
