export interface QueueLimits {
  readonly maxCount: number;
  readonly maxBytes: number;
}

/** First in, first out, bounded by count and bytes. `push` says whether it fitted: the owner decides what to drop. */
export class BoundedQueue<T> {
  private readonly items: { readonly item: T; readonly sizeBytes: number }[] = [];
  private head = 0;
  private bytes = 0;
  private readonly limits: QueueLimits;

  constructor(limits: QueueLimits) {
    this.limits = limits;
  }

  get count(): number {
    return this.items.length - this.head;
  }

  get sizeBytes(): number {
    return this.bytes;
  }

  /** False, and nothing changes, when the item would exceed a limit. */
  push(item: T, sizeBytes: number): boolean {
    if (this.count + 1 > this.limits.maxCount || this.bytes + sizeBytes > this.limits.maxBytes) return false;
    this.items.push({ item, sizeBytes });
    this.bytes += sizeBytes;
    return true;
  }

  shift(): T | undefined {
    const first = this.items[this.head];
    if (first === undefined) return undefined;
    this.head += 1;
    this.bytes -= first.sizeBytes;
    // Cutting the consumed front only now and then keeps shift O(1) on average.
    if (this.head > 64 && this.head * 2 > this.items.length) {
      this.items.splice(0, this.head);
      this.head = 0;
    }
    return first.item;
  }

  clear(): void {
    this.items.length = 0;
    this.head = 0;
    this.bytes = 0;
  }
}
