import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { createRandom, SystemClock } from '@cardea/core';
import type { CreatedSegment } from '@cardea/protocol';
import { makeSegments } from './fixtures/segment-maker.ts';
import { startServer } from './fixtures/server-process.ts';
import { accountOf } from './fixtures/stored-account.ts';
import { parseTrace, type SystemCall } from './fixtures/system-calls.ts';
import { openBench } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest, sha256Of, type VrClient } from './fixtures/vr-client.ts';

const clock = new SystemClock();
const random = createRandom(clock);
const begin = clock.now();

let directory: string;
let media: readonly Uint8Array[];
let count = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-durable-'));
  media = await makeSegments(directory, { seconds: 4 });
});

after(async () => {
  await rm(directory, { recursive: true });
});

interface Confirmed {
  readonly created: CreatedSegment;
  readonly sha256: string;
}

/** Brings one more segment to the server; the result says whether the server confirmed it. */
async function bring(client: VrClient): Promise<Confirmed | undefined> {
  count += 1;
  const startAt = begin - count * 2_000;
  const bytes = media[count % media.length];
  assert.ok(bytes);
  const created = await client.create(segmentRequest(random.ulid(), startAt));
  const put = await client.put(created, bytes);
  if (put.status !== 201) return undefined;
  const answer = await client.confirm(created, reportOf(bytes, startAt));
  return answer.status === 200 ? { created, sha256: sha256Of(bytes) } : undefined;
}

/** Opens the data a killed server left, recovers, and holds it against what was confirmed. */
async function assertNothingLost(data: string, confirmed: readonly Confirmed[]): Promise<void> {
  await using bench = await openBench({ directory: data, clock });
  await bench.service.start();
  const { stored, report } = await accountOf(bench);
  for (const { created, sha256 } of confirmed) assert.equal(stored[created.segmentId], sha256);
  assert.equal(report.stored, Object.keys(stored).length);
  assert.deepEqual({ differences: report.differences, quarantined: report.quarantined }, { differences: 0, quarantined: 0 });
}

const CALLS = 'trace=fsync,fdatasync,rename,renameat,renameat2,write,writev,sendto,sendmsg,pwrite64';

test('file, name, directory and row are on the disk, in this order, before the device is answered', async () => {
  const data = join(directory, 'traced');
  const log = join(directory, 'trace.txt');
  const server = await startServer(data, { tracer: ['strace', '-f', '-y', '-s', '2000', '-e', CALLS, '-o', log] });
  const confirmed: (Confirmed | undefined)[] = [];
  for (let turn = 0; turn < 5; turn += 1) confirmed.push(await bring(server.client));
  confirmed.push(...(await Promise.all(Array.from({ length: 10 }, () => bring(server.client)))));
  // An answer is here before its own system call has ended in the trace; the answers to one more segment come after all others.
  await bring(server.client);
  await server.kill();
  const calls = parseTrace(await readFile(log, 'utf8'));
  for (const segment of confirmed) {
    assert.ok(segment);
    assertOrder(calls, join(data, 'objects', segment.created.objectKey), segment.created.segmentId);
  }
  assertDirectoriesSynced(calls, join(data, 'objects'), confirmed[0]?.created.objectKey ?? '');
});

/** fsync(file) < rename < fsync(directory) < sync of the write-ahead log < answer; each ends before the next begins. */
function assertOrder(calls: readonly SystemCall[], path: string, segmentId: string): void {
  const next = (after: SystemCall | undefined, what: string, matches: (call: SystemCall) => boolean): SystemCall => {
    const found = calls.find((call) => (after === undefined || call.beganAt > after.endedAt) && matches(call));
    assert.ok(found, `${what} of ${path} in its place`);
    return found;
  };
  const part = `${dirname(path)}/.${path.slice(dirname(path).length + 1)}.`;
  const fileSync = next(undefined, 'fsync of the file', ({ name, text }) => name === 'fsync' && text.includes(`<${part}`));
  const rename = next(
    fileSync,
    'rename',
    ({ name, text }) => name.startsWith('rename') && text.includes(`"${part}`) && text.endsWith(`"${path}"`),
  );
  const directorySync = next(rename, 'fsync of the directory', ({ name, text }) => name === 'fsync' && text.includes(`<${dirname(path)}>`));
  const rowSync = next(
    directorySync,
    'sync of the row',
    ({ name, text }) => /^f(data)?sync$/.test(name) && text.includes('cardea.db-wal>'),
  );
  const answers = calls.filter(({ text }) => text.includes(`{\\"segmentId\\":\\"${segmentId}\\",\\"state\\":\\"stored\\"`));
  assert.equal(answers.length, 1);
  assert.ok(
    answers.every(({ beganAt }) => beganAt > rowSync.endedAt),
    `the answer for ${path} comes last`,
  );
}

/** A file in a directory that is not durable itself would be lost with it. */
function assertDirectoriesSynced(calls: readonly SystemCall[], root: string, objectKey: string): void {
  for (let path = dirname(join(root, objectKey)); path.length >= root.length; path = dirname(path)) {
    assert.ok(
      calls.some(({ name, text }) => name === 'fsync' && text.includes(`<${path}>`)),
      `fsync of ${path}`,
    );
  }
}

test('a disk that fails to sync confirms nothing more, and a restart finds all that was confirmed', async () => {
  // Counted from the start of the server, which syncs three times: the file of the first segment, its directory, one far above.
  for (const failing of [4, 5, 9]) {
    const data = join(directory, `failing-${failing}`);
    const sound = await startServer(data);
    const before = [await bring(sound.client), await bring(sound.client)];
    await sound.kill();
    const inject = `inject=fsync:error=EIO:when=${failing}`;
    const failed = await startServer(data, {
      tracer: ['strace', '-f', '-qq', '-e', 'trace=fsync', '-e', inject, '-o', '/dev/null'],
      fileThreads: 1,
    });
    const during: (Confirmed | undefined)[] = [];
    for (let turn = 0; turn < 5; turn += 1) during.push(await bring(failed.client).catch(() => undefined));
    await failed.kill();
    assert.deepEqual(during, [undefined, undefined, undefined, undefined, undefined]);
    const confirmed = before.filter((outcome) => outcome !== undefined);
    assert.equal(confirmed.length, 2);
    await assertNothingLost(data, confirmed);
  }
});
