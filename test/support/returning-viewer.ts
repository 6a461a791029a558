import type { Client } from '@cardea/api';
import { liveForms } from './live-forms.ts';
import { stampsIn } from './stamped-camera.ts';

/** Somebody who watches a stamped camera over WebSocket and comes back at once when the connection ends, as the web app does. */
export class ReturningViewer {
  /** Stamps of the pictures that came, in the order in which they came first. */
  readonly seen = new Set<number>();
  /** Servers it watched at, oldest first. */
  readonly hosts: string[] = [];
  /** When the last bytes came, in milliseconds of `performance.now()`. */
  lastAtMs = 0;
  /** Why the last connection ended, or could not be made. */
  lastFault = '';
  /** The session it watches by. */
  sessionId = '';
  private readonly leaving = new AbortController();
  private readonly client: Client;
  private readonly running: Promise<void>;

  constructor(client: Client, deviceId: string) {
    this.client = client;
    this.running = this.keepWatching(client, deviceId);
  }

  get host(): string | undefined {
    return this.hosts.at(-1);
  }

  /** The longest time between two pictures one after the other, in milliseconds, since the picture of `fromMs`. */
  longestGapMs(fromMs = 0): number {
    const stamps = [...this.seen].filter((stamp) => stamp >= fromMs).sort((a, b) => a - b);
    return Math.max(0, ...stamps.map((stamp, index) => stamp - (stamps[index - 1] ?? stamp)));
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    await this.running;
    // It may be over already.
    await this.client.call('live.delete', { params: { sessionId: this.sessionId } }).catch(() => {});
  }

  private async keepWatching(client: Client, id: string): Promise<void> {
    const { signal } = this.leaving;
    const onBytes = (bytes: Uint8Array): void => {
      this.lastAtMs = performance.now();
      for (const stamp of stampsIn(bytes)) this.seen.add(stamp);
    };
    while (!signal.aborted) {
      try {
        const { sessionId, urls } = await client.call('live.create', { params: { id }, body: { channel: 1, stream: 'main' }, signal });
        this.sessionId = sessionId;
        this.hosts.push(new URL(urls.ws).host);
        await liveForms.ws(urls.ws, { signal, onBytes });
      } catch (error) {
        this.lastFault = String(error);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}
