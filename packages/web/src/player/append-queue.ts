/** One thing to do to a SourceBuffer, in order. */
export type FeedStep =
  | { readonly kind: 'append'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'changeType'; readonly mime: string };

const MAX_STEPS = 600;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * What waits for the SourceBuffer: at most 600 steps and 8 MiB. Nothing is ever left out in between, since every picture
 * needs the ones before it; when it is full, the connection is of no use any more.
 */
export class AppendQueue {
  private steps: FeedStep[] = [];
  private bytes = 0;

  get isEmpty(): boolean {
    return this.steps.length === 0;
  }

  /** `false` when there is no room. */
  push(step: FeedStep): boolean {
    const sizeBytes = sizeOf(step);
    if (this.steps.length >= MAX_STEPS || this.bytes + sizeBytes > MAX_BYTES) return false;
    this.steps.push(step);
    this.bytes += sizeBytes;
    return true;
  }

  /** The next step; appends that stand next to each other come as one. */
  take(): FeedStep | undefined {
    const first = this.steps[0];
    if (first === undefined) return undefined;
    if (first.kind === 'changeType') {
      this.steps.shift();
      return first;
    }
    const count = this.steps.findIndex((step) => step.kind !== 'append');
    const taken = this.steps.splice(0, count === -1 ? this.steps.length : count);
    const sizeBytes = taken.reduce((sum, step) => sum + sizeOf(step), 0);
    this.bytes -= sizeBytes;
    return { kind: 'append', bytes: joined(taken, sizeBytes) };
  }

  /** Makes `bytes`, just taken, the next step again. */
  putBack(bytes: Uint8Array<ArrayBuffer>): void {
    this.steps.unshift({ kind: 'append', bytes });
    this.bytes += bytes.length;
  }
}

function sizeOf(step: FeedStep): number {
  return step.kind === 'append' ? step.bytes.length : 0;
}

function joined(steps: readonly FeedStep[], sizeBytes: number): Uint8Array<ArrayBuffer> {
  const [only] = steps;
  if (steps.length === 1 && only?.kind === 'append') return only.bytes;
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const step of steps) {
    if (step.kind !== 'append') continue;
    bytes.set(step.bytes, at);
    at += step.bytes.length;
  }
  return bytes;
}
