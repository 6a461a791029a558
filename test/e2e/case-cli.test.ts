import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createRandom, SystemClock } from '@cardea/core';
import { type CreatedSegment, type CreateSegment, segmentStatement } from '@cardea/protocol';
import { makeFilm } from '../support/film.ts';
import { LightDevice } from '../support/light-device.ts';
import { type Recorded, recorded, reportOf, SegmentDevice } from '../support/segment-device.ts';
import { CardeaProcess } from './cardea-process.ts';
import { type PlatformHere, startPlatformHere } from './device-management/platform-here.ts';

const SECOND_MS = 1_000;
const clock = new SystemClock();
const random = createRandom(clock);

let directory: string;
let platform: PlatformHere;
let device: LightDevice;
let recorder: SegmentDevice;
let film: Uint8Array;
let archive: string;
const startAt = clock.now() - 60_000;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-case-'));
  film = await makeFilm({ seconds: 1, kbps: 200 });
  platform = await startPlatformHere();
  const { client, homeId, url } = platform.owner;
  device = new LightDevice({ platformUrl: url });
  await device.start();
  const { code } = await client.call('bindingCode.create', { params: { id: homeId }, body: {} });
  await device.bind(code);
  recorder = new SegmentDevice(device.id, await device.videoService());
  for (let number = 0; number < 6; number += 1) await record(number);
});

after(async () => {
  recorder[Symbol.dispose]();
  await device.stop();
  await platform[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** The film, with something at its end that makes it another file. */
function pictures(number: number): Recorded {
  const free = Buffer.from([0, 0, 0, 9, ...Buffer.from('free'), number]);
  return recorded(Buffer.concat([film, free]), SECOND_MS);
}

/** The camera records one second more, and signs it. */
async function record(number: number): Promise<void> {
  const segment = pictures(number);
  const announced: CreateSegment = {
    ...recorder.announcement(segment),
    clientSegmentId: random.ulid(),
    startAt: startAt + number * SECOND_MS,
  };
  const created: CreatedSegment = JSON.parse((await recorder.create(announced)).body);
  await recorder.put(created, segment.bytes);
  const report = reportOf(segment, announced.startAt);
  const place = { number, ...(number > 0 && { previous: pictures(number - 1).sha256 }) };
  const { channel, stream, kind, clientSegmentId } = announced;
  const signature = device.key.sign(segmentStatement({ deviceId: device.id, channel, stream, kind, clientSegmentId, ...report, ...place }));
  const { status, body } = await recorder.confirm(created, { ...report, chain: { ...place, signature } });
  assert.equal(status, 200, body);
}

/** Exit status and report of `cardea verify`. */
async function verified(path: string, ...flags: readonly string[]) {
  await using verify = new CardeaProcess(['verify', path, '--json', ...flags]);
  const [line = ''] = await verify.printed(/^\{.*\}$/);
  return { status: await verify.exited(), report: JSON.parse(line) };
}

/** The case as a folder of its own, which somebody may change. */
async function unpacked(): Promise<{ readonly path: string; readonly segments: readonly string[] }> {
  const into = await mkdtemp(join(directory, 'unpacked-'));
  execFileSync('tar', ['xf', archive, '-C', into]);
  const [folder = ''] = await readdir(into);
  const path = join(into, folder);
  return { path, segments: (await readdir(join(path, 'segments'))).toSorted().map((name) => `segments/${name}`) };
}

test('an owner exports a case, and whoever gets it sees that it is as the camera recorded it', async () => {
  archive = join(directory, 'case.tar');
  const { url, token, client } = platform.owner;
  const range = ['--from', String(startAt + SECOND_MS), '--to', new Date(startAt + 5 * SECOND_MS).toISOString()];
  await using exporting = new CardeaProcess(['export', device.id, '--url', url, '--token', token, '--out', archive, ...range]);
  await exporting.printed(/case\.tar$/);
  assert.equal(await exporting.exited(), 0);

  const { status, report } = await verified(archive, '--device', device.id);
  assert.equal(status, 0);
  assert.deepEqual([report.intact, report.faults, report.closedBefore, report.closedAfter], [4, [], true, true]);
  const { path, segments } = await unpacked();
  assert.equal(segments.length, 4);
  assert.deepEqual(await readFile(join(path, segments[0] ?? '')), Buffer.from(pictures(1).bytes));
  assert.match(await readFile(join(path, 'README.txt'), 'utf8'), /cardea verify CASE/);

  const { items } = await client.call('audit.list');
  const entry = items.find(({ action }) => action === 'case.export');
  assert.equal(entry?.deviceId, device.id);
  assert.equal(entry?.detail.segments, 4);
  assert.equal(entry?.detail.manifestSha256, report.manifestSha256, 'the log tells this case from any other');
});

test('a changed byte and a tail that was cut off with its lines in the manifest are named, with exit status 1; what is no case ends with 2', async () => {
  const { path, segments } = await unpacked();
  const [, two = ''] = segments;
  await using file = await open(join(path, two), 'r+');
  await file.write(Buffer.from([0xff]), 0, 1, 100);
  const manifest = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'));
  await rm(join(path, segments.at(-1) ?? ''));
  manifest.segments.pop();
  await writeFile(join(path, 'manifest.json'), JSON.stringify(manifest));
  await using verify = new CardeaProcess(['verify', path]);
  await verify.printed(/^intact +2 of 3$/);
  await verify.printed(new RegExp(`^fault +${two} is changed$`));
  await verify.printed(/^fault +missing: number 4 of what the camera recorded$/);
  assert.equal(await verify.exited(), 1);

  await using none = new CardeaProcess(['verify', directory]);
  assert.equal(await none.exited(), 2);
});
