import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiProblem } from '@cardea/api';
import { AppError } from '@cardea/core';
import { alarmNotification, listRecordings, type ParamsOf } from '@cardea/protocol';
import { ClusterHere } from '../support/cluster.ts';
import { type Answer, LightDevice } from '../support/light-device.ts';
import { CardeaProcess } from './cardea-process.ts';
import { eventually } from './eventually.ts';
import type { Owner } from './owner.ts';

const DEVICES = 200;
const ROUND_MS = 2_000;

interface Traffic extends AsyncDisposable {
  readonly failures: readonly string[];
  readonly calls: number;
  readonly events: number;
  stop(): Promise<void>;
}

/** Every device is called and reports an alarm again and again. */
function startTraffic({ client }: Owner, devices: readonly LightDevice[]): Traffic {
  const stopping = new AbortController();
  const counts = { calls: 0, events: 0 };
  const failures: string[] = [];
  const call = async (device: LightDevice): Promise<void> => {
    const question = `question-${counts.calls++}`;
    try {
      const { spans } = await client.command(device.id, 'record.list', { channel: 1, fromAt: 1, toAt: 2, cursor: question });
      if (spans[0]?.fileId !== `${device.id}/${question}`) failures.push('a foreign answer');
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

async function shownAlarms({ client }: Owner): Promise<{ readonly shown: number; readonly different: number }> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call('event.list', { query: { kind: 'alarm', limit: 200, ...(cursor !== undefined && { cursor }) } });
    ids.push(...page.items.map(({ eventId }) => eventId));
    cursor = page.next;
  } while (cursor !== undefined);
  return { shown: ids.length, different: new Set(ids).size };
}

const onServer = (devices: readonly LightDevice[], url: string | undefined): number =>
  devices.filter(({ serverUrl }) => serverUrl === url).length;

interface Fleet extends AsyncDisposable {
  readonly devices: readonly LightDevice[];
  /** Methods of the platform that devices were sent, `record.list` aside. */
  readonly received: ReadonlySet<string>;
}

/** Devices of the owner's home, connected. */
async function startFleet({ client, homeId, url }: Owner, { count }: { readonly count: number }): Promise<Fleet> {
  const received = new Set<string>();
  const answer: Answer = async ({ method }, params, device) => {
    if (method !== listRecordings.method) {
      received.add(`${device.id} ${method}`);
      throw new AppError('NOT_SUPPORTED');
    }
    const { cursor } = params as ParamsOf<typeof listRecordings>;
    const fileId = `${device.id}/${cursor}`;
    return { spans: [{ fileId, startAt: 1, endAt: 2, type: 'manual', stream: 'main', sizeBytes: 1, protected: false }] };
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

test('device.reschedule: an access server is drained by its operator, another by SIGTERM, and no call and no event is lost', async (context) => {
  await using cluster = await ClusterHere.start();
  const { owner } = cluster;
  const first = await cluster.startAccess('access-1');
  const second = await cluster.startAccess('access-2');
  await using fleet = await startFleet(owner, { count: DEVICES });
  const { devices } = fleet;
  const [, firstUrl] = await first.printed(/^Cardea is ready at http(.+)$/);
  const [, secondUrl] = await second.printed(/^Cardea is ready at http(.+)$/);
  const before = [onServer(devices, `ws${firstUrl}/vd/v1`), onServer(devices, `ws${secondUrl}/vd/v1`)];
  context.diagnostic(`devices on each server: ${before.join(', ')}`);
  assert.ok(Math.min(...before) >= DEVICES * 0.4, 'each server got about half');

  await using traffic = startTraffic(owner, devices);
  await delay(ROUND_MS);
  await using operator = new CardeaProcess(['drain', '--node', 'access-1', '--bus', cluster.bus.url], { NODE_TEST_CONTEXT: undefined });
  await operator.printed(/^access-1 has no devices left and ends$/);
  assert.deepEqual([await operator.exited(), await first.exited()], [0, 0]);
  assert.deepEqual(onServer(devices, `ws${secondUrl}/vd/v1`), DEVICES);

  const third = await cluster.startAccess('access-3');
  const [, thirdUrl] = await third.printed(/^Cardea is ready at http(.+)$/);
  assert.equal(await second.stop('SIGTERM'), 0);
  assert.deepEqual(onServer(devices, `ws${thirdUrl}/vd/v1`), DEVICES);
  await delay(ROUND_MS);
  await traffic.stop();
  context.diagnostic(`${traffic.calls} calls, ${traffic.events} events, failures: ${JSON.stringify(traffic.failures.slice(0, 5))}`);
  assert.deepEqual(traffic.failures, []);
  assert.deepEqual(await shownAlarms(owner), { shown: traffic.events, different: traffic.events });
  assert.deepEqual(
    devices.map(({ attempts, moves }) => attempts - 1 - moves).filter((extra) => extra !== 0),
    [],
    'every new connection was a move',
  );
});

test('devices of an access server that died come back on another, where they are called and unbound from afar', async () => {
  await using cluster = await ClusterHere.start();
  const { client } = cluster.owner;
  const first = await cluster.startAccess('access-1');
  const second = await cluster.startAccess('access-2');
  await using fleet = await startFleet(cluster.owner, { count: 20 });
  const { devices, received } = fleet;
  const [, secondUrl] = await second.printed(/^Cardea is ready at http(.+)$/);
  await first.stop('SIGKILL');
  await eventually('every device to be on the server that is left', async () =>
    onServer(devices, `ws${secondUrl}/vd/v1`) === devices.length ? true : undefined,
  );
  for (const { id } of devices) {
    const { spans } = await client.command(id, 'record.list', { channel: 1, fromAt: 1, toAt: 2, cursor: 'question' });
    assert.equal(spans[0]?.fileId, `${id}/question`);
  }
  const { items } = await client.call('device.list', { query: { limit: 200 } });
  assert.deepEqual(new Set(items.map(({ state }) => state)), new Set(['online']));
  const [device] = devices;
  assert.ok(device);
  await client.call('device.delete', { params: { id: device.id } });
  await eventually('the device to be told that it was unbound', async () => (received.has(`${device.id} config.reset`) ? true : undefined));
});
