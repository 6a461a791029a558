import { setTimeout as delay } from 'node:timers/promises';
import { ApiProblem } from '@cardea/api';
import { AppError } from '@cardea/core';
import { alarmNotification, listRecordings, type ParamsOf } from '@cardea/protocol';
import type { Owner } from '../e2e/owner.ts';
import { type Answer, LightDevice } from './light-device.ts';

/** Each device is called and reports once in so long. */
export const ROUND_MS = 2_000;

export interface Traffic extends AsyncDisposable {
  readonly failures: readonly string[];
  readonly calls: number;
  readonly events: number;
  stop(): Promise<void>;
}

/** Every device is called through the API and reports an alarm, again and again. */
export function startTraffic(owner: Owner, devices: readonly LightDevice[]): Traffic {
  const stopping = new AbortController();
  const counts = { calls: 0, events: 0 };
  const failures: string[] = [];
  const call = async (device: LightDevice): Promise<void> => {
    try {
      await askForName(owner, device, `question-${counts.calls++}`);
    } catch (error) {
      failures.push(error instanceof ApiProblem ? `${error.name}: ${error.detail}` : String(error));
    }
  };
  const report = (device: LightDevice): Promise<void> => {
    counts.events += 1;
    return device.report(alarmNotification, { ...device.eventFields(), channel: 1, alarmType: 'motion', state: 'pulse' });
  };
  const running = devices.map(async (device, index) => {
    await delay((ROUND_MS * index) / devices.length);
    while (!stopping.signal.aborted) {
      await Promise.all([call(device), report(device), delay(ROUND_MS)]);
    }
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(running);
  };
  return {
    failures,
    get calls() {
      return counts.calls;
    },
    get events() {
      return counts.events;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Alarms the owner is shown. */
export async function shownAlarms({ client }: Owner): Promise<{ readonly shown: number; readonly different: number }> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call('event.list', { query: { kind: 'alarm', limit: 200, ...(cursor !== undefined && { cursor }) } });
    ids.push(...page.items.map(({ eventId }) => eventId));
    cursor = page.next;
  } while (cursor !== undefined);
  return { shown: ids.length, different: new Set(ids).size };
}

/** How many of the devices are connected to the server at `url`. */
export const onServer = (devices: readonly LightDevice[], url: string | undefined): number =>
  devices.filter(({ serverUrl }) => serverUrl === url).length;

/** Tells recordings whose name is that of the device and the question. */
export const answerWithName: Answer = async ({ method }, params, { id }) => {
  if (method !== listRecordings.method) throw new AppError('NOT_SUPPORTED');
  const { cursor } = params as ParamsOf<typeof listRecordings>;
  const fileId = `${id}/${cursor}`;
  return { spans: [{ fileId, startAt: 1, endAt: 2, type: 'manual', stream: 'main', sizeBytes: 1, protected: false }] };
};

/** Asks the device through the API, and fails unless the answer is its own. */
export async function askForName({ client }: Owner, { id }: LightDevice, question: string): Promise<void> {
  const { spans } = await client.command(id, listRecordings.method, { channel: 1, fromAt: 1, toAt: 2, cursor: question });
  if (spans[0]?.fileId !== `${id}/${question}`) throw new Error('a foreign answer');
}

export interface Fleet extends AsyncDisposable {
  readonly devices: readonly LightDevice[];
  /** Methods of the platform that devices were sent, `record.list` aside. */
  readonly received: ReadonlySet<string>;
}

/** Devices of the owner's home, connected. */
export async function startFleet({ client, homeId, url }: Owner, { count }: { readonly count: number }): Promise<Fleet> {
  const received = new Set<string>();
  const answer: Answer = async (definition, params, device) => {
    if (definition.method !== listRecordings.method) received.add(`${device.id} ${definition.method}`);
    return await answerWithName(definition, params, device);
  };
  const retry = { baseMs: 200, maxMs: 2_000 };
  const devices = Array.from({ length: count }, () => new LightDevice({ platformUrl: url, methods: ['record.list'], answer, retry }));
  for (const device of devices) {
    await device.start();
    await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  }
  const stop = async (): Promise<void> => void (await Promise.all(devices.map((device) => device.stop())));
  return { devices, received, [Symbol.asyncDispose]: stop };
}
