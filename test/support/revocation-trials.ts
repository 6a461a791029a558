import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { createClient } from '@cardea/api';
import { alarmNotification } from '@cardea/protocol';
import { eventually } from '../e2e/eventually.ts';
import { type Owner, ownerAt } from '../e2e/owner.ts';
import { makeFilm } from './film.ts';
import { liveForms, type ReadForm } from './live-forms.ts';
import { Loudspeaker } from './loudspeaker.ts';
import { readRtsp } from './rtsp-form.ts';
import { type Recorded, recorded, SegmentDevice } from './segment-device.ts';
import { StampedCamera } from './stamped-camera.ts';
import { readWhep } from './whep-form.ts';

/** What ends in a trial. */
export const revocables = ['member', 'share', 'session', 'token', 'device'] as const;
export type Revocable = (typeof revocables)[number];

export interface Trial {
  /** How long the request took that ended the right, in milliseconds. */
  readonly revokedInMs: number;
  /** From when it was sent until the last byte, in milliseconds, by the way in which that came; negative when it was before. */
  readonly lastBytes: ReadonlyMap<string, number>;
}

export interface TrialsOptions {
  /** Where rights are ended. */
  readonly owner: Owner;
  /** Origin of the process that serves the viewers; by default the same. */
  readonly viewersUrl?: string;
}

/** What `run` tells of each trial. */
export interface Turn {
  /** Everybody watches, and the right is about to end. */
  readonly onBegun?: () => void;
}

const GIVE_UP_MS = 20_000;
/** The form whose end is told by nothing but that nothing comes. */
const SILENT = 'whep';

/** Somebody who takes in bytes until they end. */
class Reading {
  readonly name: string;
  lastMs = Number.NEGATIVE_INFINITY;
  readonly ended: Promise<void>;
  readonly begun: Promise<void>;
  private readonly stopping = new AbortController();
  private cause: unknown;

  constructor(name: string, url: string, form: ReadForm) {
    this.name = name;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.begun = promise;
    const onBytes = (bytes: Uint8Array): void => {
      if (bytes.length === 0) return;
      this.lastMs = performance.now();
      resolve();
    };
    this.ended = form(url, { signal: this.stopping.signal, onBytes }).catch((error: unknown) => {
      this.cause = error;
      reject(new Error(`${name} did not begin`, { cause: error }));
    });
  }

  /** Why it ended, for failures. */
  get end(): string {
    return String(this.cause);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }
}

