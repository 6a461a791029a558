/**
 * Lets changes of one device's segments happen one after the other: of an overlap, of a confirm and a cancel that race,
 * one is first. Whoever waits is a request or a job, so waiting is bounded by those.
 */
export class SegmentLocks {
  private readonly last = new Map<string, Promise<unknown>>();

  async run<T>(deviceId: string, change: () => Promise<T>): Promise<T> {
    const turn = this.after(this.last.get(deviceId), change);
    this.last.set(deviceId, turn);
    try {
      return await turn;
    } finally {
      if (this.last.get(deviceId) === turn) this.last.delete(deviceId);
    }
  }

  private async after<T>(before: Promise<unknown> | undefined, change: () => Promise<T>): Promise<T> {
    await before?.catch(() => {});
    return await change();
  }
}
