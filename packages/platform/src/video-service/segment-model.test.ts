import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { AppError, VirtualClock } from '@cardea/core';
import { checkFragmentedMp4 } from '@cardea/media';
import type { CreatedSegment } from '@cardea/protocol';
import fc from 'fast-check';
import { type Blob, type ReferenceFacts, ReferenceVr } from './fixtures/reference-vr.ts';
import { makeSegments } from './fixtures/segment-maker.ts';
import { type Bench, CAMERA, HOME, OWNER, openBench } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest } from './fixtures/vr-client.ts';
import type { FsckReport } from './fsck.ts';
import { VideoService } from './video-service.ts';

const NOON = 1_767_268_800_000;
const CLIENTS = 3;
const LENGTH_MS = 2_000;
const DEVICE = { deviceId: CAMERA, homeId: HOME, epoch: 1 };

let directory: string;
let blobs: Readonly<Record<Blob, Uint8Array>>;
let facts: ReferenceFacts;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-model-'));
  const [first, second] = await makeSegments(directory, { seconds: 2 });
  assert.ok(first && second);
  blobs = { first, second, noise: Buffer.alloc(500, 7) };
  const lengthOf = async (bytes: Uint8Array) => (await checkFragmentedMp4(bytes)).durationMs;
  facts = { startAtOf, lengthMs: { first: await lengthOf(first), second: await lengthOf(second), noise: 0 } };
});

after(async () => {
  await rm(directory, { recursive: true });
});

/** The last client tells of the same time as the first, so that the two exclude each other. */
function startAtOf(client: number): number {
  return NOON - (client === CLIENTS - 1 ? 0 : client) * 3_600_000;
}

/** The real thing, driven by the same calls as the model. */
class System {
  readonly clock = new VirtualClock(NOON);
  private readonly bench: Bench;
  private service: VideoService;
  private readonly clientIds = Array.from({ length: CLIENTS }, (_, client) => `01KDVBW3GQ2T4W6Y8B0D1F3H0${client}`);
  private readonly created: (CreatedSegment | undefined)[] = [];
  /** Segment ids in the order they were given out: the model counts instead. */
  private readonly numbers: string[] = [];

  private constructor(bench: Bench, clock: VirtualClock) {
    this.bench = bench;
    this.clock = clock;
    this.service = bench.service;
  }

  static async open(): Promise<System> {
    const clock = new VirtualClock(NOON);
    const run = await mkdtemp(join(directory, 'run-'));
    const bench = await openBench({ directory: run, clock, database: ':memory:' });
    await bench.service.start();
    return new System(bench, clock);
  }

  async create(client: number, variant: number): Promise<string> {
    const request = { ...segmentRequest(this.clientIds[client] ?? '', startAtOf(client)), durationMs: LENGTH_MS, index: variant };
    return await outcomeOf(async () => {
      const { segment } = await this.service.intake.create(DEVICE, request);
      this.created[client] = segment;
      if (!this.numbers.includes(segment.segmentId)) this.numbers.push(segment.segmentId);
      return `ok ${this.numbers.indexOf(segment.segmentId)}`;
    });
  }

  async upload(client: number, blob: Blob, whole: boolean): Promise<string> {
    return await this.with(client, async ({ segmentId, upload }) => {
      const source = Readable.from(piecesOf(blobs[blob], whole), { objectMode: false });
      await this.service.intake.upload(segmentId, new URL(upload.url).searchParams, {
        source,
        declaredBytes: undefined,
        progress: () => 0,
      });
    });
  }

  async confirm(client: number, blob: Blob): Promise<string> {
    return await this.with(client, async ({ segmentId }) => {
      const startAt = startAtOf(client);
      await this.service.intake.confirm(DEVICE, segmentId, { ...reportOf(blobs[blob], startAt), endAt: startAt + LENGTH_MS });
    });
  }

  async cancel(client: number): Promise<string> {
    return await this.with(client, ({ segmentId }) => this.service.intake.cancel(DEVICE, segmentId, { reason: 'tooLate' }));
  }

  async remove(client: number): Promise<string> {
    const proof = await this.bench.authorizer.device(OWNER, 'manage', CAMERA);
    return await this.with(client, ({ segmentId }) => this.service.library.remove(proof, segmentId));
  }

  /** The process ends and another one takes over, a while later. */
  async restart(afterMs: number): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    this.clock.jump(afterMs);
    this.service = new VideoService(this.bench.options);
    await this.service.start();
  }

  async visible(): Promise<readonly (readonly [number, number, number])[]> {
    const proof = await this.bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
    const { items } = await this.service.library.segments(proof);
    return items.map(({ id, startAt, endAt }) => [this.numbers.indexOf(id), startAt, endAt] as const);
  }

  async close(): Promise<FsckReport> {
    const report = await this.service.fsck({ deep: true });
    await this.service[Symbol.asyncDispose]();
    await this.bench[Symbol.asyncDispose]();
    return report;
  }

  private async with(client: number, act: (created: CreatedSegment) => Promise<void>): Promise<string> {
    const created = this.created[client];
    if (created === undefined) return 'nothing';
    return await outcomeOf(async () => {
      await act(created);
      return 'ok';
    });
  }
}

async function* piecesOf(bytes: Uint8Array, whole: boolean): AsyncIterable<Uint8Array> {
  yield bytes.subarray(0, 300);
  if (!whole) throw new TypeError('the connection was lost');
  yield bytes.subarray(300);
}

async function outcomeOf(act: () => Promise<string>): Promise<string> {
  try {
    return await act();
  } catch (error) {
    return AppError.from(error).status;
  }
}

