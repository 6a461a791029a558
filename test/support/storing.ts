import { setTimeout as delay } from 'node:timers/promises';
import type { CreatedSegment } from '@cardea/protocol';
import type { Owner } from '../e2e/owner.ts';
import { type Recorded, reportOf, SegmentDevice } from './segment-device.ts';

export interface Storing extends AsyncDisposable {
  readonly stored: number;
  /** Answers that were refusals, and uploads that were cut off. */
  readonly failures: readonly string[];
  /** Recordings the owner is shown. */
  shown(): Promise<number>;
  stop(): Promise<void>;
}

const PAUSE_MS = 100;

/** Devices that store one recording after the other, and knock again while nobody opens. */
export async function startStoring(
  owner: Owner,
  { count, segment }: { readonly count: number; readonly segment: Recorded },
): Promise<Storing> {
  const devices = await Promise.all(Array.from({ length: count }, () => SegmentDevice.bind(owner)));
  const stopping = new AbortController();
  const failures: string[] = [];
  let stored = 0;
  const store = async (device: SegmentDevice): Promise<void> => {
    const announced = device.announcement(segment);
    const { body } = await untilOpen(() => device.create(announced));
    const created = JSON.parse(body) as CreatedSegment;
    const upload = await untilOpen(() => device.put(created, segment.bytes));
    const confirmed = await untilOpen(() => device.confirm(created, reportOf(segment, announced.startAt)));
    if (upload.status > 299 || confirmed.status > 299) throw new Error(`${upload.status}, ${confirmed.status} ${confirmed.body}`);
    stored += 1;
  };
  const running = devices.map(async (device) => {
    while (!stopping.signal.aborted)
      await Promise.all([store(device).catch((error: unknown) => failures.push(String(error))), delay(PAUSE_MS)]);
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(running);
    for (const device of devices) device[Symbol.dispose]();
  };
  return {
    failures,
    get stored() {
      return stored;
    },
    shown: async () => (await Promise.all(devices.map(({ deviceId }) => countOf(owner, deviceId)))).reduce((sum, each) => sum + each, 0),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A connection that was refused, or was closed before the request was on its way, lost nothing. */
async function untilOpen<T>(knock: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await knock();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'ECONNREFUSED' && code !== 'ECONNRESET') throw error;
      await delay(PAUSE_MS);
    }
  }
}

async function countOf({ client }: Owner, deviceId: string): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const query = { limit: 200, ...(cursor !== undefined && { cursor }) };
    const page = await client.call('segment.list', { params: { id: deviceId }, query });
    count += page.items.length;
    cursor = page.next;
  } while (cursor !== undefined);
  return count;
}
