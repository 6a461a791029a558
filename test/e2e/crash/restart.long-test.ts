import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CardeaProcess } from '../cardea-process.ts';
import { eventually } from '../eventually.ts';
import { ownerAt, setUpOwner } from '../owner.ts';

/** What was recorded so long ago is stored or missed (clarification S8). */
const UPLOAD_WINDOW_MS = 50_000;
const OUTAGE_MS = 15_000;
const PATIENCE_MS = 120_000;
/** What a killed device loses, and the time it needs to see its first picture again. */
const RESTART_MS = 30_000;

test('after the platform was killed, and then the camera, everything is there or explained as soon as it can be', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-restart-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const data = join(directory, 'data');
  const serve = (listen: string): CardeaProcess =>
    stack.use(new CardeaProcess(['serve', '--data', data, '--listen', listen, '--log-level', 'error']));
  const record = (platform: string, ...more: string[]): CardeaProcess =>
    stack.use(
      new CardeaProcess(['device', 'run', '--platform', platform, '--state', join(directory, 'camera'), '--log-level', 'error', ...more]),
    );
  const first = serve('127.0.0.1:0');
  const before = await setUpOwner(first);
  const { code } = await before.client.call('bindingCode.create', { params: { id: before.homeId }, body: {} });
  const camera = record(before.url, '--binding-code', code);
  const { id } = await eventually('a camera', async () => (await before.client.call('device.list')).items[0]);
  const segmentsOf = async (client = before.client) => (await client.call('segment.list', { params: { id }, query: { limit: 200 } })).items;
  await eventually(
    'two segments',
    async () => ((await segmentsOf()).filter(({ stream }) => stream === 'main').length >= 2 ? true : undefined),
    PATIENCE_MS,
  );

  const killedAt = Date.now();
  await first.stop('SIGKILL');
  await delay(OUTAGE_MS);
  await serve(new URL(before.url).host).printed(/^Cardea is ready at (.+)$/);
  const backAt = Date.now();
  const { client } = await ownerAt(before.url, before.token);
  await eventually(
    'what was recorded meanwhile',
    async () => (await segmentsOf(client)).some(({ endAt }) => endAt > backAt) || undefined,
    PATIENCE_MS,
  );

  await camera.stop('SIGKILL');
  const diedAt = Date.now();
  await delay(OUTAGE_MS);
  record(before.url);
  const last = await eventually(
    'a segment of the camera that came back',
    async () => (await segmentsOf(client)).find(({ startAt }) => startAt > diedAt),
    PATIENCE_MS,
  );
  await delay(Math.max(0, last.endAt + UPLOAD_WINDOW_MS - Date.now()));

  const query = { from: killedAt - 5_000, to: last.endAt };
  const { spans } = await client.call('timeline.get', { params: { id }, query });
  t.diagnostic(JSON.stringify(spans.map((span) => ({ ...span, from: span.from - killedAt, to: span.to - killedAt }))));
  assert.equal(spans[0]?.from, query.from);
  for (const [index, { from }] of spans.entries()) if (index > 0) assert.equal(from, spans[index - 1]?.to);
  const gaps = spans.filter(({ kind }) => kind === 'gap');
  assert.ok(gaps.every(({ cause }) => cause !== 'unknown'));
  assert.ok(
    gaps.every(({ from, to }) => from > backAt && to <= last.startAt),
    'while the platform was away nothing is missed',
  );
  const missedMs = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
  assert.ok(missedMs >= OUTAGE_MS && missedMs <= OUTAGE_MS + RESTART_MS, `${missedMs} ms are missed`);
  const fsck = stack.use(new CardeaProcess(['fsck', '--deep', '--data', data]));
  assert.equal(await fsck.exited(), 0);
});
