import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@cardea/api';
import { liveForms } from './live-forms.ts';

export interface ChurnCounts {
  /** Views that ended as they were meant to. */
  views: number;
  /** Long ones among them in which no picture came, by what was watched. */
  readonly blank: Record<string, number>;
  /** Views that were refused or cut off. */
  broken: number;
  lastFault: string;
  bytes: number;
}

export interface ChurnOptions {
  readonly client: Client;
  readonly deviceIds: readonly string[];
  /** 0 to 1, evenly. */
  readonly random: () => number;
  readonly counts: ChurnCounts;
}

const SHORTEST_MS = 1_000;
const LONGEST_MS = 15_000;
const LONG_MS = 10_000;
const PAUSE_MS = 500;

/** Opens one camera after another, watches for a while over one form or another, and leaves with or without a word. */
export async function churn(options: ChurnOptions, signal: AbortSignal): Promise<void> {
  const { counts } = options;
  while (!signal.aborted) {
    try {
      await viewOnce(options, signal);
    } catch (error) {
      // A camera that was cut off a moment ago refuses; the next one will not.
      if (!signal.aborted) {
        counts.broken += 1;
        counts.lastFault = String(error);
      }
      await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }
}

async function viewOnce({ client, deviceIds, random, counts }: ChurnOptions, signal: AbortSignal): Promise<void> {
  const id = deviceIds[Math.floor(random() * deviceIds.length)] ?? '';
  const watchMs = Math.round(SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS));
  const body = { channel: 1, stream: random() < 0.2 ? 'main' : 'sub' } as const;
  const { sessionId, urls } = await client.call('live.create', { params: { id }, body, signal });
  const form = (['ws', 'ws', 'flv', 'hls'] as const)[Math.floor(random() * 4)] ?? 'ws';
  let bytes = 0;
  const onBytes = (piece: Uint8Array): void => {
    bytes += piece.length;
  };
  await liveForms[form](urls[form] ?? urls.ws, { signal: AbortSignal.any([signal, AbortSignal.timeout(watchMs)]), onBytes });
  counts.views += 1;
  counts.bytes += bytes;
  const watched = `${form} ${body.stream}`;
  if (bytes === 0 && watchMs > LONG_MS) counts.blank[watched] = (counts.blank[watched] ?? 0) + 1;
  if (random() < 0.5) await client.call('live.delete', { params: { sessionId } });
}
