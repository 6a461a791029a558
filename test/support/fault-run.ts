import { ApiProblem } from '@cardea/api';
import { alarmNotification, listRecordings, type ParamsOf } from '@cardea/protocol';
import { eventually } from '../e2e/eventually.ts';
import type { Owner } from '../e2e/owner.ts';
import { type FaultCounts, FaultProxy, type Faults, noFaults } from './fault-proxy.ts';
import { type Answer, LightDevice } from './light-device.ts';
import { startPlatformProcess, unlimited } from './platform-process.ts';

export interface FaultRunOptions {
  readonly devices: number;
  /** Of each device. */
  readonly calls: number;
  /** Of each device. */
  readonly events: number;
  readonly seed: number;
  readonly faults: Faults;
}

/** How often each outcome came; `result` and `acknowledged` are the good ones, the others are names of the status table. */
export type Outcomes = Readonly<Record<string, number>>;

export interface FaultRunReport {
  readonly calls: Outcomes;
  /** Answers that were not the answer to the question, or of another device. */
  readonly crossed: readonly string[];
  readonly eventTries: Outcomes;
  /** Events the home shows, by how often each is shown; anything but once is wrong. */
  readonly shown: Readonly<Record<number, number>>;
  /** Unanswered requests at the end, of the devices and of the platform. */
  readonly pending: { readonly devices: number; readonly platform: number };
  readonly faults: FaultCounts;
}

const CALLS_AT_ONCE = 2;
const EVENTS_AT_ONCE = 2;

/** Calls devices and lets them report events through a line that misbehaves, and accounts for every one. */
export async function runFaults({ devices: count, calls, events, seed, faults }: FaultRunOptions): Promise<FaultRunReport> {
  await using platform = await startPlatformProcess({ ...unlimited, 'keepAlive.intervalSec': 5 });
  const { client, homeId, url } = platform.owner;
  const { hostname, port } = new URL(url);
  await using proxy = await FaultProxy.start({ host: hostname, port: Number(port), seed, faults: noFaults });
  const devices = Array.from(
    { length: count },
    () =>
      new LightDevice({
        platformUrl: url,
        route: (vdUrl) => vdUrl.replace(`:${port}`, `:${proxy.port}`),
        retry: { baseMs: 50, maxMs: 500 },
        methods: ['record.list'],
        answer: answerWithQuestion,
      }),
  );
  await using _stop = { [Symbol.asyncDispose]: async () => void (await Promise.all(devices.map((device) => device.stop()))) };
  for (const device of devices) {
    await device.start();
    await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  }

  const callOutcomes = new Tally();
  const eventTries = new Tally();
  const crossed: string[] = [];
  const call = async (device: LightDevice, question: string): Promise<void> => {
    try {
      const { spans } = await client.command(device.id, 'record.list', { channel: 1, fromAt: 1, toAt: 2, cursor: question });
      callOutcomes.add('result');
      const [answer] = spans.map(({ fileId }) => fileId);
      if (answer !== `${device.id}/${question}`) crossed.push(`${device.id}/${question} was answered ${answer}`);
    } catch (error) {
      callOutcomes.add(error instanceof ApiProblem ? error.name : String(error));
    }
  };
  const report = (device: LightDevice): Promise<void> =>
    device.report(alarmNotification, { ...device.eventFields(), channel: 1, alarmType: 'motion', state: 'pulse' }, (outcome) =>
      eventTries.add(outcome),
    );
  proxy.faults = faults;
  await Promise.all(
    devices.flatMap((device) => [
      repeat(calls, CALLS_AT_ONCE, (index) => call(device, `question-${index}`)),
      repeat(events, EVENTS_AT_ONCE, () => report(device)),
    ]),
  );
  proxy.faults = noFaults;
  const pending = await eventually('no request to be pending', async () => {
    const left = { devices: devices.reduce((sum, device) => sum + device.pendingCount, 0), platform: await pendingOfPlatform(url) };
    return left.devices + left.platform === 0 ? left : undefined;
  });
  const shown = await shownEvents(platform.owner);
  return { calls: callOutcomes.counts, crossed, eventTries: eventTries.counts, shown, pending, faults: proxy.counts };
}

const answerWithQuestion: Answer = async (definition, params, device) => {
  if (definition.method !== listRecordings.method) return {};
  const { cursor } = params as ParamsOf<typeof listRecordings>;
  const fileId = `${device.id}/${cursor}`;
  return { spans: [{ fileId, startAt: 1, endAt: 2, type: 'manual', stream: 'main', sizeBytes: 1, protected: false }] };
};

class Tally {
  readonly counts: Record<string, number> = {};

  add(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}

/** Runs `work` for 0 to `count` - 1, so many at a time. */
async function repeat(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function pendingOfPlatform(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^cardea_device_pending_calls (\d+)$/m.exec(metrics)?.[1] ?? Number.NaN);
}

async function shownEvents({ client }: Owner): Promise<Record<number, number>> {
  const times = new Map<string, number>();
  let cursor: string | undefined;
  do {
    const page = await client.call('event.list', { query: { kind: 'alarm', limit: 200, ...(cursor !== undefined && { cursor }) } });
    for (const { deviceId, eventId } of page.items) times.set(`${deviceId}/${eventId}`, (times.get(`${deviceId}/${eventId}`) ?? 0) + 1);
    cursor = page.next;
  } while (cursor !== undefined);
  const shown = new Tally();
  for (const count of times.values()) shown.add(String(count));
  return shown.counts;
}