/** Asks for a playlist again and again, as a player of a recording does. */
const readAgain: ReadForm = async (url, { signal, onBytes }) => {
  while (!signal.aborted) {
    const response = await fetch(url, { signal }).catch(() => undefined);
    if (response === undefined) return;
    const bytes = await response.bytes();
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    onBytes(bytes);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/**
 * A home with a camera that streams and has recorded, and trials in which somebody watches it in every way there is until the
 * right to it ends.
 */
export class RevocationTrials implements AsyncDisposable {
  private readonly options: TrialsOptions;
  private readonly camera: StampedCamera;
  private readonly loudspeaker: Loudspeaker;
  private readonly film: Recorded;
  /** Of what the camera has recorded, which goes with the camera. */
  private range = { from: 0, to: 0 };
  private announced = 0;
  private tickets: readonly Ticket[] = [];
  private member: { readonly id: string; readonly token: string } | undefined;

  private constructor(
    options: TrialsOptions,
    { camera, film, loudspeaker }: { readonly camera: StampedCamera; readonly film: Recorded; readonly loudspeaker: Loudspeaker },
  ) {
    this.options = options;
    this.camera = camera;
    this.film = film;
    this.loudspeaker = loudspeaker;
  }

  static async open(options: TrialsOptions): Promise<RevocationTrials> {
    const film = await makeFilm({ seconds: 2, kbps: 500, gopSec: 2 });
    const loudspeaker = new Loudspeaker();
    const camera = await StampedCamera.open(options.owner.url, film, {
      ...{ retry: { baseMs: 20, maxMs: 200 }, methods: Loudspeaker.methods, audio: Loudspeaker.audio },
      answer: (definition, params) => loudspeaker.answer(definition, params),
    });
    await camera.device.start();
    const trials = new RevocationTrials(options, { camera, loudspeaker, film: recorded(film, 2_000) });
    await trials.settle();
    return trials;
  }

  /**
   * One trial after the other: somebody watches by a right of this kind, the right is ended, and what came last is told. That nothing comes any more where
   * an end is silent is watched while the next trial begins.
   */
  async run(kind: Revocable, count: number, turn: Turn = {}): Promise<readonly Trial[]> {
    const trials: Promise<Trial>[] = [];
    for (let trial = 0; trial < count; trial += 1) trials.push((await this.begin(kind, turn)).over);
    return await Promise.all(trials);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.camera.device.stop();
  }

  private async begin(kind: Revocable, { onBegun }: Turn): Promise<{ readonly over: Promise<Trial> }> {
    await using others = new AsyncDisposableStack();
    await using watching = new AsyncDisposableStack();
    const bystanders = stopping(others, await this.liveReadings(this.options.owner.token, ['ws']));
    const { readings, revoke } = await this.prepare(kind);
    stopping(watching, readings);
    await Promise.all([...bystanders, ...readings].map(({ begun }) => begun));
    const uploads = stopping(
      others,
      this.tickets.map((ticket) => new SlowUpload(ticket)),
    );
    await Promise.all(uploads.map(({ begun }) => begun));
    const ending = kind === 'device' ? [...readings, ...uploads] : readings;
    onBegun?.();
    const revokedMs = performance.now();
    const tell = (): string => ending.map(({ name, lastMs, end }) => `${name}: ${Math.round(lastMs - revokedMs)} ms, ${end}`).join('; ');
    await within(revoke(), tell);
    const revokedInMs = performance.now() - revokedMs;
    await within(Promise.all(ending.filter(({ name }) => name !== SILENT).map(({ ended }) => ended)), tell);
    if (kind === 'device') await this.settle();
    else await othersGoOn(bystanders, uploads);
    return { over: this.whenOver({ watching: watching.move(), ending, revokedMs, revokedInMs, tell }) };
  }

  /** Brings the camera into the home, for the first time or again, and lets it record. */
  private async settle(): Promise<void> {
    const { client, homeId } = this.options.owner;
    const { device } = this.camera;
    // What was just released loses its connection once more, maybe in the midst of this.
    await eventually('the camera is bound', async () => {
      const { code } = await client.call('bindingCode.create', { params: { id: homeId }, body: {} });
      await device.bind(code);
      return true;
    });
    const params = { id: device.id };
    const viewer = createClient({ baseUrl: this.viewersUrl, token: this.options.owner.token });
    await eventually('the camera is known where it is watched', async () => {
      const { capabilities, state } = await viewer.call('device.get', { params });
      return capabilities !== null && state === 'online' ? true : undefined;
    });
    using recorder = new SegmentDevice(device.id, await device.videoService());
    // What it recorded for the home before is there for a while.
    for (let earlier = 0; earlier < this.announced; earlier += 1) recorder.announcement(this.film);
    this.announced += 3;
    const { segmentId } = await recorder.store(this.film);
    const segment = await client.call('segment.get', { params: { id: segmentId } });
    this.range = { from: segment.startAt, to: segment.endAt };
    this.tickets = await this.askForTickets(recorder);
  }

  private get viewersUrl(): string {
    return this.options.viewersUrl ?? this.options.owner.url;
  }

  private async prepare(kind: Revocable): Promise<{ readonly readings: readonly Reading[]; readonly revoke: () => Promise<unknown> }> {
    const { client, homeId, token } = this.options.owner;
    const { id: deviceId } = this.camera.device;
    switch (kind) {
      case 'member': {
        const { id, token: ofMember } = await this.admitMember();
        const revoke = () => client.call('member.delete', { params: { id: homeId, userId: id } });
        return { readings: await this.allReadings(ofMember), revoke };
      }
      case 'session': {
        const body = { email: 'owner@example.org', password: 'correct horse battery' };
        const login = await createClient({ baseUrl: this.options.owner.url }).call('session.create', { body });
        const mine = await ownerAt(this.options.owner.url, login.token);
        const revoke = () => mine.client.call('session.delete', { params: { id: 'current' } });
        return { readings: await this.allReadings(login.token), revoke };
      }
      case 'share': {
        const { id, url } = await client.call('share.create', { body: { kind: 'live', deviceId } });
        return {
          readings: await this.sharedReadings(new URL(url).pathname),
          revoke: () => client.call('share.delete', { params: { id } }),
        };
      }
      case 'token': {
        const actions = ['view.live', 'view.recordings', 'view.events', 'control'] as const;
        const body = { name: 'Script', actions: [...actions], devices: [deviceId] };
        const { id, token: ofProgram } = await client.call('token.create', { body });
        return { readings: await this.allReadings(ofProgram), revoke: () => client.call('token.delete', { params: { id } }) };
      }
      case 'device':
        return { readings: await this.allReadings(token, false), revoke: () => client.call('device.delete', { params: { id: deviceId } }) };
    }
  }

  /** A user who belongs to the home for this trial. */
  private async admitMember(): Promise<{ readonly id: string; readonly token: string }> {
    const { client, homeId, url } = this.options.owner;
    const { inviteToken } = await client.call('member.invite', { params: { id: homeId }, body: { role: 'member' } });
    if (this.member === undefined) {
      const account = { email: 'ben@example.org', name: 'Ben', password: 'correct horse battery' };
      const joined = await createClient({ baseUrl: url }).call('invitation.accept', { body: { inviteToken, ...account } });
      this.member = { id: joined.user.id, token: joined.token };
    } else await createClient({ baseUrl: url, token: this.member.token }).call('invitation.accept', { body: { inviteToken } });
    return this.member;
  }

  private async allReadings(token: string, withEvents = true): Promise<readonly Reading[]> {
    const client = createClient({ baseUrl: this.viewersUrl, token });
    const params = { id: this.camera.device.id };
    const [live, { urls }, talk] = await Promise.all([
      this.liveReadings(token),
      client.call('vod.create', { params, body: { channel: 1, ...this.range } }),
      client.call('talk.create', { params, body: { channel: 1 } }),
    ]);
    // A stream of events goes on without the device, and says no more of it.
    const events = withEvents ? [new Reading('events', `${this.viewersUrl}/api/v1/event-stream`, eventsWith(token))] : [];
    const recorded = new Reading('playback', new URL(urls.hls, this.viewersUrl).href, readAgain);
    return [...live, recorded, new Reading('talk', talk.url, this.loudspeaker.talkTo), ...events];
  }

  private async liveReadings(token: string, only?: readonly string[]): Promise<readonly Reading[]> {
    const client = createClient({ baseUrl: this.viewersUrl, token });
    const body = { channel: 1, stream: 'main' } as const;
    const { urls } = await client.call('live.create', { params: { id: this.camera.device.id }, body });
    const { flv = '', hls = '', rtsp, whep, ws } = urls;
    const forms: readonly (readonly [string, string | undefined, ReadForm])[] = [
      ['ws', ws, liveForms.ws],
      ['flv', flv, liveForms.flv],
      ['hls', hls, liveForms.hls],
      ['rtsp', rtsp, readRtsp],
      ['whep', whep, readWhep],
    ];
    return forms.flatMap(([name, url, form]) =>
      url === undefined || only?.includes(name) === false ? [] : [new Reading(name, url, form)],
    );
  }

  private async sharedReadings(path: string): Promise<readonly Reading[]> {
    const base = this.viewersUrl + path;
    const led = async (output: string): Promise<string> => {
      const response = await fetch(`${base}/live/${output}`, { redirect: 'manual' });
      assert.equal(response.status, 307);
      return new URL(response.headers.get('location') ?? '', base).href;
    };
    return [
      new Reading('ws', `${base.replace('http', 'ws')}/live/ws`, liveForms.ws),
      new Reading('flv', await led('stream.flv'), liveForms.flv),
      new Reading('hls', await led('index.m3u8'), liveForms.hls),
      new Reading('whep', await led('whep'), readWhep),
      new Reading('page', `${base}/about`, readAgain),
    ];
  }

  /** For a recording, and for the picture of an alarm. */
  private async askForTickets(recorder: SegmentDevice): Promise<readonly Ticket[]> {
    const { device } = this.camera;
    const { body, status } = await recorder.create(recorder.announcement(recorded(new Uint8Array(1), 1_000)));
    assert.equal(status, 201, body);
    const wanted = { channel: 1, alarmType: 'motion', state: 'pulse', media: { wantSnapshotTickets: 1 } } as const;
    const { snapshotTickets: [ticket] = [] } = await eventually('the camera reports an alarm', async () =>
      device.call(alarmNotification, { ...device.eventFields(), ...wanted }),
    );
    assert.ok(ticket);
    return [
      { name: 'upload', ...JSON.parse(body).upload },
      { name: 'upload of a picture', ...ticket },
    ];
  }

  private async whenOver({ ending, revokedInMs, revokedMs, tell, watching }: Ending): Promise<Trial> {
    await using _ = watching;
    await within(Promise.all(ending.map(({ ended }) => ended)), tell);
    return { revokedInMs, lastBytes: new Map(ending.map(({ name, lastMs }) => [name, lastMs - revokedMs])) };
  }
}

/** What was watched while a right ended. */
interface Ending {
  readonly watching: AsyncDisposableStack;
  readonly ending: readonly (Reading | SlowUpload)[];
  readonly revokedMs: number;
  readonly revokedInMs: number;
  readonly tell: () => string;
}

/** Where a device may put something, for a while and as often as it likes. */
interface Ticket {
  readonly name: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An upload that takes as long as it may. */
class SlowUpload {
  readonly name: string;
  readonly begun: Promise<unknown>;
  readonly ended: Promise<void>;
  /** When it ended. */
  lastMs = Number.NaN;
  private readonly sending: ReturnType<typeof request>;
  private readonly beat: NodeJS.Timeout;

  /** How it ended, for failures. */
  end = 'goes on';

  constructor({ headers = {}, name, url }: Ticket) {
    this.name = name;
    this.sending = request(url, { method: 'PUT', headers: { ...headers, 'content-length': 1_000_000 } });
    this.begun = once(this.sending, 'socket');
    this.beat = setInterval(() => this.sending.write(Buffer.alloc(1_000)), 20);
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        if (Number.isNaN(this.lastMs)) {
          this.lastMs = performance.now();
          this.end = how;
        }
        clearInterval(this.beat);
        resolve();
      };
      this.sending.on('error', (error) => end(error.message)).on('close', () => end('closed'));
      this.sending.on('response', (response) => {
        response.resume();
        end(`status ${response.statusCode}`);
      });
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.beat);
    this.sending.destroy();
    await this.ended;
  }
}

function stopping<T extends Reading | SlowUpload>(stack: AsyncDisposableStack, running: readonly T[]): readonly T[] {
  stack.defer(async () => void (await Promise.all(running.map((each) => each.stop()))));
  return running;
}

/** What does not rest on the right that ended is neither ended nor interrupted. */
async function othersGoOn(bystanders: readonly Reading[], uploads: readonly SlowUpload[]): Promise<void> {
  const endedMs = performance.now();
  await eventually('the owner sees on', async () => (bystanders.every(({ lastMs }) => lastMs > endedMs) ? true : undefined));
  for (const { end, name } of uploads) assert.equal(end, 'goes on', name);
}

function eventsWith(token: string): ReadForm {
  return async (url, { signal, onBytes }) => {
    const { body, status } = await fetch(url, { signal, headers: { authorization: `Bearer ${token}` } });
    if (status !== 200) throw new Error(`status ${status}`);
    for await (const chunk of body ?? []) onBytes(chunk);
  };
}

async function within(work: Promise<unknown>, tell: () => string): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not over after ${GIVE_UP_MS} ms: ${tell()}`)), GIVE_UP_MS);
  await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