interface Act {
  readonly name: string;
  model(reference: ReferenceVr): string;
  real(system: System): Promise<string>;
}

const client = fc.nat({ max: CLIENTS - 1 });
const blob = fc.constantFrom<Blob>('first', 'first', 'second', 'noise');

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(client, fc.constantFrom(0, 0, 0, 1)).map(([c, variant]) => ({
    name: `create(${c}, ${variant})`,
    model: (reference: ReferenceVr) => reference.create(c, variant, LENGTH_MS),
    real: (system: System) => system.create(c, variant),
  })),
  fc.tuple(client, blob, fc.constantFrom(true, true, false)).map(([c, b, whole]) => ({
    name: `upload(${c}, ${b}, ${whole})`,
    model: (reference: ReferenceVr) => reference.upload(c, b, whole),
    real: (system: System) => system.upload(c, b, whole),
  })),
  fc.tuple(client, blob).map(([c, b]) => ({
    name: `confirm(${c}, ${b})`,
    model: (reference: ReferenceVr) => reference.confirm(c, b, LENGTH_MS),
    real: (system: System) => system.confirm(c, b),
  })),
  client.map((c) => ({
    name: `cancel(${c})`,
    model: (reference: ReferenceVr) => reference.cancel(c),
    real: (system: System) => system.cancel(c),
  })),
  client.map((c) => ({
    name: `remove(${c})`,
    model: (reference: ReferenceVr) => reference.remove(c),
    real: (system: System) => system.remove(c),
  })),
);

/** One call after another. */
class Single implements fc.AsyncCommand<{ reference: ReferenceVr }, System> {
  private readonly act: Act;

  constructor(act: Act) {
    this.act = act;
  }

  check(): boolean {
    return true;
  }

  async run(model: { reference: ReferenceVr }, system: System): Promise<void> {
    assert.equal(await this.act.real(system), this.act.model(model.reference), this.act.name);
    model.reference.readAnswers();
    assert.deepEqual(await system.visible(), model.reference.visible());
  }

  toString(): string {
    return this.act.name;
  }
}

/** Two calls at the same time: the outcome has to be that of one order or the other. */
class Race implements fc.AsyncCommand<{ reference: ReferenceVr }, System> {
  private readonly one: Act;
  private readonly other: Act;

  constructor(one: Act, other: Act) {
    this.one = one;
    this.other = other;
  }

  check(): boolean {
    return true;
  }

  async run(model: { reference: ReferenceVr }, system: System): Promise<void> {
    const real = await Promise.all([this.one.real(system), this.other.real(system)]);
    const seen = JSON.stringify([real, await system.visible()]);
    const [forward, backward] = [model.reference.clone(), model.reference.clone()];
    const inOrder = [this.one.model(forward), this.other.model(forward)];
    const turned = [this.other.model(backward), this.one.model(backward)].reverse();
    if (seen === JSON.stringify([inOrder, forward.visible()])) model.reference = forward;
    else if (seen === JSON.stringify([turned, backward.visible()])) model.reference = backward;
    else assert.fail(`${this}: ${seen} is neither ${JSON.stringify(inOrder)} nor ${JSON.stringify(turned)}`);
    model.reference.readAnswers();
  }

  toString(): string {
    return `${this.one.name} | ${this.other.name}`;
  }
}

class Restart implements fc.AsyncCommand<{ reference: ReferenceVr }, System> {
  private readonly afterMs: number;

  constructor(afterMs: number) {
    this.afterMs = afterMs;
  }

  check(): boolean {
    return true;
  }

  async run(model: { reference: ReferenceVr }, system: System): Promise<void> {
    await system.restart(this.afterMs);
    model.reference.now += this.afterMs;
    model.reference.sweep();
    assert.deepEqual(await system.visible(), model.reference.visible());
  }

  toString(): string {
    return `restart after ${this.afterMs} ms`;
  }
}

/** What a device does when nothing comes between. */
class Deliver implements fc.AsyncCommand<{ reference: ReferenceVr }, System> {
  private readonly client: number;

  constructor(client: number) {
    this.client = client;
  }

  check(): boolean {
    return true;
  }

  async run({ reference }: { reference: ReferenceVr }, system: System): Promise<void> {
    assert.equal(await system.create(this.client, 0), reference.create(this.client, 0, LENGTH_MS));
    reference.readAnswers();
    assert.equal(await system.upload(this.client, 'first', true), reference.upload(this.client, 'first', true));
    assert.equal(await system.confirm(this.client, 'first'), reference.confirm(this.client, 'first', LENGTH_MS));
    assert.deepEqual(await system.visible(), reference.visible());
  }

  toString(): string {
    return `deliver(${this.client})`;
  }
}

const commands = [
  client.map((one) => new Deliver(one)),
  act.map((one) => new Single(one)),
  act.map((one) => new Single(one)),
  fc.tuple(act, act).map(([one, other]) => new Race(one, other)),
  fc.constantFrom(0, 16 * 60_000, 25 * 3_600_000, 49 * 3_600_000).map((afterMs) => new Restart(afterMs)),
];

test('whatever devices, users, races and restarts do, segments follow the rules of Vr and catalogue and files agree', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands<{ reference: ReferenceVr }, System, false>(commands, { maxCommands: 25, size: 'max' }), async (run) => {
      const system = await System.open();
      const model = { reference: new ReferenceVr(NOON, facts) };
      await fc.asyncModelRun(() => ({ model, real: system }), run);
      const { differences, quarantined, pending } = await system.close();
      assert.deepEqual({ differences, quarantined, pending }, { differences: 0, quarantined: 0, pending: model.reference.waiting() });
    }),
    { numRuns: 200 },
  );
});
