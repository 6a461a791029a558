/** Keeps what was made for a key; at `maxCount` the one that was not asked for the longest is forgotten. */
export class LruMap<K, V> {
  private readonly entries = new Map<K, V>();
  private readonly maxCount: number;

  constructor(maxCount: number) {
    this.maxCount = maxCount;
  }

  get(key: K, make: () => V): V {
    const value = this.entries.get(key) ?? make();
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.maxCount) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    return value;
  }
}
